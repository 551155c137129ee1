import ArgumentParser
import Reports

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print every setting of the server with its value and where that came from.")

    @OptionGroup var file: SettingsOptions

    func run() async throws {
        let settings = try await file.settings()
        let rows = settings.entries.map { entry in
            let isHidden = entry.setting.isSecret && !entry.value.isEmpty
            return [entry.setting.key, isHidden ? "(secret)" : entry.value, entry.origin, entry.setting.meaning]
        }
        let table = TextTable([.init("Setting"), .init("Value"), .init("From"), .init("Meaning")], rows)
        Terminal.write(lines: table.lines())
    }
}
