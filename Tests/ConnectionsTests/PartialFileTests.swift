import Foundation
import NIOCore
import Testing

@testable import Connections

/// What there is of a file at each moment of its life.
@Suite struct PartialFileTests {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "partial-\(UUID())").path

    private func withFile(_ body: (PartialFile) throws -> Void) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try body(PartialFile(SaveTarget(path: directory + "/a.bin", mark: "m")))
    }

    private var present: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: directory) } }

    @Test func `has its name only when it is committed`() throws {
        try withFile { file in
            try file.open()
            try file.write(.init(string: "hello"), maxBytes: 5)
            #expect(try present == [".runner-m.part"])
            #expect(file.bytes == nil)
            try file.finish()
            #expect(file.bytes == 5)
            #expect(file.head(2) == Array("he".utf8))
            try file.commit()
            file.discard()
            #expect(try present == ["a.bin"])
        }
    }

    @Test func `nothing stays of one that is discarded, and nothing comes later`() throws {
        try withFile { file in
            try file.open()
            file.discard()
            #expect(try present == [])
        }
        // The exchange failed while the file was to be opened on another thread.
        try withFile { file in
            file.discard()
            try file.open()
            try file.write(.init(string: "late"), maxBytes: 5)
            try file.finish()
            #expect(try present == [])
            #expect(file.bytes == nil)
        }
    }

    @Test func `the next attempt's file is left alone`() throws {
        try withFile { file in
            try file.open()
            let next = PartialFile(file.target)
            try next.open()
            file.discard()
            #expect(try present == [".runner-m.part"])
            next.discard()
            #expect(try present == [])
        }
    }
}
