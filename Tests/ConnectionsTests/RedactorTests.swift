import CEL
import Foundation
import Testing

@testable import Connections

struct RedactorTests {
    @Test func `hides every spelling of a secret`() throws {
        let secret = "p\u{E4}ss \"w/ord\"\n+&="
        let redactor = Redactor()
        redactor.add(secret)
        let base64 = Data(secret.utf8).base64EncodedString()
        let forms = [
            secret, base64, base64.replacing("+", with: "-").replacing("/", with: "_"),
            secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "",
            String(Value.string(secret).json().dropFirst().dropLast()),
            PercentEncoding.form([("a", secret)], spaceAsPlus: true),
            PercentEncoding.form([("a", secret)], spaceAsPlus: false),
        ]
        for form in forms {
            let shown = redactor.redact("before \(form) after")
            #expect(shown.hasPrefix("before "))
            #expect(shown.hasSuffix(" after"))
            #expect(!shown.contains("ord"), "\(form) -> \(shown)")
        }
    }

    @Test(arguments: [
        // As Python writes it, as others do in upper case, as PHP does, as Go does, and JSON inside of JSON.
        (#"p\u00e4ss/<w&rd>-\ud83d\ude00"#, "päss/<w&rd>-😀"), (#"p\u00E4ss/<w&rd>-\uD83D\uDE00"#, "päss/<w&rd>-😀"),
        (#"p\u00e4ss\/<w&rd>-\ud83d\ude00"#, "päss/<w&rd>-😀"), (#"päss/\u003cw\u0026rd\u003e-😀"#, "päss/<w&rd>-😀"),
        (#"tab\\tquote\\\"end"#, "tab\tquote\"end"), (#"bell\u0007end"#, "bell\u{7}end"),
    ])
    func `hides a secret however JSON escapes it`(_ form: String, _ secret: String) {
        let redactor = Redactor()
        redactor.add(secret)
        #expect(redactor.redact("<\(form)>") == "<•••>")
    }

    @Test func `hides a secret that was taken for ISO 8859-1`() {
        let redactor = Redactor()
        redactor.add("p\u{E4}ss-漢😀-end")
        let misread = String(String.UnicodeScalarView("p\u{E4}ss-漢😀-end".utf8.map { Unicode.Scalar($0) }))
        #expect(redactor.redact("<\(misread)>") == "<•••>")
        let escaped = misread.unicodeScalars.map { scalar in
            scalar.value < 0x80 ? String(scalar) : "\\u00" + String(scalar.value, radix: 16)
        }.joined()
        #expect(redactor.redact("<\(escaped)>") == "<•••>")
    }

    @Test func `names the secrets in a value as they are spelled there`() {
        let redactor = Redactor()
        #expect(redactor.secrets(in: ["a": "nothing-known-yet"]) == [])
        redactor.add("first-secret")
        redactor.add("secret-second")
        let value: Value = [
            "list": ["-first-secret-", 7, .null, "c2VjcmV0LXNlY29uZA=="], "first-secret-second": "short",
            "none": .optional(OptionalValue("first-secret")),
        ]
        #expect(redactor.secrets(in: value) == ["c2VjcmV0LXNlY29uZA", "first-secret", "first-secret-second"])
        // Another redactor, told of them, hides the same.
        let other = Redactor()
        other.add(redactor.secrets(in: value), foundIn: "a run")
        #expect(other.redact(value) == redactor.redact(value))
    }

    @Test func `finds secrets that are numbers, or stand in bytes`() {
        let redactor = Redactor()
        redactor.add("first-secret")
        #expect(redactor.secrets(in: [12_345_678, .bytes(Array("a first-secret".utf8))]) == ["first-secret"])
        redactor.add("345678")
        #expect(redactor.secrets(in: [12_345_678, 1.5, "x"]) == ["345678"])
        redactor.add([.string("98765432")], issuedTo: "api")
        #expect(redactor.secrets(in: 98_765_432) == ["98765432"])
    }

    @Test func `hides what traces tell, in every spelling, and none that is short`() throws {
        let secret = "p\u{E4}ssw/ord of \"many\" characters"
        let stored = SecretTrace.stored(of: [secret, "short-one"])
        #expect(!"\(stored)".contains("many"))
        let redactor = Redactor()
        redactor.add(SecretTrace.all(in: stored), issuedTo: "api")
        #expect(redactor.redact("<\(secret)> short-one") == "<•••> short-one")
        let base64 = Data(secret.utf8).base64EncodedString().replacing("=", with: "")
        #expect(redactor.redact("<\(base64)>") == "<•••>")
        let quoted = Value.string(secret).json()
        #expect(redactor.redact(quoted) == "\"•••\"")
        // Only the ending is the same.
        #expect(redactor.redact("x" + secret.dropFirst()) == "x" + secret.dropFirst())
        #expect(redactor.secrets(in: ["a": .string(secret)]) == [secret])
        redactor.add(SecretTrace.all(in: SecretTrace.stored(of: ["another secret of the same"])), issuedTo: "api")
        #expect(redactor.redact(secret) == secret)
    }

    @Test func `of what was found in stored values the newest stays hidden`() {
        let redactor = Redactor()
        for number in 100...200 { redactor.add(["token-\(number)"], foundIn: "the state") }
        #expect(redactor.redact("token-100 token-200") == "token-100 •••")
    }

    @Test func `hides a signed token that it never saw`() {
        let redactor = Redactor()
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6y"
        #expect(redactor.redact("Bearer \(token), then") == "Bearer \(Redactor.mask), then")
        #expect(redactor.redact("a=\(token)&b=\(token)") == "a=\(Redactor.mask)&b=\(Redactor.mask)")
        redactor.add("SflKxwRJSMeKKF2QT4fwpMeJf36POk6y.tail")
        #expect(redactor.redact("\(token).tail!") == "\(Redactor.mask)!")
        for plain in [
            "eyJhbGciOiJIUzI1NiJ9", "www.example-site.com", "eyJ.eyJ.short", "1.2.3", "a.b.c\(token.prefix(30))",
        ] {
            #expect(redactor.redact(plain) == plain)
        }
    }

    @Test(arguments: ["", "i", "id", "id:", "client", "client:"])
    func `hides a secret inside a longer base64`(_ prefix: String) {
        let secret = "0123456789abcdefghij"
        let redactor = Redactor()
        redactor.add(secret)
        for suffix in ["", "x", "xy", ":z"] {
            let text = Data((prefix + secret + suffix).utf8).base64EncodedString()
            let shown = redactor.redact("Basic \(text)")
            #expect(shown.contains(Redactor.mask))
            #expect(shown.utf8.count < 30, "\(shown)")
            #expect(!shown.contains(text.dropFirst(9).prefix(12)))
        }
    }

    @Test func `overlapping secrets become one mask`() {
        let redactor = Redactor()
        for secret in ["abcdefgh", "efghijkl", "abcdefghij", "cdefgh"] { redactor.add(secret) }
        #expect(redactor.redact("<abcdefghijkl>") == "<•••>")
        #expect(redactor.redact("<abcdefgh><efghijkl>") == "<•••><•••>")
        #expect(redactor.redact("<xxcdefghxx>") == "<xx•••xx>")
        #expect(redactor.redact("abcdefgabcdefgh") == "abcdefg•••")
    }

    @Test func `of many tokens of a connection the newest stay hidden, and what else is secret does`() {
        let redactor = Redactor()
        redactor.add("secret-of-the-field")
        func token(_ number: Int) -> [Value] {
            [.string("access-\(number)-token"), "secret-of-the-field", "same-refresh-token"]
        }
        for number in 1...5 { redactor.add(token(number), issuedTo: "a") }
        let spellings = redactor.spellings
        for number in 6...2_000 { redactor.add(token(number), issuedTo: "a") }
        redactor.add([.string("access-1-token")], issuedTo: "b")
        for _ in 0..<100 { redactor.add(token(2_000), issuedTo: "a") }
        for text in [
            "access-2000-token", "access-1990-token", "secret-of-the-field", "same-refresh-token", "access-1-token",
        ] {
            #expect(redactor.redact("<\(text)>") == "<•••>")
        }
        #expect(redactor.redact("access-2-token") == "access-2-token")
        #expect(redactor.spellings < spellings * 5)
    }

    @Test func `values shorter than six characters stay`() {
        let redactor = Redactor()
        redactor.add("short")
        #expect(redactor.redact("a short text") == "a short text")
    }

    @Test func `redacts inside values, keys too`() {
        let redactor = Redactor()
        redactor.add("topsecret")
        redactor.add("123456789")
        let value: Value = [
            "a": ["x topsecret", 5], "topsecret": "fine", "n": 123_456_789, "b": .bytes(Array("topsecret".utf8)),
        ]
        #expect(redactor.redact(value) == ["a": ["x •••", 5], "•••": "fine", "n": "•••", "b": "•••"])
    }

    @Test func `a secret that is another's spelling still has spellings of its own`() {
        let redactor = Redactor()
        let first = "secret-one"
        let second = Data(first.utf8).base64EncodedString()
        redactor.add(first)
        redactor.add(second)
        #expect(!redactor.redact(Data(second.utf8).base64EncodedString()).contains("bmU"))
    }

    @Test func `many secrets with a common beginning are found in one pass`() {
        let redactor = Redactor()
        let secrets = (0..<1_000).map { "eyJhbGciOiJSUzI1NiJ9.\($0 * 7_919 % 1_000_003).signature\($0)" }
        for secret in secrets { redactor.add(secret) }
        let body = String(repeating: "{\"name\":\"eyJhbGciOiJSUzI1NiJ9 value\"},", count: 1_600) + secrets[567]
        let begin = ContinuousClock.now
        let shown = redactor.redact(body)
        let elapsed = begin.duration(to: .now)
        #expect(shown.hasSuffix(",•••"))
        print("redaction of \(body.utf8.count) bytes with 1,000 secrets: \(elapsed)")
    }
}
