"""What serve and worker tell systemd, and what is said when nobody works: service_test.py WABOT

The cases run side by side, each on a store of its own: most of what they do is to wait for the next look at the store, one each 5 s.
"""
import concurrent.futures
import fcntl
import json
import os
import re
import signal
import socket
import sqlite3
import sys
import time
import urllib.request

from wabot import PATIENCE, SLOWNESS, Wabot, check, deliver, fail, seeded, text_message, until, wamid, webhook

WATCHDOG = 2.0 * SLOWNESS  # seconds


class ServiceManager:
    """In systemd's place: a datagram socket, of a path or of the abstract namespace, and what came through it."""

    def __init__(self, wabot, abstract=False):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.address = f"\0wabot-test-{os.getpid()}-{os.urandom(8).hex()}" if abstract else os.path.join(wabot.scratch, "notify")
        self.socket.bind(self.address)
        self.name = self.address.replace("\0", "@")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        if self.address[0] == "/":
            os.unlink(self.address)

    def next(self, patience=PATIENCE):
        """The assignments of the next datagram, or None when none came in time."""
        self.socket.settimeout(patience)
        try:
            return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().split("\n"))
        except TimeoutError:
            return None

    def until_told(self, name, pattern=""):
        """All up to the first datagram in which it is told."""
        seen = []
        end = time.monotonic() + PATIENCE
        while (left := end - time.monotonic()) > 0:
            seen.append(self.next(left) or {})
            if name in seen[-1] and re.search(pattern, seen[-1][name]):
                return seen
        fail(f"no {name} {pattern} within {PATIENCE:.0f} s, but {seen}")


def start_under(manager, wabot, start, watchdog, **more):
    """`start()` with the environment that systemd gives."""
    before = wabot.env
    wabot.env = {**before, "NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": str(int(watchdog * 1e6)), **more}
    try:
        return start()
    finally:
        wabot.env = before


def check_told(wabot, manager, start, status):
    """Ready, alive, stopping, each in its time."""
    with manager:
        process = start_under(manager, wabot, start, WATCHDOG)
        first = manager.next()
        check(first and first.get("READY") == "1" and re.search(status, first["STATUS"]), f"the first word: {first}")
        check(wabot.query("SELECT count(*) FROM workers") == [(1,)], "ready before the worker was entered")
        manager.until_told("STATUS", r"waiting: 0 webhooks, 0 messages, 0 sends, \d+ jobs?")  # at the full hour there is one of our own
        manager.until_told("WATCHDOG")
        began = time.monotonic()
        for _ in range(4):
            manager.until_told("WATCHDOG")
        pace = (time.monotonic() - began) / 4
        check(WATCHDOG / 2 < pace * 1.05 and pace < WATCHDOG, f"a ping every {pace:.2f} s, for a watchdog of {WATCHDOG:.0f} s")
        check(process.stop() == 0, f"it ends well\n{process.text()}")
        manager.until_told("STOPPING", "^1$")


def check_only_ours(wabot):
    """The watchdog of another process is not ours."""
    with ServiceManager(wabot) as manager:
        worker = start_under(manager, wabot, lambda: wabot.start("worker"), 0.1, WATCHDOG_PID="1")
        told = manager.until_told("STATUS", "waiting")
        check(not any("WATCHDOG" in words for words in told), f"{told}")
        check(worker.stop() == 0, "it ends well")


