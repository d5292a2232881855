"""Everything that a command prints, in every form it takes, on a pipe and on a terminal, read by strict readers: forms_test.py WABOT

The commands are those of the table (`wabot __commands`): one that is not told here how it is called fails the test. The store holds what is awkward:
emoji, right-to-left letters, combining marks, control characters, commas, quotes, line breaks. Then a few commands of each noun in hostile surroundings.
No form shows a number of a person whole without --reveal.

On PostgreSQL each command is called once, for JSON: the forms are made from the values that come from the store, whichever it is, so that only these
can differ.
"""
import concurrent.futures
import contextlib
import csv
import fcntl
import io
import json
import os
import pty
import re
import select
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import termios
import unicodedata

import yaml

from wabot import POSTGRES, SLOWNESS, Failed, PostgresStore, check, fail, psql

PATIENCE = 20 * SLOWNESS
WIDTH = 120
AWKWARD = ["plain", "comma, \"quote\" and 'apostrophe'", "two\nlines\r\nand\ttabs", "=1+1", "+49 30", "-5", "@here", "\tfirst", "yes", "null", "007", "1e3", "2026-01-05", "~",
           "- item: #no", "  blanks  ", "emoji 😀👩‍👩‍👧‍👦🇩🇪", "שלום עולם", "مرحبا", "e\u0301 combined a\u0308\u0323", "漢字かな", "\x1b[2J\x1b]0;title\x07", "\x9b31m c1 \x85 next", "\u202eevil\u2066",
           "\u2028separators\u2029", "\ufeffmark", "back\\slash \\n", "trailing \\", "\x7fdel", "…", "\U000e0041tag", "a" * 250]

NUMBER = b"2025550117"  # of the contact that is written to

# How each command is called; those that change something rehearse it, so that they may be called often.
CALLS = {
    "init": ["--dir", ".", "-n"], "doctor": ["config", "database"], "chat": ["faq"], "serve": None, "worker": None, "listen": None,
    "device list": [], "device get": ["sim"], "device events": [], "device create": ["fresh", "--kind", "sim", "-n"], "device update": ["sim", "--name", AWKWARD[1], "-n"],
    "device enable": ["sim", "-n"], "device disable": ["sim", "-n"], "device resume": ["sim", "-n"], "device delete": ["sim", "-n"],
    "agent list": [], "agent get": ["faq"], "agent create": ["fresh", "--type", "rule_based", "--fallback", "hm", "-n"], "agent update": ["faq", "--name", AWKWARD[2], "-n"],
    "agent delete": ["faq", "-n"], "agent enable": ["faq", "-n"], "agent disable": ["faq", "-n"], "agent attach": ["faq", "whatsapp-demo", "-n"],
    "agent detach": ["faq", "sim", "-n"], "agent test": ["faq", "--text", "hi", "--text", AWKWARD[2], "--text", AWKWARD[16]],
    "ignore list": [], "ignore create": ["--keyword", "lottery", "--device", "sim", "-n"], "ignore delete": ["1", "-n"], "ignore test": ["hello", "--device", "sim"],
    "contact list": ["--all"], "contact get": ["1"], "conversation list": ["--all"], "conversation get": ["1"], "conversation handoff": ["1", "--to", "human", "-n"],
    "message list": ["--all"], "message get": ["1"], "message send": ["+12025550117", "--device", "sim", "--text", AWKWARD[2], "-n"], "message read": ["40", "-n"],
    "message status": ["1", "2"], "template list": [], "template get": ["1"], "file list": [], "file get": ["1"], "event list": [], "event get": ["1"], "event replay": ["1", "-n"],
    "queue list": [], "queue pause": ["send", "-n"], "queue resume": ["send", "-n"], "job list": ["--all"], "job get": ["job/1"], "job retry": ["job/1", "-n"],
    "job cancel": ["job/1", "-n"], "job resolve": ["send/1", "--as", "sent", "-n"], "retention show": [], "retention run": ["-n"], "tail": ["--no-follow", "-N", "500"],
    "trigger": ["whatsapp.message.text", "--device", "whatsapp-demo", "--set", "text.body=" + AWKWARD[2], "-n"], "config show": [], "config check": [],
    "audit list": ["--all"], "audit get": ["1"], "explain": ["message.status"], "completion": ["bash"],
    "migrate status": [], "migrate plan": [], "migrate up": ["-n"], "migrate down": ["-n"], "version": [], "help": ["device", "list"],
}
# What differs between two calls, and so between two forms of one.
RESTLESS = {"doctor", "chat", "agent test", "queue list", "message status", "trigger", "help"}


