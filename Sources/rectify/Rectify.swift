import ArgumentParser

@main
struct Rectify: AsyncParsableCommand {
    func run() async throws {}
}
