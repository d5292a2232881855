"""A wabot of one's own for an end-to-end test: its store in a scratch folder, its processes, a sender in Meta's place and a Graph API that keeps a ledger.

The Graph API is a process of its own (`wabot.py graph LEDGER LATENCY`), so that neither a kill nor the test's own work touches what it noted.
"""
import asyncio
import base64
import hashlib
import hmac
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

APP_SECRET = "the-app-secret-of-the-tests"
NUMBER_ID = "200000000000001"
SLOWNESS = float(os.environ.get("WABOT_TEST_SLOWNESS", "1"))  # of the binary: under a sanitizer everything takes longer
PATIENCE = 60.0 * SLOWNESS  # seconds for anything that is waited for


class Failed(Exception):
    """What the test found wrong."""


def fail(text):
    raise Failed(text)


def check(condition, text):
    if not condition:
        fail(text)


def seeded():
    """The source of all chance of a test; WABOT_TEST_SEED repeats a run."""
    seed = int(os.environ.get("WABOT_TEST_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"seed {seed}", flush=True)
    return random.Random(seed)


def until(what, look, patience=PATIENCE):
    """The first true answer of `look`."""
    end = time.monotonic() + patience
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            fail(f"no {what} within {patience:.0f} s")
        time.sleep(0.02)


# --- where it keeps things --------------------------------------------------------------------------------------------------------------------

POSTGRES = os.environ.get("WABOT_TEST_POSTGRES")  # the URL of a server, {} in place of the database's name: with_postgres.py


def psql(url, sql):
    """What the server answers to one statement, as text."""
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", "-"], input=sql, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
    check(done.returncode == 0, f"psql: {done.stderr}")
    return done.stdout


def quoted(value):
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


class PostgresStore:
    """A database of its own on the server of this run."""

    def __init__(self):
        self.name = f"e_{random.SystemRandom().randrange(1 << 48):x}"
        self.url = POSTGRES.format(self.name)
        psql(POSTGRES.format("postgres"), f"CREATE DATABASE {self.name}")

    def begin_as(self, other):
        server = POSTGRES.format("postgres")
        psql(server, f"DROP DATABASE {self.name}")
        psql(server, f"CREATE DATABASE {self.name} TEMPLATE {other.name}")

    def query(self, sql, *values):
        for value in values:
            sql = sql.replace("?", quoted(value), 1)
        # A row as its values in order: names may repeat.
        answer = psql(self.url, f"SELECT coalesce(json_agg(row_to_json(q)), '[]') FROM ({sql}) q")
        return json.loads(answer, object_pairs_hook=lambda pairs: tuple(value for _, value in pairs))

    def check_integrity(self):
        pass  # the server's own business

    def waits_for(self, _):
        """For a stopped process no longer than the server lets a transaction be idle."""
        return False

    def dump(self):
        """All that is in it, as (name, octets); octets of columns in clear and as the digits that the server writes them with."""
        text = subprocess.run(["pg_dump", "--inserts", "-d", self.url], stdout=subprocess.PIPE, check=True, timeout=PATIENCE).stdout
        clear = b"\n".join(bytes.fromhex(digits.decode()) for digits in re.findall(rb"\\x((?:[0-9a-f]{2})+)", text))
        check(clear, "the dump has octets")
        return [("pg_dump", text), ("octets of pg_dump", clear)]

    def close(self):
        psql(POSTGRES.format("postgres"), f"DROP DATABASE {self.name} WITH (FORCE)")


class SqliteStore:
    def __init__(self, folder):
        self.folder = folder

    def begin_as(self, other):
        shutil.copytree(other.folder, self.folder, dirs_exist_ok=True)

    def query(self, sql, *values):
        db = sqlite3.connect(f"file:{self.folder}/wabot.db?mode=ro", uri=True, timeout=10)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    def waits_for(self, pid):
        """A stopped process that holds the write lock stops everybody else."""
        inode = os.stat(f"{self.folder}/wabot.db.lock").st_ino
        with open("/proc/locks") as file:
            locks = [line.split() for line in file if "FLOCK" in line and "->" not in line]
        return any(int(words[4]) == pid and words[5].endswith(f":{inode}") for words in locks)

    def check_integrity(self):
        answer = self.query("PRAGMA integrity_check")
        check(answer == [("ok",)], f"integrity_check: {answer}")

    def dump(self):
        return []  # its files are all there is

    def close(self):
        pass


# --- the product ------------------------------------------------------------------------------------------------------------------------------


def clean_environment(**settings):
    """The caller's, without settings of wabot: they would win over the test's."""
    ours = ("WABOT_", "WHATSAPP_", "AI_MESSAGE_", "DATABASE_URL", "DEBUG")
    return {**{name: value for name, value in os.environ.items() if not name.startswith(ours)}, **settings}


class Process:
    """A `serve` or `worker`; `log` is the file of its stderr."""

    def __init__(self, argv, log, env):
        self.log = log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env)

    def text(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def is_alive(self):
        return self.process.poll() is None

    def is_stopped(self):
        """By SIGSTOP."""
        if not self.is_alive():
            return False
        with open(f"/proc/{self.process.pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "T"

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, patience=PATIENCE):
        """Asks it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            fail(f"still running {patience:.0f} s after SIGTERM")


class Wabot:
    def __init__(self, binary, **settings):
        self.binary = os.path.realpath(binary)
        self.scratch = tempfile.mkdtemp(prefix="wabot-e2e.")
        self.dir = os.path.join(self.scratch, "store")
        self.env = clean_environment(**settings)
        self.store = PostgresStore() if POSTGRES else SqliteStore(self.dir)
        if POSTGRES:
            self.env["DATABASE_URL"] = self.store.url
        self.processes = []
        self.address = None  # (host, port) of the server that was started last

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for process in self.processes:
            if process.is_alive():
                process.kill()
        if kind is not None:
            for process in self.processes[-2:]:
                print(f"--- the end of {os.path.basename(process.log)}\n{process.text()[-3000:]}")
        self.store.close()
        shutil.rmtree(self.scratch)

    def run(self, *words, expect=0):
        """A command's stdout."""
        done = subprocess.run([self.binary, *words, "-c", f"{self.dir}/wabot.toml", "--no-input"], env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
        check(done.returncode == expect, f"wabot {' '.join(words)}: exit {done.returncode}, not {expect}\n{done.stdout}{done.stderr}")
        return done.stdout

    def begin_as(self, other):
        """With all that another one has, which is not running."""
        shutil.copytree(other.dir, self.dir)
        self.store.begin_as(other.store)

    def init(self):
        self.run("init", "--dir", self.dir)

    def file(self, name, text):
        path = os.path.join(self.scratch, name)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o600)
        return path

    def echo_agent(self):
        """Agent `echo` answers everything and quotes what it answers, so that a reply names its question."""
        self.run("agent", "create", "echo", "--type", "rule_based", "--fallback", "Noted.", "--quote")

    def device(self, key, graph, number_id=NUMBER_ID, app_secret=APP_SECRET, agent="echo", more=(), **options):
        options = {"phone_number_id": number_id, "graph_url": graph, "rate_per_s": 0, "loop_limit": 0, **options}
        words = ["device", "create", key, "--kind", "whatsapp", "--no-verify", *more]
        for name, value in options.items():
            words += ["--option", f"{name}={value}"]
        for name, value in [("access_token", "token"), ("app_secret", app_secret), ("verify_token", "verify")]:
            words += ["--secret-from", f"{name}={self.file(name, value)}"]
        self.run(*words, *(["--agent", agent] if agent else []))

    def start(self, *words, **faults):
        """With `faults`, variables of tests/faults/README.md, the binary that has fault points."""
        log = os.path.join(self.scratch, f"{len(self.processes)}-{words[0]}.log")
        process = Process([self.binary + ("-faults" if faults else ""), *words, "-c", f"{self.dir}/wabot.toml"], log, {**self.env, **faults})
        self.processes.append(process)
        return process

    def serve(self, *words, may_end=False, **faults):
        """Starts a server on a free port and waits for its address."""
        server = self.start("serve", "--listen", "127.0.0.1:0", *words, **faults)

        def address():
            found = re.search(r"serves http://([\d.]+):(\d+)", server.text())
            check(found or may_end or server.is_alive(), f"serve ended\n{server.text()}")
            return found or not server.is_alive()

        found = until("server", address)
        if found is not True:
            self.address = (found[1], int(found[2]))
        return server

    def rows(self, *words):
        """What a list command prints of everything."""
        return [json.loads(line) for line in self.run(*words, "--all", "-o", "jsonl").splitlines()]

    def query(self, sql, *values):
        """For what no command shows yet: rows of the store, read only."""
        return self.store.query(sql, *values)

    def is_idle(self):
        """Nothing is received, pending or on its way."""
        return self.query("""SELECT NOT EXISTS (SELECT 1 FROM inbox WHERE state = 'received')
                                AND NOT EXISTS (SELECT 1 FROM conversations WHERE turn_pending > 0 OR send_pending > 0)""") == [(1,)]

    def until_idle(self, patience=PATIENCE):
        until("end of the work", self.is_idle, patience)

    def check_integrity(self):
        self.store.check_integrity()


# --- in Meta's place: webhooks ----------------------------------------------------------------------------------------------------------------


def wamid(number, word):
    """Shaped as Meta's are: base64 of a record that holds the contact's number."""
    return "wamid." + base64.b64encode(b"\x1d\x17\x0b\x12" + number.encode() + b"\x15\x02\x00\x12\x18\x14" + word.encode() + b"\x00").decode()


def text_message(number, provider_id, text):
    return {"from": number, "id": provider_id, "timestamp": "1750000000", "type": "text", "text": {"body": text}}


def sent_status(number, body):
    """That the `number`-th message that the Graph API took has gone out."""
    to = body["to"].lstrip("+")
    return {"id": wamid(to, f"OUT{number}"), "status": "sent", "timestamp": "1750000000", "recipient_id": to,
            "biz_opaque_callback_data": body["biz_opaque_callback_data"]}


def webhook(*messages, statuses=(), number_id=NUMBER_ID, display="15550100001"):
    value = {"messaging_product": "whatsapp", "metadata": {"display_phone_number": display, "phone_number_id": number_id}}
    if messages:
        people = {message["from"]: None for message in messages}
        value["contacts"] = [{"profile": {"name": "Someone"}, "wa_id": number} for number in people]
        value["messages"] = list(messages)
    if statuses:
        value["statuses"] = list(statuses)
    change = {"value": value, "field": "messages"}
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "300000000000001", "changes": [change]}]}).encode()


