"""Thousands of clients that are slow on purpose, while others are served: slow_clients_test.py WABOT CONNECTIONS SECONDS

Heads that never end, bodies that drip in, answers that nobody reads: each kind has so many connections for so long, all held by one other process, which takes
up again what the server ends. Meanwhile webhooks are stored, and `/health/live` answers; what they take is compared with what it took before.
"""
import asyncio
import multiprocessing
import re
import resource
import select
import socket
import sys
import time

from http_messages import head, post
from wabot import SLOWNESS, Sender, Wabot, check, fail, text_message, until, wamid, webhook

CONNECTIONS, SECONDS = int(sys.argv[2]), float(sys.argv[3])
P99_MAX = 0.3 * SLOWNESS  # seconds
RSS_MORE_MAX = 64 << 20  # bytes
SPARE = 200  # descriptors
PROBES = 4
STEP = 1.0  # seconds between two drips


# --- the slow ones: a process of their own ------------------------------------------------------------------------------------------------------

BODY = 60_000  # bytes that a slow body is said to have
FAST_ENOUGH = 1200  # bytes a second that keep it going
KINDS = {  # how each begins, and what it sends at every step
    "slow heads": (b"GET / HTTP/1.1\r\nHost: wabot\r\n", b"X-Word: a\r\n"),
    "slow bodies": (post(f"Content-Length: {BODY}"), b"x" * FAST_ENOUGH),
    "stalled bodies": (post(f"Content-Length: {BODY}", body=b"x" * 4096), b""),
    "slow readers": (head() * 300, b""),
}


class Slow:
    """Keeps so many connections of a kind."""

    def __init__(self, address, kind):
        self.address = address
        self.begin, self.drip = KINDS[kind]
        self.reads = kind != "slow readers"
        self.sockets = {}  # by descriptor
        self.poll = select.epoll()
        self.opened = self.ended = 0

    def open(self):
        one = socket.socket()
        if not self.reads:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        one.settimeout(5)
        one.connect(self.address)
        one.setblocking(False)
        self.sockets[one.fileno()] = one
        self.poll.register(one.fileno(), (select.EPOLLIN if self.reads else 0) | select.EPOLLRDHUP)
        self.opened += 1
        self.send(one, self.begin)

    def send(self, one, raw_bytes):
        try:
            one.send(raw_bytes)
        except BlockingIOError:
            pass  # the server takes no more of it
        except OSError:
            self.end(one)

    def end(self, one):
        if self.sockets.pop(one.fileno(), None) is not None:
            self.poll.unregister(one.fileno())
            self.ended += 1
        one.close()

    def look(self, wait):
        for descriptor, _ in self.poll.poll(wait):
            one = self.sockets.get(descriptor)
            if one is None:
                continue
            try:
                if self.reads and one.recv(1 << 16):
                    continue
            except BlockingIOError:
                continue
            except OSError:
                pass
            self.end(one)

    def run(self, until_told, ready):
        while len(self.sockets) < CONNECTIONS:
            self.open()
        ready.set()
        due = time.monotonic() + STEP
        while not until_told.is_set():
            self.look(0.05)
            while len(self.sockets) < CONNECTIONS:
                self.open()
            if time.monotonic() > due:
                due += STEP
                if self.drip:
                    for one in list(self.sockets.values()):
                        self.send(one, self.drip)


def be_slow(address, kind, until_told, ready, report):
    slow = Slow(address, kind)
    try:
        slow.run(until_told, ready)
        report.put((slow.opened, slow.ended, None))
    except Exception as error:
        report.put((slow.opened, slow.ended, repr(error)))
        ready.set()


# --- the others ---------------------------------------------------------------------------------------------------------------------------------


