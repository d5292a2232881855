"""Files as nobody should write them: wabot says which one it is, where and why, in good time, and changes nothing. bad_files_test.py WABOT"""
import json
import os
import subprocess
import sys
import time

from wabot import SLOWNESS, Wabot, check

AGENT = ["agent", "update", "faq", "--rules-file"]
BOM = b"\xef\xbb\xbf"


def ask(wabot, *words, stdin=b"", config=None, **env):
    """Exit code, stdout and stderr, and no hang."""
    begun = time.monotonic()
    done = subprocess.run([wabot.binary, *words, "-c", config or f"{wabot.dir}/wabot.toml", "--no-input"], env={**wabot.env, **env}, input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, cwd=wabot.scratch)
    check(time.monotonic() - begun < 5 * SLOWNESS, f"{words} takes long")
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def expect(what, answer, code, *parts):
    exit, out, err = answer
    check(exit == code, f"{what}: exit {exit}, not {code}: {out}{err}")
    for part in parts:
        check(part in out + err, f"{what}: {part!r} is not in {out + err!r}")
    check("\x1b" not in out + err, f"{what}: an escape code reaches the terminal")


def path(wabot, name, raw_bytes):
    made = os.path.join(wabot.scratch, name)
    with open(made, "wb") as file:
        file.write(raw_bytes)
    os.chmod(made, 0o600)
    return made


def odd_places(wabot):
    """What is no file of a sensible size, and what is said of it."""
    folder = os.path.join(wabot.scratch, "folder")
    os.makedirs(folder, exist_ok=True)
    pipe = os.path.join(wabot.scratch, "pipe")
    if not os.path.exists(pipe):
        os.mkfifo(pipe)
    return [("a folder", folder, "Is a directory"), ("a pipe without a writer", pipe, "timed out"),
            ("10 MB", path(wabot, "large", b"# a comment\n" * 900_000), "larger than"),
            ("a file that is not there", os.path.join(wabot.scratch, "nowhere"), "No such file")]


CONFIG = [  # what, bytes, exit, what is said
    ("an unknown key", b"[server]\nhots = 'a'\n", 6, [":2:1: server.hots: no such setting", 'did you mean "server.host"?']),
    ("a wrong type", b"[server]\nport = 'x'\n", 6, [":2:1: server.port: must be an integer, not text"]),
    ("a wrong value", b"[server]\n\nport = 70000\n", 6, [":3:1: server.port"]),
    ("a key twice", b"[server]\nport = 1\nport = 2\n", 6, [":3:"]),
    ("a table twice", b"[server]\nport = 1\n[server]\nhost = 'x'\n", 6, [":3:"]),
    ("no TOML", b"[server\nport = 1\n", 6, [":1:"]),
    ("bytes that are no UTF-8", b"[server]\nhost = '\xff'\n", 6, [":2:"]),
    ("a NUL", b"[server]\nhost = 'a\0b'\n", 6, [":2:"]),
    ("CR LF", b"[server]\r\nport = 8001\r\n", 0, ["8001"]),
    ("a byte order mark", BOM + b"[server]\nport = 8001\n", 0, ["8001"]),
    ("nothing", b"", 0, ["8000"]),
    ("deep nesting", b"a = " + b"[" * 100_000 + b"\n", 6, [":1:"]),
]

