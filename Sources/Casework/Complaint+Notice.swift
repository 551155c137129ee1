public import Foundation

extension Complaint {
    /// What a step means for the officer who has the case.
    public enum Notice: Sendable, Equatable {
        /// Something came from outside that the officer has not seen.
        case news
        /// The officer acted, and so has seen what came before.
        case seen
    }

    /// Whether a step is news for the officer of the case, shows that the officer knows, or neither.
    ///
    /// What a complainant, a company or a filer does is news, also where an officer enters it for them. It is none any more
    /// once the officer of the case acts; for a case that nobody has, once any officer does. Giving a case to somebody else
    /// leaves its news to that one.
    ///
    /// - Parameters:
    ///   - action: What is done.
    ///   - actor: Who does it.
    ///   - party: For whom an officer enters it.
    ///   - holder: The officer who has the case before the step.
    /// - Returns: What it means; `nil` where it means neither.
    public static func notice(
        of action: Action, by actor: Actor, onBehalfOf party: Actor.Kind?, holder: UUID?
    ) -> Notice? {
        guard actor.kind != .system else { return nil }
        let isHolders = actor.kind == .officer && actor.id != nil && actor.id == holder
        let isForOutsider = party.map { [.complainant, .company, .filer].contains($0) } ?? false
        if actor.kind != .officer || isForOutsider { return isHolders ? .seen : .news }
        switch action {
        case .assign(let other) where other != actor.id: return nil
        case .transfer: return nil
        default: return holder == nil || isHolders ? .seen : nil
        }
    }
}