def sign(body, app_secret=APP_SECRET):
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


class Sender:
    """Posts signed bodies, one at a time on a connection of its own, and again until it has a 2xx."""

    def __init__(self, wabot, path="/webhooks/whatsapp", app_secret=APP_SECRET):
        self.wabot, self.path, self.app_secret = wabot, path, app_secret
        self.stream = None
        self.head = b""  # of the last answer, in lower case

    async def deliver(self, body, patience=PATIENCE):
        end = time.monotonic() + patience
        while True:
            if await self.post(body) in range(200, 300):
                return
            if time.monotonic() > end:
                fail(f"no 2xx within {patience:.0f} s")
            await asyncio.sleep(0.02)

    async def post(self, body):
        """The status, or 0 when there was no answer."""
        try:
            return await self.exchange(body)
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            return 0

    async def exchange(self, body):
        if self.stream is None:
            self.stream = await asyncio.open_connection(*self.wabot.address)
        reader, writer = self.stream
        writer.write((f"POST {self.path} HTTP/1.1\r\nHost: wabot\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                      f"X-Hub-Signature-256: {sign(body, self.app_secret)}\r\n\r\n").encode() + body)
        head = self.head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(length_of(head))
        if b"connection: close" in head:
            self.close()
        return int(head.split(b" ", 2)[1])

    def close(self):
        if self.stream is not None:
            self.stream[1].close()
        self.stream = None


def length_of(head):
    found = re.search(rb"content-length: *(\d+)", head)
    return int(found[1]) if found else 0


async def deliver_all(wabot, bodies, senders, acknowledged=None):
    """Posts every body by the given number of senders; `acknowledged` takes each body's index once it has its 2xx."""
    waiting = iter(enumerate(bodies))

    async def work():
        sender = Sender(wabot)
        for index, body in waiting:
            await sender.deliver(body)
            if acknowledged is not None:
                acknowledged.append(index)
        sender.close()

    await asyncio.gather(*(work() for _ in range(senders)))


def deliver(wabot, *bodies, **how):
    """One after the other."""
    async def work():
        sender = Sender(wabot, **how)
        for body in bodies:
            await sender.deliver(body)
        sender.close()

    asyncio.run(work())


def post(wabot, body, patience=PATIENCE, **how):
    """The status, or 0 when there was no answer in time."""
    async def work():
        sender = Sender(wabot, **how)
        try:
            return await asyncio.wait_for(sender.post(body), patience)
        except asyncio.TimeoutError:
            return 0
        finally:
            sender.close()

    return asyncio.run(work())


# --- in Meta's place: the Graph API -----------------------------------------------------------------------------------------------------------


class Graph:
    """`url` takes messages; `accepted()` are the bodies it took, in the order of their arrival, each with the id it got (`id`), when
    (`at`, seconds) and how many were under way then (`at_once`). `uploads()` are the files it took, `reads()` what was marked as read.
    `url` + "/<fault>" is the same with a FAULT for the first attempt at each message; see `run_graph`."""

    def __init__(self, wabot, latency=0.0):
        self.ledger = os.path.join(wabot.scratch, f"graph-{len(wabot.processes)}.jsonl")
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), "graph", self.ledger, str(latency)], stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"
        self.noted = open(self.ledger, "rb")
        self.lines = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.noted.close()

    def accepted(self):
        with open(self.ledger) as file:
            return [json.loads(line) for line in file.read().split("\n")[:-1]]

    def uploads(self):
        """Each with the id it got (`id`), its fields, its type and the digest of its octets."""
        return self.aside("uploads")

    def reads(self):
        return self.aside("reads")

    def aside(self, what):
        path = f"{self.ledger}.{what}"
        if not os.path.exists(path):
            return []
        with open(path) as file:
            return [json.loads(line) for line in file.read().split("\n")[:-1]]

    def count(self):
        self.lines += self.noted.read().count(b"\n")
        return self.lines

    def answered(self):
        """The quoted ids, in order."""
        return [body["context"]["message_id"] for body in self.accepted()]


