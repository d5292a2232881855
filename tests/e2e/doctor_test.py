"""Everything that doctor looks at is broken, seen with its cure, mended and seen well again: doctor_test.py WABOT"""
import contextlib
import http.server
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time

import wabot as e2e
from wabot import Wabot, check, psql


class Provider(http.server.ThreadingHTTPServer):
    """Says of every account what `mood` is: takes, refuses, or holds its tongue."""
    daemon_threads = True
    mood = "takes"

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.end = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.server.mood == "is silent":
            return self.server.end.wait(e2e.PATIENCE)
        refused = {"error": {"code": 190, "message": "the token has expired", "type": "OAuthException"}}
        body = json.dumps({"id": "1"} if self.server.mood == "takes" else refused).encode()
        self.send_response(200 if self.server.mood == "takes" else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def examine(wabot, *words, expect=None, **settings):
    """The findings by their ids, and the exit code."""
    done = subprocess.run([wabot.binary, "doctor", *words, "-o", "json", "-c", f"{wabot.dir}/wabot.toml"], env={**wabot.env, **settings},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=e2e.PATIENCE)
    check(expect is None or done.returncode == expect, f"doctor {words}: exit {done.returncode}, not {expect}\n{done.stdout}{done.stderr}")
    findings = json.loads(done.stdout)["checks"]
    for finding in findings:
        check(set(finding) == {"id", "status", "detail", "hint"}, f"{finding}")
    return {finding["id"]: finding for finding in findings}


def is_well(wabot, name, found_as=None):
    found = examine(wabot, name, expect=0).get(found_as or name)
    check(found is None or found["status"] == "pass", f"{name} is not well: {found}")


@contextlib.contextmanager
def ill(wabot, name, status, cure, found_as=None, **settings):
    """What is done in the block heals; with `settings`, the illness is theirs."""
    found = examine(wabot, name, expect=1 if status == "fail" else 0, **settings).get(found_as or name)
    check(found and found["status"] == status, f"{name} is {status}: {found}")
    check(cure in found["hint"], f"{name} says {cure!r}: {found}")
    strict = subprocess.run([wabot.binary, "doctor", name, "--strict", "-q", "-c", f"{wabot.dir}/wabot.toml"], env={**wabot.env, **settings},
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=e2e.PATIENCE)
    check(strict.returncode == 1, f"{name}, strict: exit {strict.returncode}")
    yield found
    is_well(wabot, name, found_as)


def change(wabot, sql):
    """What no command would do."""
    if e2e.POSTGRES:
        return psql(wabot.store.url, sql)
    with contextlib.closing(sqlite3.connect(wabot.store.place)) as db:
        db.execute(sql)
        db.commit()


def the_installation(wabot):
    config = f"{wabot.dir}/wabot.toml"
    with open(config) as file:
        text = file.read()
    with open(config, "a") as file:
        file.write("\n[server]\nprot = 1\n")
    with ill(wabot, "config", "fail", "wabot config check"):
        with open(config, "w") as file:
            file.write(text)

    os.chmod(f"{wabot.dir}/master.key", 0o644)
    with ill(wabot, "permissions", "fail", f"chmod 0600 {wabot.dir}/master.key"):
        examine(wabot, "permissions", "--fix", "--dry-run", expect=1)
        examine(wabot, "permissions", "--fix", expect=0)
        check(os.stat(f"{wabot.dir}/master.key").st_mode & 0o777 == 0o600, "the key is its owner's alone")

    with ill(wabot, "secrets", "warn", "WHATSAPP_ACCESS_TOKEN_FILE", WHATSAPP_ACCESS_TOKEN="token"):
        pass
    with ill(wabot, "key", "fail", "WABOT_MASTER_KEY", WABOT_MASTER_KEY="ab" * 32):
        pass

    folder = examine(wabot, "files", expect=0)["files"]["detail"].split(" ")[0]
    with contextlib.suppress(FileNotFoundError):
        os.rmdir(folder)
    open(folder, "w").close()
    with ill(wabot, "files", "fail", "move or remove"):
        os.remove(folder)


def the_database(wabot):
    found = examine(wabot, "database", "clock", expect=0)
    engine = "postgresql" if e2e.POSTGRES else "sqlite"
    check(engine in found["database"]["detail"].lower(), f"{found}")
    if e2e.POSTGRES:
        gone = {"DATABASE_URL": wabot.store.url.replace(wabot.store.name, "nothing_here")}
        with ill(wabot, "database", "fail", "createdb", **gone):
            pass
        stranger = {"DATABASE_URL": wabot.store.url.replace("postgres@", "stranger@")}
        with ill(wabot, "database", "fail", "check user and password", **stranger):
            done = subprocess.run([wabot.binary, "device", "list", "-c", f"{wabot.dir}/wabot.toml"], env={**wabot.env, **stranger}, capture_output=True, timeout=e2e.PATIENCE)
            check(done.returncode == 4, f"a login that is refused: exit {done.returncode}, {done.stderr}")
        # Its clock goes wrong: a function of ours stands before the server's own.
        change(wabot, f"""CREATE SCHEMA wrong; CREATE FUNCTION wrong.clock_timestamp() RETURNS timestamptz LANGUAGE sql
                          AS $$ SELECT pg_catalog.clock_timestamp() - interval '2 minutes' $$;
                          ALTER DATABASE {wabot.store.name} SET search_path = public, wrong, pg_catalog""")
        with ill(wabot, "clock", "fail", "NTP") as found:
            check("+120." in found["detail"] or "+119." in found["detail"], f"two minutes: {found}")
            change(wabot, f"ALTER DATABASE {wabot.store.name} RESET search_path")
    else:
        os.rename(wabot.store.place, wabot.store.place + ".away")
        with ill(wabot, "database", "fail", "wabot init"):
            os.rename(wabot.store.place + ".away", wabot.store.place)

    change(wabot, "UPDATE messages SET created_at = created_at + 7200000000")
    with ill(wabot, "clock", "fail", "NTP") as found:
        check("was set back" in found["detail"], f"{found}")
        change(wabot, "UPDATE messages SET created_at = created_at - 7200000000")

    newest = json.loads(wabot.run("migrate", "status", "-o", "json"))["items"][-1]
    wabot.run("migrate", "down", f"--confirm={newest['name']}")
    with ill(wabot, "database", "fail", "wabot migrate up"):
        check(set(examine(wabot, expect=1)) & {"queue", "workers", "key", "provider.one"} == set(), "what needs the database is left out")
        wabot.run("migrate", "up")


def the_disk(wabot):
    """A store on a file system that has no room at all."""
    with ill(wabot, "disk", "fail", "free disk space", DATABASE_URL="sqlite:////proc/wabot.db"):
        pass


def what_the_provider_says(wabot):
    """Of the account, of a number's pace, of a message that it had taken: as its webhooks and answers leave it in the store."""
    at = int(time.time() * 1_000_000)
    one = "(SELECT id FROM devices WHERE key = 'one')"
    nothing = "CAST('' AS BYTEA)" if e2e.POSTGRES else "x''"
    change(wabot, f"""INSERT INTO device_pacing (device_id, tokens, refilled_at, limited_at, limited_by, blocked_until)
                      VALUES ({one}, 0, {at}, {at}, '130429', {at + 60_000_000})""")
    with ill(wabot, "pace", "warn", "wabot device update one --option rate_per_s=N", "pace.one.limit") as found:
        check("130429" in found["detail"], f"{found}")
        change(wabot, "DELETE FROM device_pacing")

    event = f"""INSERT INTO account_events (device_id, waba_id, field, event, weight, digest, timestamp, created_at, updated_at)
                VALUES ({one}, '300000000000001', 'account_update', '%s', '%s', {nothing}, {at}, {at}, {at})"""
    change(wabot, event % ("DISABLED_UPDATE", "stops"))
    with ill(wabot, "accounts", "warn", "wabot device events one", "account.one"):
        change(wabot, "DELETE FROM account_events")
    change(wabot, f"""INSERT INTO templates (waba_id, name, language, status, created_at, updated_at) VALUES ('300000000000001', 'sale', 'en', 'PAUSED', {at}, {at})""")
    with ill(wabot, "accounts", "warn", "wabot template list", "templates"):
        change(wabot, "DELETE FROM templates")

    change(wabot, f"""INSERT INTO message_statuses (device_id, message_id, whatsapp_message_id_enc, whatsapp_message_id_hash, whatsapp_message_id_last4, status, timestamp,
                                                    created_at, updated_at)
                      SELECT device_id, id, {nothing}, {nothing}, '', 'failed', {at}, {at}, {at} FROM messages""")
    change(wabot, f"UPDATE messages SET status = 'failed', updated_at = {at}")
    with ill(wabot, "messages", "warn", "wabot message list --state failed", "messages.failed"):
        change(wabot, "DELETE FROM message_statuses")


def the_account(wabot, provider):
    provider.mood = "refuses"
    with ill(wabot, "provider", "fail", "wabot device update one --secret-from access_token=FILE", "provider.one"):
        provider.mood = "takes"
    # All at once, and no longer than each may take alone.
    for number in range(2, 8):
        wabot.device(f"more{number}", provider.url, str(int(e2e.NUMBER_ID) + number), agent=None)
    provider.mood = "is silent"
    began = time.monotonic()
    found = examine(wabot, "provider", expect=0)
    took = time.monotonic() - began
    check(len(found) == 7 and all(one["status"] == "warn" for one in found.values()), f"{found}")
    check(took < 3 * 5 * e2e.SLOWNESS, f"seven silent providers took {took:.1f} s")
    provider.end.set()
    provider.mood = "takes"
    check(all(one["status"] == "pass" for one in examine(wabot, "provider", expect=0).values()), "all answer again")

    wabot.run("device", "create", "bare", "--kind", "whatsapp", "--no-verify", "--option", "phone_number_id=77", "--option", f"graph_url={provider.url}")
    with ill(wabot, "credentials", "fail", "wabot device update bare --secret-from", "credentials.bare.access_token"):
        for secret in ("access_token", "app_secret", "verify_token"):
            wabot.run("device", "update", "bare", "--secret-from", f"{secret}={wabot.file(secret, 'word')}")


def the_work(wabot):
    with ill(wabot, "workers", "warn", "wabot serve"):
        wabot.run("queue", "pause", "send")
        server = wabot.serve()
        e2e.until("workers", lambda: examine(wabot, "workers")["workers"]["status"] == "pass")
    with ill(wabot, "queue", "warn", "wabot queue resume send", "queue.send.paused"):
        wabot.run("queue", "resume", "send")
    check(server.stop() == 0, "serve stops")


def main():
    provider = Provider()
    with Wabot(sys.argv[1]) as wabot:
        wabot.init()
        wabot.device("one", provider.url, agent=None)
        wabot.run("message", "send", "+12025550117", "--device", "one", "--template", "order_ready", "--language", "en")  # something sealed, and something to be late
        found = examine(wabot, expect=0)
        check({name for name, one in found.items() if one["status"] != "pass"} == {"workers"}, f"only no worker is running: {found}")
        the_installation(wabot)
        the_disk(wabot)
        the_database(wabot)
        what_the_provider_says(wabot)
        the_account(wabot, provider)
        the_work(wabot)
    print("doctor sees each illness, names its cure, and sees it gone")


main()
