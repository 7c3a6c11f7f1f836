import Foundation
import GRDB
import GRDBSQLite

/// A statement that each run needs, bound and stepped through SQLite itself.
///
/// GRDB boxes every argument and walks a closure for each: for these few statements that costs several times what SQLite does in them. It still prepares and
/// finalizes them, and its transactions are around them.
final class HotStatement {
    /// What stands for a `?`.
    enum Parameter {
        case null
        case integer(Int64)
        case text(String)
        case blob(Data)

        static func integer(_ number: Int64?) -> Parameter { number.map { .integer($0) } ?? .null }
        static func integer(_ number: Int?) -> Parameter { number.map { .integer(Int64($0)) } ?? .null }
        static func text(_ text: String?) -> Parameter { text.map { .text($0) } ?? .null }
        static func blob(_ data: Data?) -> Parameter { data.map { .blob($0) } ?? .null }
    }

    // Keeps the handle valid.
    private let statement: Statement
    private let handle: OpaquePointer
    private let connection: OpaquePointer

    fileprivate init(_ sql: String, _ database: Database) throws {
        statement = try database.makeStatement(sql: sql)
        handle = statement.sqliteStatement
        guard let connection = sqlite3_db_handle(handle) else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
        self.connection = connection
    }

    /// Runs the statement to its end, and gives how many rows it changed.
    @discardableResult
    func run(_ parameters: Parameter...) throws -> Int {
        defer { reset() }
        try bind(parameters)
        while try step() {}
        return Int(sqlite3_changes(connection))
    }

    /// The first column of the first row; nil when there is no row.
    func integer(_ parameters: Parameter...) throws -> Int64? {
        defer { reset() }
        try bind(parameters)
        return try step() ? sqlite3_column_int64(handle, 0) : nil
    }

    private func bind(_ parameters: [Parameter]) throws {
        for (index, parameter) in parameters.enumerated() {
            let position = CInt(index + 1)
            let code =
                switch parameter {
                case .null: sqlite3_bind_null(handle, position)
                case .integer(let number): sqlite3_bind_int64(handle, position, number)
                case .text(var text):
                    text.withUTF8 { sqlite3_bind_text(handle, position, $0.baseAddress, CInt($0.count), Self.copies) }
                case .blob(let data):
                    data.withUnsafeBytes { bytes in
                        bytes.isEmpty
                            ? sqlite3_bind_zeroblob(handle, position, 0)
                            : sqlite3_bind_blob(handle, position, bytes.baseAddress, CInt(bytes.count), Self.copies)
                    }
                }
            guard code == SQLITE_OK else { throw failure(code) }
        }
    }

    /// Whether there is a row.
    private func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: true
        case SQLITE_DONE: false
        case let code: throw failure(code)
        }
    }

    /// What was bound may be private, and large.
    private func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    private func failure(_ code: CInt) -> DatabaseError {
        DatabaseError(resultCode: ResultCode(rawValue: code), message: String(cString: sqlite3_errmsg(connection)))
    }

    /// SQLITE_TRANSIENT, which C defines by a cast that Swift does not import: SQLite copies what it is given.
    private static var copies: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}

/// The hot statements of one connection.
// Proof that `@unchecked Sendable` is safe: only `Writer` has one. It touches it in blocks of its connection's queue, which is serial (`schedule`, `close`),
// and hands it out in a `Session` alone, as a private member of a type that is not Sendable, so that no operation can take it to another thread. It is freed
// with the writer, which every block on the queue keeps alive, so that no block is left then.
final class HotStatements: @unchecked Sendable {
    private var statements: [UnsafePointer<UInt8>: HotStatement] = [:]

    /// The statement with this text, prepared at its first use.
    ///
    /// Found by the literal's address: to hash a long text costs more than to run it.
    func statement(_ sql: StaticString, in database: Database) throws -> HotStatement {
        if let known = statements[sql.utf8Start] { return known }
        let new = try HotStatement(sql.description, database)
        statements[sql.utf8Start] = new
        return new
    }

    /// Lets all of them go, so that the connection can be closed.
    func removeAll() { statements.removeAll() }
}
