"""`wabot migrate up` is killed on its way: the store is at the one revision or at the other, whole, and goes on from there: migrations_test.py WABOT STORED

At each fault point of it, and at any moment. It begins with nothing, and with the stores of earlier versions that are kept as text in STORED.
"""
import concurrent.futures
import contextlib
import functools
import itertools
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import time

from wabot import POSTGRES, PATIENCE, Wabot, check, psql, seeded

ENGINE = "postgres" if POSTGRES else "sqlite"
POINTS = ["commit.before", "migration.written", "commit.after"]
MOMENTS = 8  # at which the binary that ships is killed
AT_A_TIME = 4  # stores

chance = seeded()

SCHEMA = {
    "sqlite": """SELECT t.name || '.' || c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || coalesce(c.dflt_value, '') FROM sqlite_schema t JOIN pragma_table_info(t.name) c
                 WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'
                 UNION ALL SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY 1""",
    "postgres": """SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') FROM information_schema.columns
                   WHERE table_schema = 'public'
                   UNION ALL SELECT translate(indexdef, '()', '') FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1""",
}


class Store:
    def __init__(self, wabot, stored=None):
        """Empty, or as it is stored; of the newest revision one step before it."""
        self.wabot = wabot
        script = stored.read_text() if stored else ""
        if POSTGRES:
            psql(wabot.store.url, f"DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n{script}")
        else:
            for path in pathlib.Path(wabot.dir).glob("wabot.db*"):
                path.unlink()
            if stored:
                db = sqlite3.connect(f"{wabot.dir}/wabot.db")
                db.executescript(f"BEGIN;\n{script}\nCOMMIT;")
                db.close()
        if stored and not self.is_pending():
            wabot.run("migrate", "down", f"--confirm={stored.stem}")

    def is_pending(self):
        return any(not migration["applied"] for migration in json.loads(self.wabot.run("migrate", "status", "-o", "json", expect=None))["items"])

    def query(self, sql):
        """Of a store that may not be there yet."""
        if POSTGRES:
            return self.wabot.query(sql)
        path = f"{self.wabot.dir}/wabot.db"
        if not os.path.exists(path):
            return []
        with contextlib.closing(sqlite3.connect(path)) as db:  # takes back what a killed one has begun, which a reader may not
            return db.execute(sql).fetchall()

    def schema(self):
        return [line for line, in self.query(SCHEMA[ENGINE])]

    def look(self):
        """Its revision, its schema, and how many rows each table has."""
        schema = self.schema()
        tables = sorted({line.split(".")[0] for line in schema if re.match(r"\w+\.\w+ ", line)})
        counts = dict(self.query(" UNION ALL ".join(f"SELECT '{table}' AS name, count(*) FROM {table}" for table in tables))) if tables else {}
        return counts.pop("schema_migrations", 0), schema, counts

    def migrate(self, binary, **faults):
        """It under way."""
        return subprocess.Popen([binary, "migrate", "up", "-c", f"{self.wabot.dir}/wabot.toml"], env={**self.wabot.env, **faults}, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def schemas(wabot):
    """By revision, of a store that was empty; the last one is the newest."""
    steps = [json.loads(line) for line in wabot.run("migrate", "status", "-o", "jsonl").splitlines()]
    store = Store(wabot)
    out = [[]]
    for step in steps:
        wabot.run("migrate", "up", "--to", str(step["revision"]))
        out.append(store.schema())
    return out


def check_whole(store, known, before, rows, what):
    """It is at a revision, with its rows, and is brought up."""
    def check_is(look):
        revision, schema, now = look
        check(schema == known[revision], f"{what}: at revision {revision}, and its schema is another: {set(schema) ^ set(known[revision])}")
        check(all(now[table] == count for table, count in rows.items()), f"{what}: at revision {revision} rows {now}, were {rows}")
        return revision

    revision = check_is(store.look())
    check(revision >= before, f"{what}: at revision {revision}, was at {before}")
    store.wabot.run("migrate", "up")
    check(check_is(store.look()) == len(known) - 1, f"{what}: is not brought up")
    store.wabot.check_integrity()
    return revision


def kill_at(point, wabot, known, stored):
    before, _, rows = Store(wabot, stored).look()
    for nth in itertools.count(1):
        store = Store(wabot, stored)
        running = store.migrate(wabot.binary + "-faults", WABOT_FAULT_AT=f"kill:{point}:{nth}")
        text, _ = running.communicate(timeout=PATIENCE)
        check(running.returncode in (0, -signal.SIGKILL), f"exit {running.returncode}: {text}")
        if running.returncode == 0:
            break
        at = check_whole(store, known, before, rows, f"killed at {point}, pass {nth}")
        # Each step is a commit of its own.
        check(at == before + nth - (point != "commit.after"), f"killed at {point}, pass {nth}: at revision {at}, was at {before}")
    check(nth == len(known) - before, f"{nth - 1} passes of {point} on the way from {before} to {len(known) - 1}")
    return f"killed at {nth - 1} passes of {point}"


def kill_at_moments(wabot, known, stored):
    store = Store(wabot, stored)
    before, _, rows = store.look()
    began = time.monotonic()
    check(store.migrate(wabot.binary).wait(PATIENCE) == 0, "it runs to its end when nobody kills it")
    longest = time.monotonic() - began
    reached = []
    for _ in range(MOMENTS):
        store = Store(wabot, stored)
        running = store.migrate(wabot.binary)
        time.sleep(chance.random() * longest)  # is the moment itself
        running.kill()
        running.communicate()
        reached.append(check_whole(store, known, before, rows, "killed at a moment"))
    return f"killed at moments that left it at {reached}"


def on_its_own(case, known, stored):
    with Wabot(sys.argv[1]) as wabot:
        wabot.init()
        print(f"from {stored.stem if stored else 'nothing'}: {case(wabot, known, stored)}", flush=True)


with Wabot(sys.argv[1]) as wabot:
    wabot.init()
    known = schemas(wabot)
    starts = [None, *sorted(pathlib.Path(sys.argv[2], ENGINE).glob("*.sql"))]
cases = [*(functools.partial(kill_at, point) for point in POINTS), kill_at_moments]
with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
    for done in [pool.submit(on_its_own, case, known, stored) for stored in starts for case in cases]:
        done.result()