RULES = [
    ("no JSON", b'[\n  {"pattern": "a",\n]', [":3:1: not JSON"]),
    ("nothing", b"", [":1:1: not JSON"]),
    ("an object", b"{}", ["rules must be a list"]),
    ("null", b"null", ["rules must be a list"]),
    ("a byte order mark", BOM + b"[]", [":1:1: not JSON at byte 0: a byte order mark"]),
    ("a comment", b"// mine\n[]", [":1:1: not JSON"]),
    ("two documents", b"[]\n[]", [":2:1: not JSON"]),
    ("a key twice", b'[{"pattern": "a",\n"pattern": "b", "response": "c"}]', [":2:", "the key pattern twice"]),
    ("no response", b'[\n{"pattern": "a"}]', [":2: rules[0].response is needed"]),
    ("an unknown key", b'[{"patern": "a", "pattern": "a", "response": "b"}]', [':1: rules[0].patern is no field; did you mean "pattern"?']),
    ("a number for a text", b'[{"pattern": 1, "response": "b"}]', [":1: rules[0].pattern must be a text"]),
    ("deep nesting", b"[" * 1_000_000, [":1:65: JSON is nested deeper than 64 levels"]),
    ("bytes that are no UTF-8", b'[{"pattern": "\xff", "response": "b"}]', [":1:15: not JSON: byte 14 is not UTF-8"]),
    ("an open group", b'[\n\n{"pattern": "(", "response": "b"}]', [":3: rules[0].pattern is no regular expression: missing )"]),
    ("an open class", b'[{"pattern": "[", "response": "b"}]', [":1: rules[0].pattern is no regular expression: missing ]"]),
    ("a backreference", b'[{"pattern": "(a)\\\\1", "response": "b"}]', [":1: rules[0].pattern is no regular expression: invalid escape sequence"]),
    ("looking behind", b'[{"pattern": "(?<=a)b", "response": "b"}]', [":1: rules[0].pattern is no regular expression: invalid perl operator"]),
    ("an empty pattern", b'[{"pattern": "", "response": "b"}]', [":1: rules[0].pattern must not be empty"]),
    ("a pattern of 2 MiB", b'[{"pattern": "' + b"a" * (2 << 20) + b'", "response": "b"}]', [":1:", "a text of more than 1048576 bytes"]),
    ("a pattern of 2 KiB", b'[{"pattern": "' + b"a" * 2048 + b'", "response": "b"}]', [":1: rules[0].pattern is longer than 1024 bytes"]),
    ("a pattern that becomes too large", b'[{"pattern": "(\\\\pL{100}){9}", "response": "b"}]', [":1: rules[0].pattern is no regular expression: "]),
    ("two hundred thousand numbers", b"[" + b"1," * 200_000 + b"1]", [":1: rules[0] must be"]),
    ("1001 rules", json.dumps([{"pattern": "a", "response": "b"}] * 1001).encode(), ["rules has more than 1000 items"]),
]

BODIES = [  # of trigger --from-file, with the event it is said to be
    ("no JSON", b'{\n "object": ', [":2:12: not JSON"]),
    ("nothing", b"", ["is empty"]),
    ("an array", b"[]", ["not a JSON object"]),
    ("another object", b'{"object": "page"}', ["object is not whatsapp_business_account"]),
    ("deep nesting", b"[" * 1_000_000, [":1:65: JSON is nested deeper than 64 levels"]),
    ("a key twice", b'{"object": 1,\n "object": 2}', [":2:", "the key object twice"]),
]


def refuses_bad_configuration(wabot):
    for what, raw_bytes, code, parts in CONFIG:
        file = path(wabot, "odd.toml", raw_bytes)
        expect(f"config: {what}", ask(wabot, "config", "show", "server.host", "server.port", config=file), code, *([file, *parts] if code else parts))
        expect(f"config check: {what}", ask(wabot, "config", "check", file), code, *(parts if code else []))
    for what, place, reason in odd_places(wabot):
        expect(f"config: {what}", ask(wabot, "config", "show", config=place), 6, place, reason)
        if "pipe" in what:
            continue  # each takes its seconds, and all are read by the same code
        expect(f"a service's config: {what}", ask(wabot, "worker", "--until-empty", config=place), 6, place, reason)
        expect(f"env file: {what}", ask(wabot, "config", "show", "--env-file", place), 6, place, reason)
        expect(f"a secret's file: {what}", ask(wabot, "config", "show", WABOT_MASTER_KEY_FILE=place), 6, "WABOT_MASTER_KEY_FILE", place, reason)
    file = path(wabot, "odd.env", b"WABOT_LOG=debug\nno equals\n\nA='open\n")
    expect("env file: bad lines", ask(wabot, "config", "show", "--env-file", file), 6, f"{file}:2 is not KEY=value", f"{file}:4 ")

    secret = path(wabot, "secret", b"0" * 64 + b"\n")
    os.chmod(secret, 0o644)
    expect("a secret that everybody may read", ask(wabot, "config", "show", "security.master_key", WABOT_MASTER_KEY_FILE=secret), 0,
           f"{secret} holds a secret and everyone may read it; chmod o-r")
    os.chmod(secret, 0o600)
    answer = ask(wabot, "config", "show", "security.master_key", WABOT_MASTER_KEY_FILE=secret)
    expect("a secret that nobody else may read", answer, 0)
    check("everyone" not in answer[2], "it is warned of what is so only")