def address_of(body):
    return body.get("to") or body["recipient"]


def graph_error(status, code, text, headers=""):
    body = json.dumps({"error": {"message": f"(#{code}) {text}", "code": code, "error_data": {"details": text}}})
    return answer_octets(status, body, headers)


def answer_octets(status, body, headers=""):
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n{headers}\r\n{body}".encode()


# What a first attempt meets. Of these the message was taken all the same, and the answer says nothing clear (None: there is none) ...
UNCLEAR = {"garbage": b"certainly not HTTP\r\n\r\n", "no_json": answer_octets("200 OK", "<html>thanks</html>"), "no_id": answer_octets("200 OK", '{"messages":[]}'),
           "half": answer_octets("200 OK", '{"messages":[]}')[:-6], "page502": answer_octets("502 Bad Gateway", "<html>Bad Gateway</html>"),
           "reset_answer": None, "swallow": None, "drip": None}
# ... by these it was clearly refused.
REFUSALS = {"temporary": graph_error("500 Internal Server Error", 131000, "Something went wrong"),
            "later": graph_error("503 Service Unavailable", 131016, "Service overloaded", "Retry-After: 4\r\n"),
            "limit": graph_error("400 Bad Request", 130429, "Rate limit hit"), "pair": graph_error("400 Bad Request", 131056, "Pair rate limit hit"),
            "permanent": graph_error("400 Bad Request", 131026, "Message undeliverable")}
