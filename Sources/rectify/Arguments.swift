public import ArgumentParser
public import Casework
import Foundation
public import Reports

// What of the domain can be typed as an argument.

extension Barrier.Kind: ExpressibleByArgument {}
extension Complaint.Answer: ExpressibleByArgument {}
extension Complaint.Audience: ExpressibleByArgument {}
extension Complaint.Outcome: ExpressibleByArgument {}
extension Complaint.Priority: ExpressibleByArgument {}
extension Complaint.Relation: ExpressibleByArgument {}
extension Observation.Method: ExpressibleByArgument {}
extension Observation.Result: ExpressibleByArgument {}

extension Deadline.Purpose: ExpressibleByArgument {}
extension Identity.Field: ExpressibleByArgument {}
extension RightsRequest.Kind: ExpressibleByArgument {}
extension Language: ExpressibleByArgument {}
extension ProgressReport.Edition: ExpressibleByArgument {}

extension Day: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
        guard Self.accepted.contains(self) else { return nil }
    }
}

extension ArgumentHelp {
    /// Help for a day; an error shows its form and range, too.
    static func day(_ text: String) -> ArgumentHelp {
        ArgumentHelp(text, valueName: "YYYY-MM-DD such as 2021-09-17, 2000 to 2099")
    }
}

/// Only the roles an officer can hold.
extension Role: ExpressibleByArgument {
    public static var allValueStrings: [String] { ofOfficers.map(\.rawValue) }

    public init?(argument: String) {
        self.init(rawValue: argument)
        guard Self.ofOfficers.contains(self) else { return nil }
    }
}

extension ProcessInfo {
    /// A variable of the environment; an empty one counts as not set.
    func variable(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
