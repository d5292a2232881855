"""A store that this user may only read: it is listed, beside who writes it too, and what writes says why it cannot: read_only_store_test.py WABOT"""
import json
import os
import subprocess
import sys

from wabot import PATIENCE, Wabot, check

STRANGER = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}


def may_only_read(folder, names):
    """Root may write everywhere, so that a stranger stands for the reader there; elsewhere the owner takes the right from himself."""
    for name in names:
        if os.path.exists(f"{folder}/{name}"):
            os.chmod(f"{folder}/{name}", 0o644 if STRANGER else 0o444)
    os.chmod(folder, 0o755 if STRANGER else 0o555)
    if STRANGER:
        os.chmod(os.path.dirname(folder), 0o711)  # whom the scratch folder would stop before


def take_back(folder):
    os.chmod(folder, 0o700)
    for name in os.listdir(folder):
        if os.path.isfile(f"{folder}/{name}"):
            os.chmod(f"{folder}/{name}", 0o600)


class Reader:
    def __init__(self, wabot):
        self.wabot = wabot
        self.binary = os.open(wabot.binary, os.O_RDONLY)  # wherever it lies, its folder may be closed

    def run(self, *words):
        env = {**self.wabot.env, "DATABASE_URL": f"sqlite:///{self.wabot.dir}/wabot.db"}
        return subprocess.run([f"/proc/self/fd/{self.binary}", *words, "-c", "none"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, env=env,
                              cwd="/", pass_fds=[self.binary], **STRANGER)

    def devices(self):
        done = self.run("device", "list", "-o", "json")
        check(done.returncode == 0, f"the list can be read: {done.stderr}")
        return [device["key"] for device in json.loads(done.stdout)["items"]]


def check_refused(done):
    check(done.returncode in (4, 8) and "wabot.db" in done.stderr and "hint: " in done.stderr, f"what writes says why it cannot: exit {done.returncode}, {done.stderr}")
    check("fault of wabot" not in done.stderr, f"and that it is no fault of wabot: {done.stderr}")


def check_at_rest(wabot, reader):
    if os.path.exists(f"{wabot.dir}/wabot.db.lock"):
        os.remove(f"{wabot.dir}/wabot.db.lock")  # as of a copy
    may_only_read(wabot.dir, ["wabot.db"])
    before = sorted(os.listdir(wabot.dir))
    check(reader.devices() == ["desk"], "what lies in the file is listed")
    check(reader.run("migrate", "status", "-q").returncode == 0, "and its schema is known")
    check_refused(reader.run("queue", "pause", "send"))
    check(sorted(os.listdir(wabot.dir)) == before, f"nothing was made there: {os.listdir(wabot.dir)}")
    take_back(wabot.dir)
    check(wabot.run("device", "list", "-o", "name").split() == ["device/desk"], "and the store is as it was")


def check_beside_a_writer(wabot, reader):
    server = wabot.serve("--workers", "0")
    wabot.run("device", "create", "till", "--kind", "sim", "-q")  # lies in the log, not in the file
    may_only_read(wabot.dir, ["wabot.db", "wabot.db-wal", "wabot.db-shm", "wabot.db.lock"])
    check(reader.devices() == ["desk", "till"], "what lies in the log of who writes is listed too")
    if STRANGER:  # whom the mode of the lock keeps out, and not the owner
        check_refused(reader.run("queue", "pause", "send"))
    take_back(wabot.dir)
    check(server.stop() == 0, "serve ends well")


def main():
    with Wabot(sys.argv[1]) as wabot:
        wabot.init()
        wabot.run("device", "create", "desk", "--kind", "sim", "-q")
        reader = Reader(wabot)
        check_at_rest(wabot, reader)
        check_beside_a_writer(wabot, reader)


main()
