import Foundation
import Schedule
import Synchronization
import YAML

/// The connectors inside the binary, written in the same format as a workspace's own (DESIGN section 6).
///
/// To add one, put its file into `Connectors/` and its line here.
public enum BuiltInConnectors {
    /// The connectors' texts by name.
    public static let texts: [(name: String, text: [UInt8])] = [
        ("api_key", PackageResources.api_key_yml),
        ("aws_sigv4", PackageResources.aws_sigv4_yml),
        ("basic", PackageResources.basic_yml),
        ("bearer", PackageResources.bearer_yml),
        ("custom_auth", PackageResources.custom_auth_yml),
        ("digest", PackageResources.digest_yml),
        ("github_app", PackageResources.github_app_yml),
        ("hmac", PackageResources.hmac_yml),
        ("mtls", PackageResources.mtls_yml),
        ("multi", PackageResources.multi_yml),
        ("none", PackageResources.none_yml),
        ("oauth2_authorization_code", PackageResources.oauth2_authorization_code_yml),
        ("oauth2_client_credentials", PackageResources.oauth2_client_credentials_yml),
        ("oauth2_device_code", PackageResources.oauth2_device_code_yml),
        ("oauth2_jwt_bearer", PackageResources.oauth2_jwt_bearer_yml),
        ("oauth2_password", PackageResources.oauth2_password_yml),
        ("oauth2_refresh_token", PackageResources.oauth2_refresh_token_yml),
        ("oauth2_token_exchange", PackageResources.oauth2_token_exchange_yml),
    ]

    /// The names in alphabetical order.
    public static var names: [String] { texts.map(\.name) }

    private static let loaded = Mutex<[String: Connector]>([:])

    /// A built-in connector, read when it is first asked for; nil for another name.
    public static func connector(_ name: String) -> Connector? {
        if let connector = loaded.withLock({ $0[name] }) { return connector }
        guard let text = texts.first(where: { $0.name == name })?.text else { return nil }
        let source = Source(path: "built-in/\(name).yml", text: String(decoding: text, as: UTF8.self))
        let file = FileReader(source: source, settings: WorkspaceSettings(timezone: .utc))
        let node = parse(source, into: file.diagnostics)
        var connector = ConnectorReader(file: file).connector(node, name: name)
        connector?.path = nil
        if let connector { loaded.withLock { $0[name] = connector } }
        return connector
    }
}
