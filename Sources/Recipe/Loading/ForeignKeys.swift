/// What is written here for keys that other tools have.
enum ForeignKeys {
    static let ofRecipe: [String: String] = [
        "cron": "write `trigger: { cron: \"…\" }`", "schedule": "write `trigger: { cron: \"…\" }`",
        "interval": "write `trigger: { interval: 5m }`", "every": "write `trigger: { interval: 5m }`",
        "on": "write `trigger:`, with `cron` or `interval` below it", "when": "write `trigger:`",
        "timezone": "write it below `trigger:`", "tz": "write `timezone` below `trigger:`",
        "overlap": "write it below `trigger:`", "catch_up": "write it below `trigger:`",
        "jitter": "write it below `trigger:`",
        "concurrency": "write `overlap` below `trigger:`, or `concurrency` beside a `foreach`",
        "steps": "write `actions`", "jobs": "write `actions`", "tasks": "write `actions`", "do": "write `actions`",
        "run": "write `actions`, and each step below it", "pipeline": "write `actions`", "workflow": "write `actions`",
        "variables": "write `vars`", "params": "write `inputs`", "parameters": "write `inputs`",
        "arguments": "write `inputs`", "args": "write `inputs`",
        "env":
            "list in runner.yml what expressions may read of the environment; `env` of a program stands beside `run` or `shell`",
        "on_error": "write `on_failure`", "on_fail": "write `on_failure`", "catch": "write `on_failure`",
        "notify": "write `on_failure`, with an action that tells of it", "always": "write `finally`",
        "on_finish": "write `finally`", "ensure": "write `finally`", "retries": "write `retry: { attempts: 3 }`",
        "auth": "write `connection`", "authentication": "write `connection`",
        "return": "write `output`", "result": "write `output`", "title": "write `name` or `description`",
        "disabled": "write `enabled: false`", "version": "remove it: each change of the file is a version",
    ]

    static let ofTrigger: [String: String] = [
        "schedule": "write `cron`", "cron_expression": "write `cron`", "crontab": "write `cron`",
        "expression": "write `cron`", "every": "write `interval`", "rate": "write `interval`",
        "period": "write `interval`", "frequency": "write `interval`", "tz": "write `timezone`",
        "time_zone": "write `timezone`", "zone": "write `timezone`",
        "at": "write `cron: \"30 6 * * *\"` for 06:30 each day",
        "time": "write `cron: \"30 6 * * *\"` for 06:30 each day",
        "daily": "write `cron: \"30 6 * * *\"` for 06:30 each day", "hourly": "write `cron: \"0 * * * *\"`",
        "weekly": "write `cron: \"30 6 * * MON\"`", "concurrency": "write `overlap`",
        "catchup": "write `catch_up`", "disabled": "write `enabled: false`",
        "timeout": "write it in the recipe, not below `trigger`",
    ]

    static let ofConnection: [String: String] = [
        "type": "write `connector`", "auth": "write `connector`, and `fields`", "kind": "write `connector`",
        "url": "write `base_uri`", "base_url": "write `base_uri`", "host": "write `base_uri`",
        "endpoint": "write `base_uri`", "token": "write it below `fields:`", "api_key": "write it below `fields:`",
        "username": "write it below `fields:`", "password": "write it below `fields:`",
        "client_id": "write it below `fields:`", "client_secret": "write it below `fields:`",
        "token_url": "write it below `fields:`", "scope": "write it below `fields:`",
        "headers": "a connector adds headers to each request: `runner connectors show bearer` prints one to copy",
        "timeout": "write it in the recipe, or beside an action",
        "retry": "write it in the recipe, or beside an action",
    ]

    static let ofInput: [String: String] = [
        "required": "remove it: an input is required unless it has a `default`, or `optional: true`",
        "kind": "write `type`", "values": "write `enum`", "choices": "write `enum`", "options": "write `enum`",
        "allowed": "write `enum`", "value": "write `default`", "sensitive": "write `secret`",
        "password": "write `secret: true`", "help": "write `description`",
    ]

    static let ofInputType: [String: String] = [
        "int": "integer", "long": "integer", "float": "number", "double": "number", "decimal": "number",
        "bool": "boolean", "str": "string", "text": "string", "array": "list", "map": "object", "dict": "object",
        "hash": "object", "json": "any", "mapping": "object",
    ]