RESETS = ("reset_head", "reset_body")  # before it was taken
# What a first upload meets; the second one is taken.
UPLOAD_FAULTS = {"upload_temporary": graph_error("500 Internal Server Error", 131000, "Something went wrong"),
                 "upload_page": answer_octets("502 Bad Gateway", "<html>Bad Gateway</html>"), "upload_swallow": None}
UPLOAD_REFUSED = graph_error("400 Bad Request", 131053, "Unsupported media")  # every one at "upload_refused"


def form_of(head, body):
    """The fields of a multipart form; of the file its type and digest."""
    boundary = re.search(rb"boundary=([^\s;]+)", head)[1]
    fields = {}
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, octets = part.partition(b"\r\n\r\n")
        octets = octets[:-2]
        name = re.search(rb'name="([^"]*)"', head)[1].decode()
        if b"filename=" in head:
            fields["filename"] = re.search(rb'filename="([^"]*)"', head)[1].decode()
            fields["file_type"] = re.search(rb"Content-Type: (\S+)", head)[1].decode()
            fields["sha256"], fields["size"] = hashlib.sha256(octets).hexdigest(), len(octets)
        else:
            fields[name] = octets.decode()
    return fields


async def run_graph(ledger, latency):
    """Also takes files, and what was marked as read, which are noted beside the ledger. A message takes `latency` seconds to arrive; then it is accepted and noted, and the answer takes as long again. What its sender does not wait for
    that long is lost on the way. A text that says `refuse` is refused; the token `refused` is, too."""
    number, at_once, files = 0, 0, 0
    met = set()  # messages whose first attempt had its fault

    def accept(body):
        nonlocal number
        number += 1
        body["id"], body["at"], body["at_once"] = wamid(address_of(body).lstrip("+"), f"OUT{number}"), time.time(), at_once
        ledger.write(json.dumps(body) + "\n")
        return answer_octets("200 OK", json.dumps({"messaging_product": "whatsapp", "messages": [{"id": body["id"]}]}))

    def note(what, body):
        with open(f"{ledger.name}.{what}", "a") as file:
            file.write(json.dumps(body) + "\n")

    def take_file(head, fault, number_id, body, writer):
        """Whether the connection lives on."""
        nonlocal files
        first = ("upload", fault, number_id) not in met
        met.add(("upload", fault, number_id))
        octets = UPLOAD_FAULTS[fault] if first and fault in UPLOAD_FAULTS else UPLOAD_REFUSED if fault == "upload_refused" else b""
        if octets is None:
            return False
        if not octets:
            files += 1
            id = f"7{number_id[-6:]}{files:06}"
            note("uploads", {"id": id, "at": time.time(), **form_of(head, body)})
            octets = answer_octets("200 OK", json.dumps({"id": id}))
        writer.write(octets)
        return True

    async def be_unclear(fault, reader, writer):
        """Whether the connection lives on."""
        octets = UNCLEAR[fault]
        if octets is not None:
            writer.write(octets)
        elif fault == "drip":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while fault in ("drip", "swallow"):
            await asyncio.sleep(0.5)
            if reader.at_eof() or reader.exception() is not None:
                break
            if fault == "drip":
                writer.write(b".")
        if fault == "reset_answer":
            reset(writer)
        return fault in ("no_json", "no_id", "page502")

    async def one(reader, writer):
        """Whether there may be another on this connection."""
        nonlocal at_once
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if head.startswith("GET "):
            writer.write(graph_error("400 Bad Request", 100, "Unsupported get request"))  # it knows no media
            return True
        fault = head.split(" ", 2)[1].split("/")[1]
        number_id = head.split(" ", 2)[1].split("/")[-2]
        if fault == "reset_head" and (fault, number_id) not in met:
            met.add((fault, number_id))
            return reset(writer)
        length = re.search(r"content-length: *(\d+)", head.lower())
        if head.split(" ", 2)[1].endswith("/media"):
            return take_file(head.encode(), fault, number_id, await reader.readexactly(int(length[1])), writer)
        if fault == "reset_body":
            await reader.readexactly(1)
            if (fault, number_id) not in met:
                met.add((fault, number_id))
                return reset(writer)
            body = json.loads(b"{" + await reader.readexactly(int(length[1]) - 1))
        else:
            body = json.loads(await (reader.readexactly(int(length[1])) if length else read_chunks(reader)))
        if body.get("status") == "read":
            note("reads", body)
            writer.write(answer_octets("200 OK", '{"success": true}'))
            return True
        at_once += 1
        try:
            return await take(head, fault, number_id, body, reader, writer)
        finally:
            at_once -= 1

    async def take(head, fault, number_id, body, reader, writer):
        await asyncio.sleep(latency)
        if reader.at_eof() or reader.exception() is not None:
            return False
        first = (number_id, body["biz_opaque_callback_data"].rsplit(".", 1)[0])
        is_met = first in met
        met.add(first)
        if "bearer refused" in head.lower():
            answer = graph_error("401 Unauthorized", 190, "The access token could not be decrypted")
        elif "refuse" in body.get("text", {}).get("body", ""):
            answer = graph_error("400 Bad Request", 131026, f"Not deliverable to +{address_of(body).lstrip('+')}")
        elif fault in REFUSALS and not is_met:
            answer = REFUSALS[fault]
        elif fault in UNCLEAR and not is_met:
            accept(body)
            return await be_unclear(fault, reader, writer)
        else:
            answer = accept(body)
        await asyncio.sleep(latency)
        writer.write(answer)
        return True

    async def serve(reader, writer):
        try:
            while await one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def reset(writer):
    """Ends the connection by RST instead of FIN."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False


async def read_chunks(reader):
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body


if __name__ == "__main__":
    _, role, ledger_path, latency_seconds = sys.argv
    with open(ledger_path, "w", buffering=1) as ledger_file:
        asyncio.run(run_graph(ledger_file, float(latency_seconds)))
