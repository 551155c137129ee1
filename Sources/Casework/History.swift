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

/// What can be done to a case, with everything it is told.
public protocol CaseAction: Equatable, Sendable {
    associatedtype Name: RawRepresentable where Name.RawValue == String

    /// Its raw value is the name in history.
    var name: Name { get }
    /// What it was told, as history keeps it: enough to read it back.
    var details: [String: String] { get }
    /// Whether it changes nothing of the case, and stands outside the order of its days.
    var isRemark: Bool { get }
}

/// A case whose present is what its steps, one after another, made of its beginning.
public protocol Replayable: Equatable, Sendable {
    associatedtype Action: CaseAction
    associatedtype Rules

    /// The effective day of the latest change.
    var changedOn: Day { get }
    /// What history compares to say what changed.
    var facts: Facts { get }

    /// Whether the actor may do this to this case, as it stands now.
    func authorize(_ action: Action, by actor: Actor) throws(Refusal)

    /// Lets the step happen to the case, or says why it cannot; who may do it was judged before.
    mutating func carryOut(_ step: Step<Action>, under rules: Rules) throws(Refusal)
}

extension Replayable {
    public typealias Revisions = [(step: Step<Action>, state: Self)]

    /// Applies one step, or says why not.
    ///
    /// - Parameters:
    ///   - step: What is to be done, by whom and from when, with its place in history.
    ///   - rules: What decides.
    /// - Returns: What goes into history.
    /// - Throws: `Refusal`, and changes nothing then.
    public mutating func apply(_ step: Step<Action>, under rules: Rules) throws(Refusal) -> Event {
        try authorize(step.action, by: step.actor)
        guard step.on >= changedOn || step.action.isRemark else { throw .backdated(on: step.on, latest: changedOn) }
        var next = self
        try next.carryOut(step, under: rules)
        let event = next.event(step, from: self)
        self = next
        return event
    }

    /// What history says of a step that led from another state to this one.
    public func event(_ step: Step<Action>, from old: Self) -> Event {
        Event(
            actor: step.actor, action: step.action.name.rawValue, details: step.action.details,
            changes: changes(from: old.facts, to: facts), effectiveOn: step.on)
    }

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
                let name = step.action.name.rawValue
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
