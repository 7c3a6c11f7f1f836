/// The names of the variables that the language gives to expressions (DESIGN section 5).
enum VariableName {
    static let all: Set<String> = [
        "recipe", "run", "inputs", "vars", "state", "env", "actions", "connection", "item", "index", "error",
        "response", "page",
    ]
}
