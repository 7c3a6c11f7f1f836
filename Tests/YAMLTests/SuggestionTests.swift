import Testing
import YAML

@Suite struct SuggestionTests {
    @Test(arguments: [
        ("tmezone", "timezone"), ("timezoen", "timezone"), ("maxPages", "max_pages"), ("on-error", "on_error"),
        ("Retry", "retry"),
    ])
    func `finds the word behind a slip`(word: String, meant: String) {
        #expect(
            Suggestion.nearest(to: word, among: ["retry", "timezone", "max_pages", "on_error", "trigger"]) == meant
        )
    }

    @Test(arguments: ["", "xyz", "a", "completely_different", "re"])
    func `offers nothing for a word that is far from all`(word: String) {
        #expect(Suggestion.nearest(to: word, among: ["retry", "timezone", "if", "as", "do"]) == nil)
    }

    @Test func `takes the nearest and of equals the first`() {
        #expect(Suggestion.nearest(to: "post", among: ["port", "posts", "past"]) == "port")
        #expect(Suggestion.nearest(to: "delte", among: ["delta", "delete"]) == "delta")
    }
}
