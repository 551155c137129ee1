/// What a rule decided, on its way into history.
///
/// Codes and references only: free text and identity are kept sealed elsewhere.
public struct Event: Sendable, Equatable {
    public var actor: Actor
    /// Whose wish an officer records, where it is not the officer's own.
    public var onBehalfOf: Actor.Kind?
    public var action: String
    /// What changed, by name: codes, numbers and days.
    public var details: [String: String]
    public var effectiveOn: Day

    public init(
        actor: Actor, onBehalfOf: Actor.Kind? = nil, action: String, details: [String: String] = [:], effectiveOn: Day
    ) {
        self.actor = actor
        self.onBehalfOf = onBehalfOf
        self.action = action
        self.details = details
        self.effectiveOn = effectiveOn
    }
}
