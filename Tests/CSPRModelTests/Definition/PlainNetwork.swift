import TensorFiles
import Tensors

@testable import CSPRModel
@testable import NeuralNetwork

/// CSPR-Net in training by its definition, in double precision, and the paper's loss L_cls,global + L_cls,local + 0.1 L_r + L_d (equation 16).
struct PlainNetwork {
    let configuration: CSPRConfiguration
    /// Shape and value of every learned parameter, by its name in the weight file.
    var parameters: [String: (shape: [Int], value: [Double])]

    /// The network of a weight file.
    init(_ configuration: CSPRConfiguration, weights: SafetensorsFile) throws {
        self.configuration = configuration
        parameters = [:]
        for parameter in configuration.parameterList where parameter.isLearned {
            let tensor = try weights.floats(parameter.name)
            parameters[parameter.name] = (tensor.shape, tensor.elements.map(Double.init))
        }
    }

    /// The network with the current parameters of `network`.
    init(_ network: TrainableNetwork) throws {
        configuration = network.configuration
        parameters = [:]
        for parameter in network.parameters.all where parameter.isLearned {
            parameters[parameter.name] = (parameter.shape, try parameter.tensor().elements.map(Double.init))
        }
    }

    /// The losses and gradients of a batch.
    struct Evaluation {
        /// The loss terms, by the names of `LossTerms`.
        var terms: [String: Double]
        /// The gradients, by the parameters' names.
        var gradients: [String: [Double]]
        /// Σ |term| of the sums that the gradients of the norms' shifts are, by the parameters' names.
        var absoluteTerms: [String: [Double]]
    }

    /// Computes the losses and gradients of `images`, [B, 3, H, W].
    ///
    /// - Parameters:
    ///   - images: Normalized input, row-major.
    ///   - labels: Each image's identity.
    ///   - point: The point at which the gradient is taken.
    ///   - draws: How styles are mixed after stages 1 and 2.
    /// - Returns: The loss terms and the gradients.
    func evaluate(
        _ images: [Double], labels: [Int], at point: ForwardPoint = ForwardPoint(), draws: [StyleMixing.Draw?] = []
    ) -> Evaluation {
        let tape = Tape(at: point)
        let variables = parameters.mapValues { Variable($0.shape, $0.value) }
        let pass = Pass(tape: tape, configuration: configuration, parameters: variables, draws: draws)
        let shape = [labels.count, 3, configuration.height, configuration.widthPixels]
        let (middle, last) = pass.backbone(Variable(shape, images))

        let global = pass.linear(pass.pooled(last), "embedding")
        var losses: [(name: String, weight: Double, loss: Variable)] = [
            ("cls_global", 1, tape.crossEntropy(pass.linear(global, "classifier_global"), labels: labels))
        ]
        if configuration.hasLocalBranch {
            let (local, maps) = pass.localBranch(middle)
            let candidates = tape.candidates(maps, ratios: configuration.candidateRatios)
            losses += [
                ("cls_local", 1, tape.crossEntropy(pass.linear(local, "classifier_local"), labels: labels)),
                ("ratio", 0.1, tape.ratioLoss(maps, candidates: candidates)),
                ("distribution", 1, tape.distributionLoss(maps, candidates: candidates, constants: maps.value)),
            ]
        }
        let total = tape.sum(losses.map { (factor: $0.weight, term: $0.loss) })
        tape.differentiate(total)
        var terms = Dictionary(losses.map { ($0.name, $0.loss.value[0]) }) { $1 }
        terms["total"] = total.value[0]
        return Evaluation(
            terms: terms, gradients: variables.mapValues(\.gradient),
            absoluteTerms: variables.mapValues(\.absoluteTerms).filter { !$0.value.isEmpty })
    }

    /// One forward pass.
    private struct Pass {
        let tape: Tape
        let configuration: CSPRConfiguration
        let parameters: [String: Variable]
        let draws: [StyleMixing.Draw?]

        func parameter(_ name: String) -> Variable { parameters.named(name) }

        func linear(_ x: Variable, _ name: String) -> Variable {
            tape.linear(x, weight: parameter("\(name).weight"), bias: parameter("\(name).bias"))
        }

        func pooled(_ x: Variable) -> Variable {
            configuration.pooling == .average
                ? tape.globalAveragePooling(x) : tape.generalizedMean(x, exponent: parameter("pooling.p"))
        }

        func convolution(_ x: Variable, _ layer: NormedConvolution) -> Variable {
            let product = tape.convolution(
                x, weight: parameter("backbone.\(layer.name).weight"), stride: layer.geometry.stride,
                padding: layer.geometry.padding)
            func batch(_ part: String) -> Variable { parameter("backbone.\(layer.batchNorm ?? "").\(part)") }
            func own(_ part: String) -> Variable { parameter("backbone.\(layer.instanceNorm ?? "").\(part)") }
            return switch layer.instanceChannels {
            case 0: tape.batchNorm(product, weight: batch("weight"), bias: batch("bias")).y
            case layer.geometry.outputs: tape.instanceNorm(product, weight: own("weight"), bias: own("bias"))
            case let count: tape.splitNorm(product, first: count, instance: own, batch: batch).y
            }
        }

        /// A ResNet; a rectifier's value is found under the name of the convolution or the instance norm before it.
        func backbone(_ images: Variable) -> (middle: Variable, last: Variable) {
            let network = configuration.backbone
            var x = tape.rectifier(convolution(images, network.stem), at: "backbone.\(network.stem.name)")
            x = tape.maximumPooling(x, kernel: 3, stride: 2, padding: 1)
            var middle = x
            for (stage, units) in network.stages.enumerated() {
                for unit in units {
                    let shortcut = unit.shortcut.map { convolution(x, $0) } ?? x
                    for (index, layer) in unit.convolutions.enumerated() {
                        x = convolution(x, layer)
                        if index == unit.convolutions.count - 1 {
                            x = tape.sum([(factor: 1, term: x), (factor: 1, term: shortcut)])
                        }
                        let place = "backbone.\(layer.name)"
                        guard index == unit.convolutions.count - 1, let norm = unit.instanceNorm else {
                            x = tape.rectifier(x, at: place)
                            continue
                        }
                        let own = "backbone.\(norm)"
                        x = tape.instanceNorm(
                            tape.settled(x, at: place), weight: parameter("\(own).weight"),
                            bias: parameter("\(own).bias"))
                        x = tape.rectifier(x, at: own)
                    }
                }
                if stage == configuration.localStage - 1 { middle = x }
                if stage < draws.count { x = tape.mixedStyles(x, draws[stage], constants: x.value) }
            }
            return (middle, x)
        }

        /// X → the branches' embeddings, [B, N·D], and their maps, [B, N, h, w].
        func localBranch(_ x: Variable) -> (local: Variable, maps: Variable) {
            let branches = 0..<configuration.branches
            let pooled = configuration.attention == .multiscale ? tape.pooledChannels(x) : nil
            let maps = branches.map { branch in
                tape.attention(x, pooled: pooled, at: "attention.\(branch)") {
                    parameter("attention.\(branch).\($0)")
                }.map
            }
            let z = branches.map { tape.product(maps[$0], x, at: "parts.\($0)") }
            let embeddings = branches.map { branch in
                let descriptor = tape.descriptor(
                    z, branch, letters: configuration.descriptor,
                    isNormalized: configuration.barycenters == .normalized)
                return linear(descriptor, "descriptor.\(branch)")
            }
            return (tape.concatenation(embeddings), tape.concatenation(maps))
        }
    }
}