    static let ofRetry: [String: String] = [
        "delay": "write `initial`", "interval": "write `initial`, and `backoff: fixed`", "wait": "write `initial`",
        "max_attempts": "write `attempts`", "count": "write `attempts`", "times": "write `attempts`",
        "limit": "write `attempts`", "retries": "write `attempts`, which counts the first one too",
        "max_delay": "write `max`", "max_wait": "write `max`", "factor": "write `backoff: exponential`, which doubles",
        "multiplier": "write `backoff: exponential`, which doubles",
        "until": "write `while`, with the opposite condition",
        "when": "write `while`", "if": "write `while`", "status": "write `on`", "statuses": "write `on`",
        "timeout": "write it beside `retry`: it limits each attempt",
    ]

    /// A recipe that is called is given `inputs`, and an operation of a connector `with`.
    static let ofCall = ofAction.merging([
        "with": "write `inputs`", "params": "write `inputs`", "args": "write `inputs`",
    ]) { $1 }

    static let ofCase: [String: String] = [
        "case": "write `when`", "if": "write `when`", "then": "write `do`", "actions": "write `do`",
        "else": "write it beside `switch`",
    ]

    static let ofAction: [String: String] = [
        "fetch": "write `get: URL`, or another method", "url": "write `get: URL`, or another method",
        "http": "write `get: URL`, or another method", "request": "write `get: URL`, or another method",
        "uri": "write `get: URL`, or another method", "curl": "write `get: URL`, or another method",
        "method": "the method is the key: `post: URL`", "echo": "write `log`", "print": "write `log`",
        "debug": "write `log`", "message": "write `log`",
        "sleep": "write `wait`", "delay": "write `wait`", "command": "write `run: [program, argument]`, or `shell`",
        "exec": "write `run: [program, argument]`, or `shell`", "cmd": "write `run: [program, argument]`, or `shell`",
        "script": "write `shell`", "bash": "write `shell`", "sh": "write `shell`",
        "when": "write `if`", "condition": "write `if`", "unless": "write `if`, with the opposite condition",
        "then": "write `do`", "steps": "write `do`", "actions": "write `do`", "block": "write `do`",
        "loop": "write `foreach`",
        "with_items": "write `foreach`", "for_each": "write `foreach`", "each": "write `foreach`",
        "for": "write `foreach`", "items": "write `foreach`", "while": "write `until`, with the opposite condition",
        "repeat": "write `until`", "try": "write `do`, and `on_error` beside it",
        "data": "write `json`, `form` or `body`", "payload": "write `json`, `form` or `body`",
        "form-data": "write `multipart`", "form_data": "write `multipart`", "files": "write `multipart`",
        "params": "write `query`", "cookies": "write `headers: { Cookie: … }`",
        "cookie": "write `headers: { Cookie: … }`",
        "auth": "write `connection`: it signs in, and keeps the secret out of the recipe",
        "token": "write `connection`: it signs in, and keeps the secret out of the recipe",
        "catch": "write `on_error`", "rescue": "write `on_error`",
        "continue-on-error": "write `on_error: continue`", "continue_on_error": "write `on_error: continue`",
        "ignore_errors": "write `on_error: continue`", "allow_failure": "write `on_error: continue`",
        "retries": "write `retry: { attempts: 3 }`", "attempts": "write `retry: { attempts: 3 }`",
        "depends_on": "actions are done in the order in which they stand",
        "needs": "actions are done in the order in which they stand",
        "register": "write `id`: the result is `actions.ID`", "as_var": "write `id`: the result is `actions.ID`",
        "return": "write `stop`, and `output` in the recipe", "exit": "write `stop`, or `fail`",
        "raise": "write `fail`", "error": "write `fail`", "throw": "write `fail`", "assert": "write `if`, and `fail`",
        "insecure": "trust a certificate in the connection, with `tls`",
        "verify": "trust a certificate in the connection, with `tls`", "follow": "write `redirects`",
        "follow_redirects": "write `redirects`", "output_file": "write `save_to`", "save": "write `save_to`",
        "download": "write `get: URL`, and `save_to`", "status": "write `expect`", "status_code": "write `expect`",
        "else": "`else` belongs to `switch: [{ when: EXPR, do: [action] }]`",
        "default": "`else` belongs to `switch: [{ when: EXPR, do: [action] }]`",
    ]
}
