"""Many times as many webhooks as can be stored, then as many as usual: overload_test.py WABOT CONNECTIONS SECONDS TIMES

The store's disk is slow, so that what it carries is known and one process offers a multiple of it: each connection posts, and posts anew a moment after its
answer. Who is turned away is told when to come again; every 2xx is stored; memory has a bound; and it is over when the load is.
"""
import asyncio
import collections
import multiprocessing
import re
import resource
import select
import socket
import sys
import time

from http_messages import HOOK
from wabot import SLOWNESS, Sender, Wabot, check, fail, sign, text_message, until, wamid, webhook

CONNECTIONS, SECONDS = int(sys.argv[2]), float(sys.argv[3])
TIMES = float(sys.argv[4]) if SLOWNESS == 1 else 2  # what is offered, of what can be stored; the load needs a core of its own for ten
SYNC_US = 1_000_000  # of the slow disk
PAUSE, LARGE_PAUSE = 0.1, 1.0  # seconds between an answer and the next webhook
RSS_MAX = 512 << 20  # bytes
RECOVERY = 30 * SLOWNESS  # seconds
LARGE = 16  # one in so many webhooks is
LARGE_OCTETS = 150_000
WARM_UP = 3.0  # seconds until the queue is as long as it gets
SPARE = 200  # descriptors


# --- the load: a process of its own -------------------------------------------------------------------------------------------------------------


MARK = b"@" * 16  # where a body has its number: the same bytes twice are one delivery


def template(more):
    return webhook(text_message("15550000001", "wamid." + MARK.decode(), "hello" + more)).split(MARK)


SMALL, BIG = template(""), template("x" * LARGE_OCTETS)


class Poster:
    """One connection; `out` is what is still to be sent, `got` what came of the answer."""

    def __init__(self, number):
        self.number, self.is_large = number, number % LARGE == 0
        self.pause = LARGE_PAUSE if self.is_large else PAUSE
        self.socket, self.out, self.got, self.id, self.count, self.due, self.began = None, b"", b"", "", 0, 0.0, 0.0


class Load:
    def __init__(self, address):
        self.address = address
        self.poll = select.epoll()
        self.posters, self.by_descriptor = [Poster(number) for number in range(CONNECTIONS)], {}
        self.statuses, self.stored, self.times, self.faults = collections.Counter(), [], [], []
        self.in_full = collections.Counter()  # the statuses while it is an overload

    def post(self, poster):
        if poster.socket is None:
            poster.socket = socket.socket()
            poster.socket.settimeout(10)
            poster.socket.connect(self.address)
            poster.socket.setblocking(False)
            self.by_descriptor[poster.socket.fileno()] = poster
            self.poll.register(poster.socket.fileno(), select.EPOLLIN)
        poster.count += 1
        poster.id = f"{poster.number}-{poster.count}"
        body = poster.id.encode().rjust(len(MARK), b"0").join(BIG if poster.is_large else SMALL)
        poster.out = (f"POST {HOOK} HTTP/1.1\r\nHost: wabot\r\nX-Request-Id: {poster.id}\r\nContent-Length: {len(body)}\r\n"
                      f"X-Hub-Signature-256: {sign(body)}\r\n\r\n").encode() + body
        poster.got, poster.began, poster.due = b"", time.monotonic(), None
        self.write(poster)

    def write(self, poster):
        try:
            poster.out = poster.out[poster.socket.send(poster.out):]
        except BlockingIOError:
            pass
        except OSError:
            poster.out = b""  # refused before all of it was read; the answer is still to be read
        self.poll.modify(poster.socket.fileno(), select.EPOLLIN | (select.EPOLLOUT if poster.out else 0))

    def read(self, poster):
        try:
            raw_bytes = poster.socket.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            raw_bytes = b""
        poster.got += raw_bytes
        head, end, body = poster.got.partition(b"\r\n\r\n")
        if end:
            head = head.lower()
            length = int(re.search(rb"content-length: (\d+)", head)[1])
            if len(body) >= length:
                return self.note(poster, head)
        if not raw_bytes:
            self.statuses["none"] += 1
            self.close(poster)
            poster.due = time.monotonic() + poster.pause

    def note(self, poster, head):
        status = int(head.split(b" ", 2)[1])
        self.statuses[status] += 1
        now = time.monotonic()
        if self.begin + WARM_UP < now < self.begin + SECONDS:
            self.in_full[status] += 1
        if status == 200:
            self.stored.append(poster.id)
            self.times.append(now - poster.began)
        elif status not in (429, 503) or not re.search(rb"retry-after: \d", head):
            self.faults.append(head[:200])
        if b"connection: close" in head or poster.out:
            self.close(poster)
        poster.due = now + poster.pause

    def close(self, poster):
        self.poll.unregister(poster.socket.fileno())
        del self.by_descriptor[poster.socket.fileno()]
        poster.socket.close()
        poster.socket, poster.out = None, b""

    def run(self):
        """For so long; then nothing new is posted, and all answers are waited for."""
        self.begin = time.monotonic()
        end = self.begin + SECONDS
        for poster in self.posters:
            poster.due = time.monotonic() + PAUSE * poster.number / CONNECTIONS
        while True:
            now = time.monotonic()
            if now > end and (now > end + 30 * SLOWNESS or all(poster.due is not None for poster in self.posters)):
                break
            for poster in self.posters:
                if now < end and poster.due is not None and poster.due <= now:
                    self.post(poster)
            for descriptor, events in self.poll.poll(0.01):
                poster = self.by_descriptor.get(descriptor)
                if poster is not None and events & select.EPOLLOUT:
                    self.write(poster)
                if poster is not None and poster.socket is not None and events & ~select.EPOLLOUT:
                    self.read(poster)
        waiting = sum(poster.due is None for poster in self.posters)
        return {"statuses": self.statuses, "in_full": self.in_full, "stored": self.stored, "times": sorted(self.times), "faults": self.faults[:5], "waiting": waiting}


