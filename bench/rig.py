"""What the measurements stand on: stores, servers under load, and what can be read off a process."""
import contextlib
import json
import os
import pathlib
import re
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time

top = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(top / "tests"))
from with_postgres import Server  # noqa: E402
work = top / "build" / "bench"
phone_number_id = "100000000000001"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(**more):
    foreign = re.compile(r"WABOT_|WHATSAPP_|AI_MESSAGE_|DATABASE_URL$|DEBUG$")
    return {name: value for name, value in os.environ.items() if not foreign.match(name)} | more


def psql(url, sql):
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url], input=sql, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


class Store:
    """A fresh store with one WhatsApp account, whose Graph API is played by the load on `graph_port`; on the PostgreSQL server `server`, when one is given."""

    def __init__(self, build, name, server=None):
        self.build = build
        self.environment = {}
        self.url = None
        if server:
            database = re.sub("[^a-z0-9]", "_", name)
            psql(server.url.format("postgres"), f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
            psql(server.url.format("postgres"), f"CREATE DATABASE {database}")
            self.url = server.url.format(database)
            self.environment = {"DATABASE_URL": self.url}
        self.folder = work / name
        subprocess.run(["rm", "-rf", self.folder], check=True)
        self.folder.mkdir(parents=True)
        self.config = self.folder / "wabot.toml"
        self.graph_port = free_port()
        self.secret = self.folder / "app_secret"
        self.secret.write_text(secrets.token_hex(16))
        (self.folder / "token").write_text(secrets.token_hex(16))
        (self.folder / "rules.json").write_text(json.dumps([{"pattern": "(?i)open", "response": "We are open from 9 to 17."}]))
        self.body = self.folder / "webhook.json"
        template = (top / "scripts/demo/whatsapp-text.json").read_text()
        for name, value in {"waba_id": "1", "display_phone_number": "15550001", "phone_number_id": phone_number_id, "timestamp": str(int(time.time())),
                            "question": "When are you open?"}.items():
            template = template.replace("{" + name + "}", value)
        self.body.write_text(json.dumps(json.loads(template), separators=(",", ":")))
        self.wabot("init", "--dir", self.folder)
        self.wabot("device", "create", "bench", "--kind", "whatsapp", "--no-verify", "--option", f"phone_number_id={phone_number_id}",
                   "--option", f"graph_url=http://127.0.0.1:{self.graph_port}", "--option", "rate_per_s=0", "--option", "loop_limit=0",
                   "--secret-from", f"app_secret={self.secret}", "--secret-from", f"access_token={self.folder / 'token'}")
        self.wabot("agent", "create", "hours", "--type", "rule_based", "--rules-file", self.folder / "rules.json")
        self.wabot("agent", "attach", "hours", "bench")

    def wabot(self, *words):
        words = [self.build / "wabot", *words] + ([] if words[0] == "init" else ["-c", self.config])
        subprocess.run(words, check=True, env=environment(**self.environment), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def serve(self, *words):
        return [self.build / "wabot", "serve", "-q", "-c", self.config, *words]

    def query(self, sql):
        if self.url:
            return int(psql(self.url, sql))
        with contextlib.closing(sqlite3.connect(f"file:{self.folder / 'wabot.db'}?mode=ro", uri=True)) as db:
            return db.execute(sql).fetchone()[0]

    def fill(self, messages):
        """Stored messages of up to a thousand other people, each question with its answer and its send."""
        people = min(1000, messages // 2)
        if self.url:
            return self.fill_postgres(messages, people)
        with contextlib.closing(sqlite3.connect(self.folder / "wabot.db")) as db:
            db.execute("PRAGMA foreign_keys=ON")
            db.executescript(f"""
                BEGIN;
                CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {messages // 2}) SELECT i FROM c;
                INSERT INTO contacts (device_id, contact_jid_enc, contact_jid_hash, contact_jid_last4, created_at, updated_at)
                    SELECT 1, randomblob(60), randomblob(32), '0000', i, i FROM n WHERE i <= {people};
                INSERT INTO conversations (key, device_id, contact_id, created_at, updated_at) SELECT 'old' || id, 1, id, 1, 1 FROM contacts;
                INSERT INTO messages (conversation_id, device_id, direction, sender_kind, contact_id, message_type, content, raw, takes_turn,
                                      whatsapp_message_id_enc, whatsapp_message_id_hash, whatsapp_message_id_last4, status, timestamp, created_at, updated_at)
                    SELECT 1 + i % {people}, 1, 'incoming', 'contact', 1 + i % {people}, 'text', 'When are you open?', randomblob(300), 1,
                           randomblob(80), randomblob(32), '0000', 'received', i, i, i FROM n;
                INSERT INTO messages (conversation_id, device_id, direction, sender_kind, contact_id, agent_id, message_type, content,
                                      whatsapp_message_id_enc, whatsapp_message_id_hash, whatsapp_message_id_last4, status, timestamp, created_at, updated_at)
                    SELECT 1 + i % {people}, 1, 'outgoing', 'agent', 1 + i % {people}, 1, 'text', 'We are open from 9 to 17.',
                           randomblob(80), randomblob(32), '0000', 'sent', i, i, i FROM n;
                INSERT INTO sends (message_id, conversation_id, device_id, part, attempt, state, content, on_uncertain,
                                   whatsapp_message_id_enc, whatsapp_message_id_hash, whatsapp_message_id_last4, created_at, updated_at)
                    SELECT {messages // 2} + i, 1 + i % {people}, 1, 1, 1, 'sent', 'We are open from 9 to 17.', 'resend',
                           randomblob(80), randomblob(32), '0000', i, i FROM n;
                INSERT INTO turns (conversation_id, agent_id, first_message_id, last_message_id, reply_message_id, attempt, outcome, created_at, updated_at)
                    SELECT 1 + i % {people}, 1, i, i, {messages // 2} + i, 1, 'replied', i, i FROM n;
                UPDATE conversations SET turn_cursor = {messages};
                COMMIT;
                PRAGMA wal_checkpoint(TRUNCATE);""")

    def fill_postgres(self, messages, people):
        half = messages // 2
        psql(self.url, f"""
            CREATE FUNCTION pg_temp.bytes(n int) RETURNS bytea LANGUAGE sql VOLATILE
                AS $$ SELECT substr(sha512(random()::text::bytea) || sha512(random()::text::bytea) || sha512(random()::text::bytea) || sha512(random()::text::bytea) || sha512(random()::text::bytea), 1, n) $$;
            INSERT INTO contacts (device_id, contact_jid_enc, contact_jid_hash, contact_jid_last4, created_at, updated_at)
                SELECT 1, pg_temp.bytes(60), pg_temp.bytes(32), '0000', i, i FROM generate_series(1, {people}) i;
            INSERT INTO conversations (key, device_id, contact_id, created_at, updated_at) SELECT 'old' || id, 1, id, 1, 1 FROM contacts;
            INSERT INTO messages (conversation_id, device_id, direction, sender_kind, contact_id, message_type, content, raw, takes_turn,
                                  whatsapp_message_id_enc, whatsapp_message_id_hash, whatsapp_message_id_last4, status, timestamp, created_at, updated_at)
                SELECT 1 + i % {people}, 1, 'incoming', 'contact', 1 + i % {people}, 'text', 'When are you open?', pg_temp.bytes(300), TRUE,
                       pg_temp.bytes(80), pg_temp.bytes(32), '0000', 'received', i, i, i FROM generate_series(1, {half}) i;
            INSERT INTO messages (conversation_id, device_id, direction, sender_kind, contact_id, agent_id, message_type, content,
                                  whatsapp_message_id_enc, whatsapp_message_id_hash, whatsapp_message_id_last4, status, timestamp, created_at, updated_at)
                SELECT 1 + i % {people}, 1, 'outgoing', 'agent', 1 + i % {people}, 1, 'text', 'We are open from 9 to 17.',
                       pg_temp.bytes(80), pg_temp.bytes(32), '0000', 'sent', i, i, i FROM generate_series(1, {half}) i;
            INSERT INTO sends (message_id, conversation_id, device_id, part, attempt, state, content, on_uncertain,
                               whatsapp_message_id_enc, whatsapp_message_id_hash, whatsapp_message_id_last4, created_at, updated_at)
                SELECT {half} + i, 1 + i % {people}, 1, 1, 1, 'sent', 'We are open from 9 to 17.', 'resend',
                       pg_temp.bytes(80), pg_temp.bytes(32), '0000', i, i FROM generate_series(1, {half}) i;
            INSERT INTO turns (conversation_id, agent_id, first_message_id, last_message_id, reply_message_id, attempt, outcome, created_at, updated_at)
                SELECT 1 + i % {people}, 1, i, i, {half} + i, 1, 'replied', i, i FROM generate_series(1, {half}) i;
            INSERT INTO inbox (kind, digest, version, state, received_at, done_at) SELECT 'whatsapp', pg_temp.bytes(32), 1, 'done', i, i FROM generate_series(1, {half}) i;
            UPDATE conversations SET turn_cursor = {messages};
            VACUUM ANALYZE;
            CHECKPOINT;""")

    def append_bench(self, clients, seconds):
        """Transactions per second of pgbench for the same insert as a webhook's, one in each."""
        script = self.folder / "append.sql"
        script.write_text("""INSERT INTO inbox (kind, device_id, verified_by, digest, body, request_id, received_at)
            VALUES ('whatsapp', NULL, 1, sha256(random()::text::bytea), decode(repeat('5a', 1200), 'hex'), 'r', 1) ON CONFLICT (kind, digest) DO NOTHING;\n""")
        done = subprocess.run(["pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(int(seconds)), "-f", str(script), self.url],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
        return float(re.search(r"tps = ([0-9.]+)", done.stdout).group(1))


@contextlib.contextmanager
def serving(command, log, **env):
    """Runs a server on a free port until the block ends; gives its port and its process."""
    port = free_port()
    with open(log, "w") as output:
        server = subprocess.Popen([*map(str, command), "--listen", f"127.0.0.1:{port}"], stdout=output, stderr=output, env=environment(**env))
        try:
            server.started_in_ms = first_answer_ms(server, port, log)
            yield port, server
        finally:
            server.send_signal(signal.SIGTERM)
            if server.wait(120) != 0:
                sys.exit(f"{command[0]} ended with {server.returncode}, see {log}")


@contextlib.contextmanager
def working(store, name):
    """A worker beside the server, until the block ends."""
    with open(store.folder / f"{name}.log", "w") as output:
        worker = subprocess.Popen([store.build / "wabot", "worker", "-q", "-c", store.config], stdout=output, stderr=output, env=environment(**store.environment))
        try:
            yield
        finally:
            worker.send_signal(signal.SIGTERM)
            if worker.wait(120) != 0:
                sys.exit(f"a worker ended with {worker.returncode}, see {store.folder}/{name}.log")


def first_answer_ms(server, port, log):
    """Until a request is answered 200, from now on."""
    begin = time.monotonic()
    while time.monotonic() - begin < 20:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=20) as link:
            link.sendall(b"GET /health/live HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            if link.recv(100).startswith(b"HTTP/1.1 "):
                return (time.monotonic() - begin) * 1000
        if server.poll() is not None:
            break
        time.sleep(0.001)
    sys.exit(f"no answer, see {log}")


def resident_mib(server, which="VmRSS"):
    """What the process keeps in memory, in MiB; VmHWM: the most it ever kept."""
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    return int(re.search(which + r":\s+(\d+) kB", status).group(1)) / 1024


def load(build, port, *words):
    done = subprocess.run([str(word) for word in (build / "bench/bench_load", "--port", port, *words)], stdout=subprocess.PIPE, text=True)
    result = json.loads(done.stdout) if done.stdout else {}
    if done.returncode != 0:
        sys.exit(f"the load was not served whole: {json.dumps(result)}")
    return result


def took_ms(command, times):
    """Milliseconds of each run of a command, its output thrown away."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, env=environment())
        taken.append((time.perf_counter() - begin) * 1000)
    return sorted(taken)