async def probe(wabot, seconds, word):
    """What it took to store a webhook and to be told that the process lives, while it goes on for so long."""
    end = time.monotonic() + seconds
    times, failures = [], []

    async def ask(number):
        sender = Sender(wabot)
        count = 0
        while time.monotonic() < end:
            count += 1
            person = f"1555010{number:04}"
            body = webhook(text_message(person, wamid(person, f"{word}{count}"), "hello"))
            begin = time.monotonic()
            status = await sender.post(body)
            times.append(time.monotonic() - begin)
            if status != 200:
                failures.append(status)
            await asyncio.sleep(0.02)
        sender.close()

    async def live():
        while time.monotonic() < end:
            begin = time.monotonic()
            reader, writer = await asyncio.open_connection(*wabot.address)  # a new one each time: who is new is served, too
            writer.write(head("Connection: close", line="GET /health/live HTTP/1.1"))
            answer = await reader.read()
            times.append(time.monotonic() - begin)
            writer.close()
            if not answer.startswith(b"HTTP/1.1 200"):
                failures.append(answer[:100])
            await asyncio.sleep(0.02)

    await asyncio.gather(*(ask(number) for number in range(PROBES)), live())
    check(not failures, f"others were refused: {failures[:5]}")
    return sorted(times)


def memory(server):
    """Bytes resident now and at the most so far."""
    with open(f"/proc/{server.process.pid}/status") as file:
        lines = dict(line.split(":", 1) for line in file)
    return int(lines["VmRSS"].split()[0]) * 1024, int(lines["VmHWM"].split()[0]) * 1024


def open_connections(wabot):
    with socket.create_connection(wabot.address) as one:
        one.sendall(head("Connection: close", line="GET /metrics HTTP/1.1"))
        text = one.makefile("rb").read().decode()
    return int(re.search(r"^wabot_http_connections (\d+)", text, re.MULTILINE)[1])


def p99(times):
    return times[len(times) * 99 // 100 - 1]


def calm(wabot, server):
    """Without any: how much memory the others' work takes in the time."""
    before = memory(server)[0]
    times = asyncio.run(probe(wabot, SECONDS, "calm"))
    more = memory(server)[1] - before
    print(f"none: others {len(times)}, p50 {times[len(times) // 2] * 1000:.1f} ms, p99 {p99(times) * 1000:.1f} ms; {more / 2**20:.1f} MiB more", flush=True)
    return more


def try_kind(wabot, server, kind, usual):
    until("end of the last ones' connections", lambda: open_connections(wabot) == 1)
    with open(f"/proc/{server.process.pid}/clear_refs", "w") as file:
        file.write("5")  # the peak counts anew
    before = memory(server)[0]
    until_told, ready, report = multiprocessing.Event(), multiprocessing.Event(), multiprocessing.Queue()
    other = multiprocessing.Process(target=be_slow, args=(wabot.address, kind, until_told, ready, report))
    other.start()
    try:
        check(ready.wait(60 * SLOWNESS), f"{kind}: {CONNECTIONS} connections are not open within a minute")
        times = asyncio.run(probe(wabot, SECONDS, kind.replace(" ", "")))
        until_told.set()
        opened, ended, error = report.get(timeout=60 * SLOWNESS)
        check(error is None, f"{kind}: {error}")
    finally:
        other.kill()
        other.join()
    more = memory(server)[1] - before - usual
    print(f"{CONNECTIONS} {kind}: opened {opened}, ended by the server {ended}; others {len(times)}, p50 {times[len(times) // 2] * 1000:.1f} ms, "
          f"p99 {p99(times) * 1000:.1f} ms, most {times[-1] * 1000:.1f} ms; RSS {before / 2**20:.0f} MiB, and for them {more / 2**20:.1f} MiB more", flush=True)
    check(server.is_alive(), f"{kind}: the server lives")
    check(p99(times) < P99_MAX, f"{kind}: p99 of the others is {p99(times) * 1000:.0f} ms")
    check(SLOWNESS > 1 or more < RSS_MORE_MAX, f"{kind}: {more / 2**20:.1f} MiB more")
    return ended


def raise_descriptors():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < CONNECTIONS + SPARE:
        fail(f"{CONNECTIONS} connections need {CONNECTIONS + SPARE} descriptors, and the hard limit here is {hard}: raise it (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


raise_descriptors()
with Wabot(sys.argv[1]) as wabot:
    wabot.init()
    wabot.device("shop", "http://127.0.0.1:9", agent=None)
    server = wabot.serve()
    usual = calm(wabot, server)
    for kind in KINDS:
        ended = try_kind(wabot, server, kind, usual)
        if SECONDS > 25:  # longer than the server waits for any of them
            check(ended >= CONNECTIONS * 0.9, f"{kind}: of {CONNECTIONS} the server ended {ended}")
    check(server.stop() == 0, "serve ends well")
    wabot.check_integrity()
