#!/usr/bin/env python3
"""Writes a store of WABOT's newest revision, as text, with rows in every table, for both engines: make.py WABOT

Run once with the binary of each released version: later versions are tested to bring its store up. What is stored is never made anew.
"""
import base64
import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent), str(HERE.parent / "e2e")]
import wabot as e2e  # noqa: E402
from with_postgres import Server  # noqa: E402

PEOPLE = [f"1202555{number:04}" for number in range(160, 163)]


DOT = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082")
WABA = "700100200300400"


def item(number, word, **content):
    return {"from": number, "id": e2e.wamid(number, word), "timestamp": str(int(time.time())), **content}


def question(number, word, text):
    return e2e.webhook(item(number, word, type="text", text={"body": text}))


def news(field, value):
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": WABA, "changes": [{"field": field, "value": value}]}]}).encode()


def live(wabot, graph):
    """A little of everything that leaves a row."""
    wabot.echo_agent()
    wabot.device("shop", graph.url, rate_per_s=80, waba_id=WABA)
    wabot.run("ignore", "create", "--keyword", "lottery", "--device", "shop")
    server = wabot.serve()
    for number in PEOPLE:
        e2e.deliver(wabot, question(number, "Q1", "When are you open?"))
    for_nobody = e2e.webhook(item(PEOPLE[1], "Q2", type="text", text={"body": "For whom?"}), number_id="7")
    picture = {"id": "12345", "mime_type": "image/jpeg", "sha256": base64.b64encode(bytes(32)).decode(), "caption": "Here"}
    moved = {"type": "user_changed_number", "body": "User changed", "wa_id": "12025550199"}
    e2e.deliver(wabot, question(PEOPLE[0], "Q2", "You won the lottery!"), b'{"object": 1}', for_nobody,
                e2e.webhook(item(PEOPLE[0], "Q3", type="image", image=picture)), e2e.webhook(item(PEOPLE[2], "Q2", type="system", system=moved)),
                news("account_update", {"event": "VERIFIED_ACCOUNT", "phone_number": "12025550100"}),
                news("message_template_status_update", {"event": "REJECTED", "message_template_id": 700100200300401, "message_template_name": "order_ready",
                                                        "message_template_language": "en", "reason": "INVALID_FORMAT"}))
    wabot.until_idle()
    e2e.deliver(wabot, e2e.webhook(statuses=[e2e.sent_status(number, body) for number, body in enumerate(graph.accepted(), 1)]))
    dot = pathlib.Path(wabot.scratch, "dot.png")
    dot.write_bytes(DOT)
    wabot.run("message", "send", "1", "--image", str(dot), "--device", "shop")
    wabot.run("message", "send", "1", "--text", "refuse this", "--device", "shop", "--idempotency-key", "refusal")
    wabot.until_idle()
    wabot.run("queue", "pause", "job")
    server.kill()  # so that its row stays


STEP = "INSERT INTO turn_steps (turn_id, n, kind, request, answer, created_at) SELECT min(id), 1, 'tool', '{}', NULL, 1 FROM turns"  # nothing writes these yet


class Sqlite:
    name = "sqlite"

    def __init__(self, wabot):
        self.path = f"{wabot.dir}/wabot.db"

    def connect(self):
        return sqlite3.connect(self.path)

    def run(self, sql):
        with self.connect() as db:
            db.execute(sql)
        db.close()

    def tables(self):
        db = self.connect()
        return {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
                for name, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()}

    def dump(self):
        lines = [line for line in self.connect().iterdump() if line not in ("BEGIN TRANSACTION;", "COMMIT;")]
        lines.sort(key=lambda line: not line.startswith("CREATE TABLE"))  # rows refer to those of other tables
        return "\n".join(["PRAGMA defer_foreign_keys=ON;", *lines])


class Postgres:
    name = "postgres"

    def __init__(self, wabot):
        self.url = wabot.store.url

    def run(self, sql):
        e2e.psql(self.url, sql)

    def tables(self):
        names = e2e.psql(self.url, "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace").split()
        return {name: int(e2e.psql(self.url, f"SELECT count(*) FROM {name}")) for name in names}

    def dump(self):
        text = subprocess.run(["pg_dump", "--inserts", "--no-owner", "--no-privileges", "-d", self.url], stdout=subprocess.PIPE, check=True, text=True).stdout
        # What is for psql, and what would stay set in the session.
        lines = [line for line in text.splitlines() if line and not re.match(r"--|\\|SET |SELECT pg_catalog\.set_config", line)]
        return "\n".join(lines)


def write(engine, wabot):
    kept = HERE / engine.name
    kept.mkdir(exist_ok=True)
    newest = wabot.run("migrate", "status", "--columns", "name", "--no-header").splitlines()[-1]
    empty = [table for table, rows in engine.tables().items() if rows == 0]
    e2e.check(not empty, f"no rows in {empty}")
    path = kept / f"{newest}.sql"
    path.write_text(engine.dump() + "\n")
    print(path)


def make(engine):
    with e2e.Wabot(sys.argv[1], WABOT_MEDIA_WAIT="1s") as wabot, e2e.Graph(wabot) as graph:
        wabot.init()
        live(wabot, graph)
        store = engine(wabot)
        store.run(STEP)
        write(store, wabot)


e2e.POSTGRES = None
make(Sqlite)
server = Server()
try:
    e2e.POSTGRES = server.url
    make(Postgres)
finally:
    server.close()
