"""A wabot of one's own for an end-to-end test: its store in a scratch folder, its processes, a sender in Meta's place and a Graph API that keeps a ledger.

The Graph API is a program of its own, graph.py.
"""
import asyncio
import base64
import hashlib
import hmac
import http.client
import json
import os
import random
import re
import shutil
import signal
import sqlite3
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


def psql_rows(url, sql):
    """The names of the columns, none when there are no rows, and the rows."""
    # A row as pairs in order: names may repeat.
    rows = json.loads(psql(url, f"SELECT coalesce(json_agg(row_to_json(q)), '[]') FROM ({sql}) q"), object_pairs_hook=tuple)
    return [name for name, _ in rows[0]] if rows else [], [tuple(value for _, value in row) for row in rows]


def quoted(value):
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


class PostgresStore:
    """A database of its own on the server of this run."""

    def __init__(self):
        self.name = f"e_{random.SystemRandom().randrange(1 << 48):x}"
        self.url = self.place = POSTGRES.format(self.name)
        psql(POSTGRES.format("postgres"), f"CREATE DATABASE {self.name}")

    def begin_as(self, other):
        server = POSTGRES.format("postgres")
        psql(server, f"DROP DATABASE {self.name}")
        psql(server, f"CREATE DATABASE {self.name} TEMPLATE {other.name}")

    def query(self, sql, *values):
        for value in values:
            sql = sql.replace("?", quoted(value), 1)
        return psql_rows(self.url, sql)[1]

    def check_integrity(self):
        pass  # the server's own business

    def waits_for(self, _):
        """For a stopped process no longer than the server lets a transaction be idle."""
        return False

    def dump(self):
        """All that is in it, as (name, bytes); bytes of columns in clear and as the digits that the server writes them with."""
        text = subprocess.run(["pg_dump", "--inserts", "-d", self.url], stdout=subprocess.PIPE, check=True, timeout=PATIENCE).stdout
        clear = b"\n".join(bytes.fromhex(digits.decode()) for digits in re.findall(rb"\\x((?:[0-9a-f]{2})+)", text))
        check(clear, "the dump has bytes")
        return [("pg_dump", text), ("bytes of pg_dump", clear)]

    def close(self):
        psql(POSTGRES.format("postgres"), f"DROP DATABASE {self.name} WITH (FORCE)")


class SqliteStore:
    def __init__(self, folder):
        self.folder = folder
        self.place = f"{folder}/wabot.db"

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

    def __init__(self, argv, log, env, preexec=None):
        self.log = log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, preexec_fn=preexec)

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
        self.address_file = os.path.join(self.scratch, "address")  # the same, for other processes

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
        """A command's stdout; `expect` None takes any exit code."""
        done = subprocess.run([self.binary, *words, "-c", f"{self.dir}/wabot.toml", "--no-input"], env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
        check(expect is None or done.returncode == expect, f"wabot {' '.join(words)}: exit {done.returncode}, not {expect}\n{done.stdout}{done.stderr}")
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

    def start(self, *words, preexec=None, **faults):
        """With `faults`, variables of tests/faults/README.md, the binary that has fault points."""
        log = os.path.join(self.scratch, f"{len(self.processes)}-{words[0]}.log")
        process = Process([self.binary + ("-faults" if faults else ""), *words, "-c", f"{self.dir}/wabot.toml"], log, {**self.env, **faults}, preexec)
        self.processes.append(process)
        return process

    def serve(self, *words, may_end=False, preexec=None, **faults):
        """Starts a server on a free port and waits for its address."""
        server = self.start("serve", "--listen", "127.0.0.1:0", *words, preexec=preexec, **faults)

        def address():
            found = re.search(r"serves http://([\d.]+):(\d+)", server.text())
            check(found or may_end or server.is_alive(), f"serve ended\n{server.text()}")
            return found or not server.is_alive()

        found = until("server", address)
        if found is not True:
            self.address = (found[1], int(found[2]))
            with open(self.address_file + ".new", "w") as file:
                file.write(f"{found[1]} {found[2]}")
            os.rename(self.address_file + ".new", self.address_file)
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
    return {"from": number, "id": provider_id, "timestamp": str(int(time.time())), "type": "text", "text": {"body": text}}


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


class AddressFile:
    """Where `serve` is, for a process that did not start it: a Wabot's `address_file`."""

    def __init__(self, path):
        self.path = path

    @property
    def address(self):
        with open(self.path) as file:
            host, port = file.read().split()
        return host, int(port)


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
    """graph.py, as `plan` says. `url` takes messages; `accepted()` are the bodies it took, in the order of their arrival, each with the id it got (`id`), when
    (`at`, seconds) and how many were under way then (`at_once`). `uploads()` are the files it took, `reads()` what was marked as read.
    `url` + "/<fault>" is the same with a fault for the first attempt at each message, or at a file."""

    def __init__(self, wabot, latency=0.0, **plan):
        self.ledger = os.path.join(wabot.scratch, f"graph-{len(wabot.processes)}.jsonl")
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "graph.py")
        self.process = subprocess.Popen([sys.executable, "-B", program, self.ledger, json.dumps({"latency": latency, **plan})], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"
        self.noted = open(self.ledger, "rb")
        self.part, self.number = b"", 0  # of a line; of accepted messages

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.noted.close()

    def noted_as(self, kind):
        """All of a kind that is in the ledger."""
        with open(self.ledger) as file:
            return [json.loads(line) for line in file.read().split("\n")[:-1] if line.startswith(f'{{"kind": "{kind}"')]

    def accepted(self):
        return self.noted_as("accepted")

    def uploads(self):
        """Each with the id it got (`id`), its fields, its type and the digest of its bytes."""
        return self.noted_as("uploaded")

    def reads(self):
        """As they came."""
        return [record["body"] for record in self.noted_as("read")]

    def count(self):
        """How many were accepted."""
        *lines, self.part = (self.part + self.noted.read()).split(b"\n")
        self.number += sum(1 for line in lines if line.startswith(b'{"kind": "accepted"'))
        return self.number

    def answered(self):
        """The quoted ids, in order."""
        return [body["context"]["message_id"] for body in self.accepted()]

    def control(self, **wishes):
        """A control request, see graph.py; what it is answered."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("POST", "/control", json.dumps(wishes))
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()
