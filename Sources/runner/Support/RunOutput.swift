import CEL
import Connections
import Engine
import Store

/// How the end of a run is shown by the commands that run something themselves.
enum RunOutput {
    /// Prints the output of a run that succeeded, as JSON; throws what the end of any other means.
    static func show(_ result: RunResult, _ redactor: Redactor) throws {
        if let error = result.storeError { throw StoreAccess.failure(error) }
        switch result.status {
        case .succeeded:
            Terminal.out(redactor.redact(result.output ?? .null).json())
        case .cancelled:
            let reason = result.reason ?? "cancelled"
            let words = reason.hasPrefix("cancelled") ? reason : "cancelled: \(reason)"
            throw Failure(.interrupted, "run \(result.run) was \(words)")
        default:
            let reason = result.error?.description ?? result.reason ?? result.status.rawValue
            throw Failure(.runFailed, reason)
        }
    }
}