def be_load(address, report):
    try:
        report.put(Load(address).run())
    except Exception as error:
        report.put({"faults": [repr(error)]})


# --- what is looked at --------------------------------------------------------------------------------------------------------------------------


def peak(server):
    """Bytes resident at the most so far."""
    with open(f"/proc/{server.process.pid}/status") as file:
        return int(dict(line.split(":", 1) for line in file)["VmHWM"].split()[0]) * 1024


def latency(wabot, word, count):
    """The shortest of so many webhooks of one sender, in seconds; None when one is turned away."""
    async def work():
        sender, times = Sender(wabot), []
        for number in range(count):
            body = webhook(text_message("15559999999", wamid("15559999999", f"{word}{number}"), "hello"))
            begin = time.monotonic()
            if await sender.post(body) != 200:
                return None
            times.append(time.monotonic() - begin)
        sender.close()
        return min(times)

    return asyncio.run(work())


_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if hard < CONNECTIONS + SPARE:
    fail(f"{CONNECTIONS} connections need {CONNECTIONS + SPARE} descriptors, and the hard limit here is {hard}: raise it (ulimit -Hn)")
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
with Wabot(sys.argv[1]) as wabot:
    wabot.init()
    wabot.device("shop", "http://127.0.0.1:9", agent=None)
    server = wabot.serve("--workers", "0", WABOT_FAULT_SYNC_US=str(SYNC_US))
    usual = latency(wabot, "BEFORE", 2)
    report = multiprocessing.Queue()
    load = multiprocessing.Process(target=be_load, args=(wabot.address, report))
    load.start()
    try:
        found = report.get(timeout=SECONDS + 120 * SLOWNESS)
    finally:
        load.kill()
        load.join()
    check(not found["faults"], f"answers that should not be: {found['faults']}")
    over = time.monotonic()
    until("normal latency", lambda: (now := latency(wabot, f"AFTER{time.monotonic()}", 2)) is not None and now < 2 * usual + 0.1, RECOVERY)
    recovered = time.monotonic() - over
    statuses, times, most = found["statuses"], found["times"], peak(server)
    offered, accepted = (count / (SECONDS - WARM_UP) for count in (sum(found["in_full"].values()), found["in_full"][200]))
    p99 = times[len(times) * 99 // 100 - 1]
    print(f"{CONNECTIONS} connections: offered {offered:.0f}/s, accepted {accepted:.0f}/s, {dict(statuses)}; accepted p50 {times[len(times) // 2]:.2f} s, p99 {p99:.2f} s; "
          f"RSS at most {most / 2**20:.0f} MiB; usual latency {usual:.2f} s, again {recovered:.1f} s after", flush=True)
    check(server.is_alive(), "the server lives")
    check(found["waiting"] == 0, f"{found['waiting']} have no answer")
    check(statuses["none"] == 0, f"{statuses['none']} connections ended without an answer")
    check(statuses[503] > 0 and offered > TIMES * accepted, f"this was an overload: {statuses}")
    check(SLOWNESS > 1 or most < RSS_MAX, f"RSS {most / 2**20:.0f} MiB")
    ids = {id for id, in wabot.query("SELECT request_id FROM inbox")}
    lost = set(found["stored"]) - ids
    check(not lost, f"{len(lost)} of {len(found['stored'])} acknowledged are not stored")
    check(server.stop() == 0, "serve ends well")
    wabot.check_integrity()
