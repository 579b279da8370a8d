internal import CDistance

/// The instruction sets that bounds from codes are computed with; all give the same bits.
enum CodeKernel: CaseIterable {
    case plain, avx2
    /// AVX-512 with VNNI.
    case avx512

    /// The fastest kernel that this processor runs.
    static let best = CodeKernel.allCases.last { $0.runs } ?? .plain

    /// Whether this processor has the instructions.
    var runs: Bool { c_code_kernel_runs(raw) }

    var raw: c_kernel {
        switch self {
        case .plain: c_kernel_plain
        case .avx2: c_kernel_avx2
        case .avx512: c_kernel_avx512
        }
    }
}
