internal import Foundation

/// A chart of curves over the updates of a run, as SVG.
struct CurveChart {
    private let title: String
    private let curves: [(name: String, points: [(x: Double, y: Double)])]
    /// The most points that a curve has; more are reduced to means of neighbors.
    private static let resolution = 300
    private static let colors = ["#2f6fde", "#d9541e", "#2b9348"]

    init(_ title: String, _ curves: [(String, [(Double, Double)])]) {
        self.title = title
        self.curves = curves.map { name, points in
            (name, Self.thinned(points.filter { $0.1.isFinite }))
        }.filter { !$0.points.isEmpty }
    }

    var isEmpty: Bool { curves.isEmpty }

    private static func thinned(_ points: [(Double, Double)]) -> [(x: Double, y: Double)] {
        let size = max(1, (points.count + resolution - 1) / resolution)
        return stride(from: 0, to: points.count, by: size).map { start in
            let part = points[start..<min(start + size, points.count)]
            let sum = part.reduce((0.0, 0.0)) { ($0.0 + $1.0, $0.1 + $1.1) }
            return (sum.0 / Double(part.count), sum.1 / Double(part.count))
        }
    }

    var svg: String {
        let all = curves.flatMap(\.points)
        guard let left = all.map(\.x).min(), let right = all.map(\.x).max(), let low = all.map(\.y).min(),
            let high = all.map(\.y).max()
        else { return "" }
        let (width, height) = (320.0, 150.0)
        func x(_ value: Double) -> Double { 58 + (width - 66) * (right > left ? (value - left) / (right - left) : 0.5) }
        func y(_ value: Double) -> Double { 128 - 100 * (high > low ? (value - low) / (high - low) : 0.5) }
        func label(_ value: Double) -> String { String(format: "%.3g", value) }
        let lines = curves.enumerated().map { index, curve in
            let color = Self.colors[index % Self.colors.count]
            let path = curve.points.map { String(format: "%.1f,%.1f", x($0.x), y($0.y)) }.joined(separator: " ")
            let name = """
                <text x="\(width - 8)" y="\(14 + 13 * index)" text-anchor="end" style="fill:\(color)">\
                \(curve.name) \(label(curve.points.last?.y ?? 0))</text>
                """
            return "<polyline fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.5\" points=\"\(path)\"/>\(name)"
        }
        return """
            <svg viewBox="0 0 \(Int(width)) \(Int(height))" role="img" aria-label="\(title)">
            <text x="0" y="14" style="font-weight:600">\(title)</text>
            <path d="M58 28V128H312" fill="none" stroke="currentColor" opacity=".4"/>
            <text x="54" y="36" text-anchor="end">\(label(high))</text><text x="54" y="128" text-anchor="end">\(label(low))</text>
            <text x="58" y="144">\(label(left))</text><text x="312" y="144" text-anchor="end">\(label(right))</text>
            \(lines.joined(separator: "\n"))
            </svg>
            """
    }
}