def check_hang(wabot):
    """A loop that waits for the store ends the pings; when it goes on, they do."""
    number = f"1555{chance.randrange(10 ** 7):07}"
    with ServiceManager(wabot) as manager:
        server = wabot.serve("--workers", "0")
        worker = start_under(manager, wabot, lambda: wabot.start("worker", "--queue", "inbox"), 1)
        manager.until_told("WATCHDOG")
        worker.process.send_signal(signal.SIGSTOP)
        until("stop", worker.is_stopped)
        deliver(wabot, webhook(text_message(number, wamid(number, "HANG"), "are you there?")))
        lock = next(name for name in os.listdir(wabot.dir) if "lock" in name)
        with open(os.path.join(wabot.dir, lock), "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            worker.resume()
            began = time.monotonic()
            pings = []
            while (left := began + 6 - time.monotonic()) > 0:  # in 8 s it would be refused the lock, and go on
                if "WATCHDOG" in (manager.next(left) or {}):
                    pings.append(time.monotonic() - began)
            check(all(ping < 2 for ping in pings), f"pings of a worker whose loop hangs, after {pings} s")
        manager.until_told("WATCHDOG")
        until("drain", lambda: wabot.query("SELECT count(*) FROM inbox WHERE state = 'received'") == [(0,)])
        check(worker.stop() == 0 and server.stop() == 0, "they end well")


def health(wabot):
    with urllib.request.urlopen("http://{}:{}/health".format(*wabot.address), timeout=PATIENCE) as answer:
        document = json.load(answer)
    return document["status"], next(item["detail"] for item in document["checks"] if item["name"] == "workers")


def doctor(wabot):
    return json.loads(wabot.run("doctor", "workers", "-o", "json", "-q"))["checks"][0]


def lines(server, phrase):
    return [line for line in server.text().splitlines() if phrase in line]


def check_missing(wabot):
    """Someone works, someone is not heard of for a minute, nobody works: told in health and by doctor, and in the log once for each change."""
    sender = wabot.start("worker", "--queue", "send,job")
    until("row", lambda: wabot.query("SELECT queues FROM workers") == [("send,job",)])
    server = wabot.serve("--workers", "0")
    status, detail = health(wabot)
    check(status == "warning" and detail == "no worker is running on inbox,turn; start one with: wabot worker --queue inbox,turn", f"{status}: {detail}")
    until("warning", lambda: lines(server, "no worker is running"))
    check(lines(server, "no worker is running")[0].endswith("queues=inbox,turn"), server.text())

    worker = wabot.start("worker", "--queue", "inbox,turn,job")
    until("health", lambda: health(wabot)[1] == "2 at work")
    check(doctor(wabot)["detail"] == "2 at work", f"{doctor(wabot)}")

    # Killed, and silent for a minute: time passes in its row.
    sender.kill()
    db = sqlite3.connect(os.path.join(wabot.dir, "wabot.db"), timeout=PATIENCE)
    with db:
        db.execute("UPDATE workers SET seen_at = seen_at - 60000000 WHERE queues = 'send,job'")
    db.close()
    check(health(wabot)[1].startswith("no worker is running on send"), f"{health(wabot)}")
    check("send" in doctor(wabot)["detail"], f"{doctor(wabot)}")
    until("second warning", lambda: len(lines(server, "no worker is running")) == 2)
    until("healing", lambda: sum(line.count(queue) for line in lines(server, "workers are running again") for queue in ("inbox", "turn")) == 2)
    check(lines(server, "no worker is running")[1].endswith("queues=send"), server.text())
    check(worker.stop() == 0, "it ends well")
    status, detail = health(wabot)
    check(status == "warning" and "no worker is running; nothing is answered" in detail and "wabot worker" in detail, f"{status}: {detail}")
    check(doctor(wabot)["status"] == "warn", f"{doctor(wabot)}")
    check(server.stop() == 0, "it ends well")
    check(len(lines(server, "no worker is running")) <= 3, f"told once for each change:\n{server.text()}")


def check_server_told(wabot):
    check_told(wabot, ServiceManager(wabot), wabot.serve, r"^serving 127\.0\.0\.1:\d+$")


def check_worker_told(wabot):
    check_told(wabot, ServiceManager(wabot, abstract=True), lambda: wabot.start("worker", "--queue", "turn,send"), "^works on turn,send$")


def on_its_own(case):
    with Wabot(sys.argv[1]) as wabot:
        wabot.init()
        wabot.echo_agent()
        wabot.device("shop", "http://127.0.0.1:9")
        case(wabot)
        wabot.check_integrity()


chance = seeded()
cases = [check_server_told, check_worker_told, check_only_ours, check_hang, check_missing]
with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
    for case in [pool.submit(on_its_own, case) for case in cases]:
        case.result()
