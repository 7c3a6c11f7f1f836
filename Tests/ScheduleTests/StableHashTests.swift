import Testing

@testable import Schedule

struct StableHashTests {
    @Test(arguments: [
        ("", 0xcbf2_9ce4_8422_2325 as UInt64),
        ("a", 0xaf63_dc4c_8601_ec8c),
        ("foobar", 0x8594_4171_f739_67e8),
    ])
    func `gives the published FNV-1a values`(text: String, hash: UInt64) {
        #expect(StableHash.fnv1a64(text) == hash)
    }
}
