import AsyncHTTPClient
import NIOHTTP1
import Synchronization

/// The URL of an action that always asks for the same one, as the client has taken it apart, which costs more than to write the request.
///
/// For one action; whoever sends something else through it gets what was asked for all the same.
public final class URLMemo: Sendable {
    private struct Known {
        let method: String
        let url: String
        let request: HTTPClient.Request
    }

    private let known = Mutex<Known?>(nil)

    /// A memo that knows nothing yet.
    public init() {}

    /// The client's request with this method and URL, and nothing else.
    func request(_ method: String, _ url: String) throws -> HTTPClient.Request {
        let request = known.withLock { known in
            known.flatMap { $0.url == url && $0.method == method ? $0.request : nil }
        }
        if let request { return request }
        let new = try HTTPClient.Request(url: url, method: HTTPMethod(rawValue: method))
        known.withLock { $0 = Known(method: method, url: url, request: new) }
        return new
    }
}