def refuses_bad_documents(wabot):
    for what, raw_bytes, parts in RULES:
        file = path(wabot, "rules.json", raw_bytes)
        expect(f"rules: {what}", ask(wabot, *AGENT, file), 6, file, *parts)
        expect(f"rules from stdin: {what}", ask(wabot, *AGENT, "-", stdin=raw_bytes), 6, *parts[1:])
    for what, raw_bytes, parts in BODIES:
        file = path(wabot, "body.json", raw_bytes)
        expect(f"body: {what}", ask(wabot, "trigger", "whatsapp.message.text", "--device", "shop", "--from-file", file), 6, file, *parts)
    for what, place, reason in odd_places(wabot):
        if "pipe" in what:
            continue  # of one's own, behind which a program may take its time
        code = 3 if "not there" in what else 6 if "MB" in what else 8
        for words in (AGENT, ["trigger", "whatsapp.message.text", "--device", "shop", "--from-file"],
                      ["message", "send", "+12025550117", "--device", "shop", "--interactive"]):
            expect(f"{words[0]}: {what}", ask(wabot, *words, place), code, place)
    expect("a message's document", ask(wabot, "message", "send", "+12025550117", "--device", "shop", "--interactive", path(wabot, "i.json", b'{\n"type":,}')), 6,
           "i.json:2:8: not JSON")


def minds_odd_names(wabot):
    """As they may stand on a command line, and as they are kept and shown."""
    expect("a key with a dash", ask(wabot, "agent", "create", "-rf", "--type", "rule_based"), 2)
    expect("a key with a line break", ask(wabot, "agent", "create", "a\nb", "--type", "rule_based"), 6)
    expect("a key with an escape code", ask(wabot, "agent", "create", "\x1b[31m", "--type", "rule_based"), 6)
    expect("a name that is a command", ask(wabot, "agent", "create", "literal", "--type", "rule_based", "--name", "$(touch owned) `touch owned`"), 0)
    check(not os.path.exists(os.path.join(wabot.scratch, "owned")), "no name is run")
    check(wabot.rows("agent", "list")[-1]["name"] == "$(touch owned) `touch owned`", "it is kept as it stands")
    expect("an unknown word with an escape code", ask(wabot, "agent", "get", "\x1b[2Jx"), 3, "\\x1b[2Jx")
    expect("a file's name with a line break", ask(wabot, *AGENT, path(wabot, "a\n\x1b[31mb.json", b"x")), 6, "a\\n\\x1b[31mb.json:1:1: not JSON")
    for name in ("../../x.pdf", "C:\\x.pdf", ".htaccess", "con", "x" * 200 + ".pdf", "a\u202efdp.exe", " "):
        file = path(wabot, name.replace("/", "_") or "_", b"%PDF-1.4\n%%EOF\n")
        code, out, err = ask(wabot, "message", "send", "+12025550117", "--device", "play", "--document", file, "-o", "json")
        check(code == 0, f"a document called {name!r}: exit {code}: {out}{err}")
        check("\u202e" not in err, "an override of the direction is escaped")


with Wabot(sys.argv[1]) as wabot:
    wabot.init()
    wabot.run("agent", "create", "faq", "--type", "rule_based", "--fallback", "Noted.")
    wabot.run("device", "create", "shop", "--kind", "whatsapp", "--no-verify", "--option", "phone_number_id=200000000000001")
    wabot.run("device", "create", "play", "--kind", "sim")
    before = wabot.run("agent", "get", "faq", "-o", "json")
    rows = wabot.query("SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM inbox), (SELECT count(*) FROM audit_log)")
    refuses_bad_configuration(wabot)
    refuses_bad_documents(wabot)
    check(wabot.run("agent", "get", "faq", "-o", "json") == before, "the agent is as it was")
    check(wabot.query("SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM inbox), (SELECT count(*) FROM audit_log)") == rows, "nothing was written")
    minds_odd_names(wabot)
    everything = json.dumps([{"pattern": ".*", "response": "hello"}])
    wabot.run("agent", "update", "faq", "--rules-file", wabot.file("all.json", everything))
print(f"{len(CONFIG)} configurations, {len(RULES)} files of rules, {len(BODIES)} bodies")