def with_values(sql, values):
    """The statement as PostgreSQL takes it, with its values in it."""
    quoted = lambda v: "'\\x" + v.hex() + "'::bytea" if isinstance(v, bytes) else str(v) if isinstance(v, int) else "'" + v.replace("'", "''") + "'"
    parts = sql.split("?")
    return parts[0] + "".join(quoted(value) + part for value, part in zip(values, parts[1:], strict=True))


class Place:
    """A store with awkward things in it, and the binary."""

    def __init__(self, binary, folder):
        self.binary, self.folder = os.path.abspath(binary), folder
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": folder, "LANG": "C.UTF-8", "TERM": "xterm", "NO_COLOR": "1", "WABOT_PAGER": "cat"}
        self.store = PostgresStore() if POSTGRES else None
        if self.store:
            self.environment["DATABASE_URL"] = self.store.url
        self.must("init", "--dir", folder, "--demo", "-q")
        for text in AWKWARD:
            self.must("message", "send", "+12025550117", "--device", "sim", "--text", text, "-q")
        self.must("ignore", "create", "--keyword", "lottery, \"win\"", "--device", "sim", "-q")
        self.fill()

    def fill(self):
        """What comes from outside, as it is stored."""
        statements = []
        add = lambda sql, values=(): statements.append((sql, values))
        at = 1_790_000_000_000_000
        for i, text in enumerate(AWKWARD, 1):
            hashed = f"hash {i}".encode()
            add("INSERT INTO contacts (device_id, contact_jid_enc, contact_jid_hash, contact_jid_last4, name, last_message_at, created_at, updated_at)"
                " SELECT id, ?, ?, '0042', ?, ?, ?, ? FROM devices WHERE key = 'sim'", (hashed, hashed, text, at + i, at, at))
            add("INSERT INTO inbox (kind, digest, body, state, error, request_id, received_at) VALUES ('whatsapp', ?, ?, 'quarantined', ?, ?, ?)",
                (hashed, b"\0", text, text, at + i))
            add("INSERT INTO jobs (kind, payload, state, attempt, last_error, due_at, created_at, updated_at) VALUES ('fetch_media', '{}', 'dead', 3, ?, ?, ?, ?)",
                (text, at, at, at))
            add("INSERT INTO templates (waba_id, name, language, status, reason, created_at, updated_at) VALUES ('1', ?, 'en', 'REJECTED', ?, ?, ?)", (f"t{i}", text, at, at))
            add("INSERT INTO files (uuid, origin, file_name, file_type, file_size, sha256, storage_backend, storage_key, created_at, updated_at)"
                " VALUES (?, 'incoming', ?, 'text/plain', 3, ?, 'local', ?, ?, ?)", (f"00000000-0000-4000-8000-{i:012}", text, "0" * 64, f"{i:032}", at, at))
            add("INSERT INTO account_events (waba_id, field, event, weight, facts, raw, digest, timestamp, created_at, updated_at)"
                " VALUES ('1', 'account_update', ?, 'info', ?, ?, ?, ?, ?, ?)", (text, json.dumps({"text": text, "list": [1, None, {"a": []}]}), hashed, hashed, at, at, at))
        add("UPDATE agents SET description = ?, name = ?", ("\n".join(AWKWARD), AWKWARD[16]))
        add("UPDATE devices SET name = ?", (AWKWARD[2],))
        add("UPDATE conversations SET title = ?", (AWKWARD[21],))
        # One that came in, for message read, and a send that may have arrived.
        add("INSERT INTO messages (id, conversation_id, device_id, direction, sender_kind, contact_id, content, whatsapp_message_id_enc, whatsapp_message_id_hash,"
            " whatsapp_message_id_last4, status, timestamp, created_at, updated_at) SELECT 40, id, device_id, 'incoming', 'contact', contact_id, 'hi', ?, ?, '', 'received',"
            " ?, ?, ? FROM conversations LIMIT 1", (b"\0", b"\0", at, at, at))
        add("UPDATE sends SET state = 'held' WHERE id = 1")
        self.execute(statements)

    def execute(self, statements):
        if self.store:
            return psql(self.store.url, ";".join(with_values(sql, values) for sql, values in statements))
        db = sqlite3.connect(f"{self.folder}/wabot.db")
        for sql, values in statements:
            db.execute(sql, values)
        db.commit()
        db.close()

    def line(self, *words):
        return [self.binary, "-c", f"{self.folder}/wabot.toml", *words]

    def must(self, *words):
        config = [] if words[0] == "init" else ["-c", f"{self.folder}/wabot.toml"]
        done = subprocess.run([self.binary, *config, *words], env=self.environment, capture_output=True, timeout=PATIENCE)
        check(done.returncode == 0, f"{words}: exit {done.returncode}, {done.stderr.decode()}")

    def piped(self, words, **more):
        done = subprocess.run(self.line(*words), **{"env": self.environment, "cwd": self.folder, "input": b"hi\n", "capture_output": True, "timeout": PATIENCE, **more})
        return done.returncode, done.stdout, done.stderr

    def on_terminal(self, words, environment=None, height=40, end=None):
        """With a terminal for stdout alone: what reaches it."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, WIDTH, 0, 0))
        process = subprocess.Popen(self.line(*words), env=environment or self.environment, cwd=self.folder, stdin=subprocess.PIPE, stdout=theirs, stderr=subprocess.PIPE)
        os.close(theirs)
        with contextlib.suppress(BrokenPipeError):  # of those that read nothing
            process.stdin.write(b"hi\n")
            process.stdin.close()
        text = b""
        while select.select([ours], [], [], PATIENCE)[0]:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other side has ended
                break
            if not part:
                break
            text += part
            if end and end(text):
                process.send_signal(signal.SIGINT)
                end = None
        os.close(ours)
        talk = process.stderr.read()
        return process.wait(PATIENCE), text.replace(b"\r\n", b"\n"), talk


# --- the readers ------------------------------------------------------------------------------------------------------------------------------

def once(pairs):
    names = [name for name, _ in pairs]
    check(len(set(names)) == len(names), f"a name twice in {names}")
    return dict(pairs)


def no_constant(word):
    fail(f"{word} is no JSON")


def read_json(text):
    return json.loads(text, object_pairs_hook=once, parse_constant=no_constant)


def read_one(data):
    check(data.endswith(b"\n") and data.count(b"\n") == 1, "json is one line")
    return read_json(data.decode())


def read_lines(data):
    check(data == b"" or data.endswith(b"\n"), "jsonl ends with a line")
    rows = [read_json(line) for line in data.decode().split("\n")[:-1]]
    check(all(isinstance(row, dict) for row in rows), "each line is an object")
    return rows


def read_csv(data):
    text = data.decode()
    check(text.endswith("\r\n"), "csv ends with CRLF")
    outside = re.sub(r'"(?:[^"]|"")*"', "", text)
    check('"' not in outside and not re.search(r"[^\r]\n|\r[^\n]", outside), "lines end with CRLF, outside quotes nothing else does")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    check(len({len(row) for row in rows}) == 1, "every row has as many cells as the header")
    check(not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows[1:] for cell in row), "no cell is a formula")
    return rows


def read_tsv(data):
    text = data.decode()
    check(text.endswith("\n") and "\r" not in text, "tsv ends with a line feed, and has no carriage return")
    rows = [line.split("\t") for line in text.split("\n")[:-1]]
    check(len({len(row) for row in rows}) == 1, "every row has as many cells as the header")
    marks = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}
    check(not any(re.search(r"(?<!\\)(?:\\\\)*\\[^tnr\\]", cell) for row in rows for cell in row), "only \\t, \\n, \\r and \\\\ are escapes")
    return [[re.sub(r"\\(.)", lambda m: marks[m[1]], cell) for cell in row] for row in rows]


def read_names(data):
    names = data.decode().split("\n")
    check(names.pop() == "" and all(re.fullmatch(r"[a-z_]+/\S.*", name) for name in names), f"names are noun/id: {names[:3]}")
    return names


def cells(text):
    """The width of a line, as terminals that know emoji sequences count it."""
    text = re.sub("\u200d.|\ufe0f", "", re.sub("([\U0001f1e6-\U0001f1ff])[\U0001f1e6-\U0001f1ff]", "漢", text))
    return sum(0 if unicodedata.combining(c) or unicodedata.category(c) in ("Cf", "Mn", "Me") else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
               if c not in "\u2068\u2069")


def check_harmless(data, isolates):
    """Nothing in it is obeyed by a terminal but line feeds."""
    for c in data.decode().replace("\n", ""):
        isolate = isolates and c in "\u2068\u2069"
        bad = unicodedata.category(c) == "Cc" or c in "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u200e\u200f\u061c\u2066\u2067\u2068\u2069" or "\U000e0000" <= c <= "\U000e0fff"
        check(not bad or isolate, f"{c!r} reaches the terminal")


READERS = {"json": read_one, "jsonl": read_lines, "yaml": lambda data: yaml.safe_load(data.decode()), "csv": read_csv, "tsv": read_tsv, "name": read_names}


# --- the matrix -------------------------------------------------------------------------------------------------------------------------------

def rows_of(document):
    return document["items"] if isinstance(document, dict) and set(document) == {"items", "next_cursor"} else [document]


def check_forms(place, command):
    """One command in every form it has and one that it has not."""
    path, formats = command["path"], command["formats"]
    words = [*path.split(" "), *CALLS[path]]
    read = {}
    for form in formats:
        for terminal in (False, True):
            what = f"{path} -o {form} on a {'terminal' if terminal else 'pipe'}"
            try:
                code, data, talk = (place.on_terminal if terminal else place.piped)([*words, "-o", form])
                check(code == 0, f"exit {code}: {talk.decode()}")
                check(NUMBER not in data + talk, "a number of a person is to be read")
                check_harmless(talk, isolates=False)
                if terminal:
                    # Its line ends, its tabs and those of a text of ours are no data.
                    own = b"\r\n" if form == "csv" else b"\t" if form == "tsv" or "tsv" not in formats else b"\n"
                    check_harmless(data.replace(own, b"\n"), isolates=form in ("table", "wide"))
                if form == "none":
                    check(data == b"", "nothing is printed")
                elif form in READERS and not (terminal and form in ("csv", "tsv")):
                    found = READERS[form](data)
                    check(read.setdefault(form, found) == found or path in RESTLESS or "-n" in words, "a terminal changes what is read")
                elif terminal and form == "table" and path.endswith(" list"):
                    longest = max(data.decode().split("\n"), key=cells)
                    check(cells(longest) <= WIDTH, f"{cells(longest)} cells wide: {longest}")
                elif not terminal and form in ("table", "wide") and path.endswith(" list"):
                    read_tsv(data)
            except (Failed, ValueError, csv.Error, yaml.YAMLError) as wrong:
                raise Failed(f"{what}: {wrong}") from wrong
    check_agreement(path, words, read)
    code, data, talk = place.piped([*words, "-o", "jsonl", "--jq", "."])
    check(code == 0 and (read["jsonl"] == read_lines(data) or path in RESTLESS or "-n" in words), f"{path} --jq .: {talk.decode()}")
    for form in set(READERS) - set(formats):
        code, data, talk = place.piped([*words, "-o", form])
        check(code == 2 and data == b"" and b"cannot print" in talk, f"{path} -o {form}: exit {code}, {talk.decode()}")
    if command["columns"]:
        code, data, talk = place.piped([*words, "-o", "csv", "--columns", "nonsense"])
        check(code == 2 and data == b"" and command["columns"][0].encode() in talk, f"{path} --columns nonsense: exit {code}, {talk.decode()}")


def check_agreement(path, words, read):
    """The same in every form, as far as two calls say the same."""
    if path in RESTLESS or "-n" in words or "json" not in read:
        return
    check(read["yaml"] == read["json"], f"{path}: yaml is another document than json")
    if "csv" not in read:
        return
    rows = rows_of(read["json"])
    check(path == "doctor" or rows == read["jsonl"] or not path.endswith(" list"), f"{path}: jsonl has other rows than json")
    plain = [[cell[1:] if re.match(r"'[=+\-@\t\r]", cell) else cell for cell in row] for row in read["csv"]]
    check(plain == read["tsv"], f"{path}: csv has other cells than tsv")
    names = plain[0]
    for row, shown in zip(rows, plain[1:], strict=True):
        for name, cell in zip(names, shown):
            value = row[name]
            said = "" if value is None else {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
            check(isinstance(value, (dict, list, float)) or str(said) == cell, f"{path}: {name} is {value!r} in json and {cell!r} in csv")


def check_json(place, command):
    """One command, on PostgreSQL."""
    words = [*command["path"].split(" "), *CALLS[command["path"]]]
    form = "json" if "json" in command["formats"] else "jsonl"
    code, data, talk = place.piped([*words, "-o", form])
    check(code == 0, f"{words}: exit {code}: {talk.decode()}")
    check(NUMBER not in data + talk, f"{words}: a number of a person is to be read")
    rows = rows_of(READERS[form](data)) if form == "json" else read_lines(data)
    check(not command["path"].endswith(" list") or rows, f"{words}: the list is empty")


# --- hostile surroundings ---------------------------------------------------------------------------------------------------------------------

TYPICAL = [["device", "list"], ["device", "get", "sim"], ["agent", "list"], ["agent", "get", "faq"], ["ignore", "list"], ["contact", "list", "--all"], ["contact", "get", "1"],
           ["conversation", "list"], ["conversation", "get", "1"], ["message", "list", "--all"], ["message", "get", "1"], ["template", "list"], ["file", "list"], ["event", "list"],
           ["event", "get", "1"], ["queue", "list"], ["job", "list", "--all"], ["job", "get", "job/1"], ["audit", "list", "--all"], ["audit", "get", "1"], ["retention", "show"], ["tail", "--no-follow"], ["config", "show"],
           ["migrate", "status"], ["version"], ["help"]]


def check_hostile(place, words):
    def expect(what, code, outcome):
        check(outcome[0] == code, f"{' '.join(words)} {what}: exit {outcome[0]}, {outcome[2].decode()}")
        return outcome

    with open("/dev/full", "wb") as full:
        outcome = expect("> /dev/full", 1, place.piped(words, stdout=full, stderr=subprocess.PIPE, capture_output=False))
        check(outcome[2] == b"wabot: writing standard output: No space left on device\n", f"{words} > /dev/full: {outcome[2].decode()}")
    ours, theirs = os.pipe()
    os.close(ours)
    expect("into a closed pipe", -signal.SIGPIPE, place.piped(words, stdout=theirs, stderr=subprocess.PIPE, capture_output=False))
    os.close(theirs)
    usual = expect("as usual", 0, place.piped(words))
    restless = words[0] in ("queue", "tail")
    closed = subprocess.run(["bash", "-c", '"$@" <&-', "bash", *place.line(*words)], env=place.environment, cwd=place.folder, capture_output=True, timeout=PATIENCE)
    expect("without stdin", 0, (closed.returncode, closed.stdout, closed.stderr))
    expect("env -i", 0, place.piped(words, env={}))
    outcome = expect("with a home that is not there", 0, place.piped(words, env={**place.environment, "HOME": "/proc/nowhere", "XDG_CONFIG_HOME": "/proc/nowhere"}))
    check(restless or outcome[1] == usual[1], f"{words} says something else without a home")
    gone = subprocess.run(["bash", "-c", 'mkdir gone.$$ && cd gone.$$ && rmdir ../gone.$$ && exec "$@"', "bash", *place.line(*words)], env=place.environment, cwd=place.folder,
                          capture_output=True, timeout=PATIENCE)
    expect("in a folder that is gone", 0, (gone.returncode, gone.stdout, gone.stderr))
    dumb = expect("on a dumb terminal", 0, place.on_terminal(words, {k: v for k, v in place.environment.items() if k != "NO_COLOR"} | {"TERM": "dumb"}))
    check_harmless(dumb[1].replace(b"\t", b""), isolates=True)
    expect("on 20 columns", 0, place.on_terminal(words, place.environment | {"COLUMNS": "20"}))


def check_watch(place):
    """--watch draws again what changed, and ends on Ctrl-C."""
    frames = lambda text: text.split(b"\x1b[H\x1b[J")[1:]
    changed = []

    def end(text):
        if len(frames(text)) == 1 and not changed:
            place.must("agent", "create", "watched", "--type", "rule_based", "--fallback", "x", "-q")
            changed.append(True)
        return any(b"watched" in frame and frame.endswith(b"\n") for frame in frames(text))

    code, text, talk = place.on_terminal(["agent", "list", "--watch"], height=10, end=end)
    check(code == -signal.SIGINT, f"--watch: exit {code}, {talk.decode()}")
    check(b"watched" not in frames(text)[0] and b"watched" in frames(text)[-1], "the change was drawn")
    code, text, talk = place.on_terminal(["agent", "list", "--watch", "--plain"], end=lambda text: b"watched" in text)
    check(code == -signal.SIGINT and b"\x1b" not in text, f"with --plain nothing is drawn over: {text}")
    process = subprocess.Popen(place.line("agent", "list", "-w", "-o", "csv", "--columns", "key"), env=place.environment, stdout=subprocess.PIPE)
    shown = process.stdout.read(len(b"key\r\nfaq\r\nwatched\r\n"))
    place.must("agent", "delete", "watched", "--yes", "-q")
    shown += process.stdout.read(len(b"key\r\nfaq\r\n"))
    process.send_signal(signal.SIGINT)
    check(process.wait(PATIENCE) == -signal.SIGINT, "--watch on a pipe ends by the signal, which is 130 to a shell")
    shown += process.stdout.read()
    check(shown == b"key\r\nfaq\r\nwatched\r\nkey\r\nfaq\r\n", f"on a pipe it is printed again when it changed: {shown}")


def main(binary):
    with tempfile.TemporaryDirectory() as folder:
        place = Place(binary, folder)
        commands = json.loads(subprocess.run([place.binary, "__commands"], capture_output=True, check=True).stdout)["commands"]
        unknown = {command["path"] for command in commands} ^ set(CALLS)
        check(not unknown, f"in the table and not here, or the other way round: {sorted(unknown)}")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            look = check_json if POSTGRES else check_forms
            work = [pool.submit(look, place, command) for command in commands if CALLS[command["path"]] is not None]
            if not POSTGRES:
                work += [pool.submit(check_hostile, place, words) for words in TYPICAL]
            wrong = [str(done.exception()) for done in concurrent.futures.as_completed(work) if done.exception()]
        check(not wrong, "\n".join(wrong))
        check(NUMBER in place.piped(["contact", "get", "1", "--reveal"])[1], "whoever may see numbers sees them")
        if place.store:
            place.store.close()
        else:
            check_watch(place)
    print(f"ok: {len(commands)} commands in all their forms")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Failed as wrong:
        print(f"FAILED: {wrong}")
        sys.exit(1)
