internal import Foundation
internal import Randomness

/// The pose of a person in one image.
struct Pose {
    /// What an arm does.
    enum Arm { case swing, pocket, phone, call, carry, pull, strap, crossed, umbrella, hips }

    /// Radians of the walking cycle; the left heel strikes at 0, the right one at π.
    let phase: Float
    /// 0: standing, 1: an ordinary walk, above: running.
    let pace: Float
    /// For the left and the right side.
    let arms: (Arm, Arm)
    /// Radians, forwards and to the left.
    let lean: Float
    let headTurn: Float
    let headNod: Float
    /// Radians that the trunk turns to the left above the hips, and bends sideways.
    let twist: Float
    let sway: Float
    /// Small differences of each arm's angles.
    let jitter: (Float, Float)

    /// Draws a pose at random; an arm that holds something keeps holding it.
    init(_ random: inout SeededGenerator, holding: (Arm?, Arm?)) {
        let isStanding = random.chance(0.16)
        phase = random.number(0...2 * .pi)
        pace = isStanding ? random.number(0...0.16) : (random.chance(0.02) ? 1.5 : random.middling(0.55...1.2))
        let free: [(Arm, Float)] = [
            (.swing, isStanding ? 4 : 12), (.pocket, 1.2), (.phone, 0.9), (.call, 0.35), (.strap, 0.3), (.hips, 0.12),
        ]
        let isCrossed = holding.0 == nil && holding.1 == nil && random.chance(isStanding ? 0.1 : 0.012)
        let left = random.pick(among: free)
        let right = random.pick(among: free)
        arms = isCrossed ? (.crossed, .crossed) : (holding.0 ?? left, holding.1 ?? right)
        lean = random.number(-0.02...0.06) + (pace > 1.3 ? 0.16 : 0)
        let isLookingDown = arms.0 == .phone || arms.1 == .phone
        headTurn = random.normal() * 0.28
        headNod = (isLookingDown ? 0.4 : 0.06) + random.normal() * 0.1
        twist = sin(phase) * 0.1 * min(pace, 1) + random.normal() * 0.04
        sway = random.normal() * 0.025
        jitter = (random.normal() * 0.08, random.normal() * 0.08)
    }
}
