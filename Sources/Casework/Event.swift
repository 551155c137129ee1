/// What a rule decided, on its way into history.
///
/// Codes and references only: free text and identity are kept sealed elsewhere.
public struct Event: Sendable, Equatable {
    /// What one fact was and became; `nil` is nothing.
    public struct Change: Sendable, Equatable, Codable {
        public var old: String?
        public var new: String?

        public init(old: String?, new: String?) {
            self.old = old
            self.new = new
        }
    }

    public var actor: Actor
    /// Whose wish an officer records, where it is not the officer's own.
    public var onBehalfOf: Actor.Kind?
    public var action: String
    /// What the action was told: codes, numbers and days, enough to let it happen again.
    public var details: [String: String]
    /// What it changed, by the name of the fact.
    public var changes: [String: Change]
    public var effectiveOn: Day

    public init(
        actor: Actor, onBehalfOf: Actor.Kind? = nil, action: String, details: [String: String] = [:],
        changes: [String: Change] = [:], effectiveOn: Day
    ) {
        self.actor = actor
        self.onBehalfOf = onBehalfOf
        self.action = action
        self.details = details
        self.changes = changes
        self.effectiveOn = effectiveOn
    }
}

/// What facts say of a case, by name, so that history can tell what an action changed.
public typealias Facts = [String: String]

/// What differs between two states of one case.
func changes(from old: Facts, to new: Facts) -> [String: Event.Change] {
    var changes: [String: Event.Change] = [:]
    for name in Set(old.keys).union(new.keys) where old[name] != new[name] {
        changes[name] = Event.Change(old: old[name], new: new[name])
    }
    return changes
}
