import ArgumentParser
import Connections

/// `runner connections test NAME`.
struct TestConnection: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Sends a connection's `test:` request, and says whether it is connected."
    )

    @Argument(help: "The connection's name.")
    var name: String

    @OptionGroup var place: WorkspaceOptions

    func run() async throws {
        let outcome = try await ConnectionAccess.with(name, place) { session, _ -> Result<Response, RequestFailure> in
            do throws(RequestFailure) {
                let response = try await session.test()
                // Who it is may stay unknown; the connection works.
                _ = try? await session.learnAccount()
                return .success(response)
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let response): Terminal.out("\(name): connected (\(response.status))")
        case .failure(let failure): throw Failure(.runFailed, "\(name): \(failure.message)")
        }
    }
}
