/// One thing that happened to a case, with all it takes to let it happen again.
public struct Step<Action: Sendable>: Sendable {
    /// Its place in the order of recording.
    public var sequence: Int
    public var action: Action
    public var actor: Actor
    /// The day it took effect.
    public var on: Day

    public init(sequence: Int, action: Action, actor: Actor, on: Day) {
        self.sequence = sequence
        self.action = action
        self.actor = actor
        self.on = on
    }
}

/// A case whose present is what its steps, one after another, made of its beginning.
public protocol Replayable: Equatable, Sendable {
    associatedtype Action: Sendable
    associatedtype Rules

    /// The name of the action in history.
    static func name(of action: Action) -> String

    /// Lets the step happen to the case, or says why it cannot; who may do it was judged before.
    mutating func carryOut(_ step: Step<Action>, under rules: Rules) throws(Refusal)
}

extension Replayable {
    public typealias Revisions = [(step: Step<Action>, state: Self)]

    /// What the case was after each of its steps, in the order in which they took effect.
    ///
    /// - Parameters:
    ///   - steps: What happened, in any order.
    ///   - initial: The case before the first of them.
    ///   - rules: What decides; the same for all of them.
    /// - Returns: The steps in order of their days, those of one day as they were recorded, each with the case after it.
    /// - Throws: `Refusal` `.wouldBecomeIllegal` where one of them cannot happen there.
    public static func replay(
        _ steps: [Step<Action>], from initial: Self, under rules: Rules
    ) throws(Refusal) -> Revisions {
        var state = initial
        var revisions: Revisions = []
        revisions.reserveCapacity(steps.count)
        for step in steps.sorted(by: { ($0.on, $0.sequence) < ($1.on, $1.sequence) }) {
            do {
                try state.carryOut(step, under: rules)
            } catch {
                let name = name(of: step.action)
                throw .wouldBecomeIllegal(action: name, on: step.on, sequence: step.sequence, because: error)
            }
            revisions.append((step, state))
        }
        return revisions
    }

    /// Puts a step into the past of a case, before things that were recorded earlier.
    ///
    /// - Parameters:
    ///   - step: What happened, with the next sequence.
    ///   - steps: What was recorded so far.
    ///   - initial: The case before the first of them.
    ///   - rules: What decides.
    /// - Returns: What the case was after each step, before and with the correction.
    /// - Throws: `Refusal`: the step's own where it cannot happen then, `.wouldBecomeIllegal` naming the later one that
    ///   no longer can, and `.notReplayable` where the past cannot be told again.
    public static func correct(
        with step: Step<Action>, among steps: [Step<Action>], from initial: Self, under rules: Rules
    ) throws(Refusal) -> (before: Revisions, after: Revisions) {
        let before: Revisions
        do {
            before = try replay(steps, from: initial, under: rules)
        } catch {
            throw .notReplayable(because: error)
        }
        do {
            return (before, try replay(steps + [step], from: initial, under: rules))
        } catch .wouldBecomeIllegal(_, _, let sequence, let reason) where sequence == step.sequence {
            throw reason
        }
    }
}
