import CEL
import YAML

/// Reads `dedupe:` of a `foreach`.
struct DedupeReader {
    let file: FileReader

    func dedupe(_ node: Node?, itemName: String?) -> Dedupe? {
        guard let node,
            var reader = MappingReader(
                node,
                as: "`dedupe`",
                into: file.diagnostics,
                help: "write `dedupe: { key: item.id }`"
            )
        else { return nil }
        let key = reader.require(
            "key",
            help: "add `key:` with what makes two items the same, for example `key: item.id`"
        )
        let ttl = file.duration(reader.take("ttl"), as: "`ttl`", min: .seconds(1)) ?? Defaults.dedupeTime
        reader.finish()
        guard let key, let expression = file.expression(key, as: "`key`") else { return nil }
        let ownNames = Set(["item", itemName ?? "item"])
        let roots = expression.program.references.compactMap(\.path.first)
        guard roots.contains(where: ownNames.contains) else {
            file.diagnostics.report(
                "dedupe.key",
                "this key is the same for every item, so only the first one would be done",
                at: expression.span(of: expression.whole),
                help: "write what makes an item the same as another one, for example `\(itemName ?? "item").id`"
            )
            return nil
        }
        return Dedupe(key: expression, ttl: ttl)
    }
}
