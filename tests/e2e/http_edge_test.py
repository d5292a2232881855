"""The edge of `serve` against what it should not be sent, over raw sockets: http_edge_test.py WABOT

Every message of http_messages.py gets its answer, and the request behind it its own or none. What is slow, too much, or cut short is refused as it should be.
Then the store is as it was, and the server lives.
"""
import asyncio
import hashlib
import json
import re
import resource
import socket
import sqlite3
import sys
import time

from http_messages import HOOK, HOOK_BODY_MAX, chunked, head, messages, post
from wabot import PATIENCE, SLOWNESS, Wabot, check, fail, sign, text_message, until, wamid, webhook

PROBE = head("Connection: close", line="GET /health/live HTTP/1.1")  # after it the server closes, whatever was before
ON_EVERY_ANSWER = (b"x-request-id: ", b"x-content-type-options: nosniff\r\n", b"cache-control: no-store\r\n", b"date: ", b"connection: ")
CHANGING = {"workers", "changes"}  # who is at work, and that signatures were wrong
AT_ONCE = 16


# --- one connection -----------------------------------------------------------------------------------------------------------------------------


class Answer:
    def __init__(self, head, body):
        self.head, self.body = head.lower(), body
        self.status = int(head.split(b" ", 2)[1])


def read_answers(raw_bytes, is_head):
    """All of them; `is_head` tells of each whether it has no body."""
    answers = []
    while raw_bytes:
        head, end, raw_bytes = raw_bytes.partition(b"\r\n\r\n")
        check(end, f"an answer is cut off: {head[:200]}")
        length = int(re.search(rb"content-length: (\d+)", head.lower())[1])
        length = 0 if is_head(len(answers)) else length
        check(len(raw_bytes) >= length, f"the body of an answer is cut off: {head[:200]}")
        answers.append(Answer(head + end, raw_bytes[:length]))
        raw_bytes = raw_bytes[length:]
    return answers


class Line:
    """A connection of bytes."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @staticmethod
    async def open(address, source=None):
        return Line(*await asyncio.open_connection(*address, local_addr=(source, 0) if source else None, limit=1 << 22))

    async def send(self, raw_bytes):
        self.writer.write(raw_bytes)
        try:
            await self.writer.drain()
        except ConnectionError:
            pass  # refused before all of it was read: the answer is there all the same

    async def rest(self, patience=PATIENCE):
        """All until the server closes."""
        async def read():
            out = b""
            try:
                while more := await self.reader.read(1 << 16):
                    out += more
            except ConnectionError:
                pass
            return out

        return await asyncio.wait_for(read(), patience)

    async def ask(self, raw_bytes):
        """The next answer."""
        await self.send(raw_bytes)
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        length = int(re.search(rb"content-length: (\d+)", head.lower())[1])
        return Answer(head, await asyncio.wait_for(self.reader.readexactly(length), PATIENCE))

    def close(self):
        self.writer.close()


async def exchange(address, raw_bytes, source=None, is_head=lambda number: False, finishes=False):
    """The answers until the server closes."""
    line = await Line.open(address, source)
    try:
        sending = asyncio.create_task(line.send(raw_bytes))
        if finishes:
            await sending
            line.writer.write_eof()
        answers = read_answers(await line.rest(), is_head)
        sending.cancel()
        return answers
    finally:
        line.close()


def check_answer(what, answer):
    for word in ON_EVERY_ANSWER:
        check(word in answer.head, f"{what}: no {word!r} in {answer.head}")
    if answer.status >= 400 and answer.body:
        document = json.loads(answer.body)
        check(document["status"] == answer.status and document["request_id"].encode() in answer.head.replace(b"x-request-id", b""), f"{what}: {document}")
    if answer.status in (429, 503):
        check(b"retry-after: 1\r\n" in answer.head, f"{what}: no Retry-After in {answer.head}")


# --- the store ----------------------------------------------------------------------------------------------------------------------------------


def fingerprint(wabot):
    """Of all rows of each table that nobody but a request would change."""
    tables = [name for name, in wabot.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'") if name not in CHANGING]
    check({"inbox", "inbox_items", "messages", "contacts", "audit_log"} <= set(tables), f"there are tables: {tables}")
    return {name: hashlib.sha256(repr(sorted(map(repr, wabot.query(f"SELECT * FROM {name}")))).encode()).hexdigest() for name in tables}


def stored(wabot):
    return wabot.query("SELECT count(*) FROM inbox")[0][0]


# --- what is tried ------------------------------------------------------------------------------------------------------------------------------


async def judge(wabot, message, faults):
    """Against its row, with a request right behind it."""
    is_head = message.raw_bytes.startswith(b"HEAD")
    expected = message.statuses + ([200] if message.goes_on else [])
    try:
        answers = await exchange(wabot.address, message.raw_bytes + (PROBE if message.statuses else b""), is_head=lambda number: is_head and number == 0,
                                 finishes=not message.statuses)
        for answer in answers:
            check_answer(message.what, answer)
    except Exception as error:
        faults.append(f"{message.what}: {error!r}")
        return
    got = [answer.status for answer in answers]
    if got != expected:
        faults.append(f"{message.what}: answered {got}, not {expected}; {answers[0].body[:200] if answers else ''}")
    elif message.statuses and not message.goes_on and b"connection: close" not in answers[0].head:
        faults.append(f"{message.what}: does not say that it closes")
    elif message.goes_on and answers[1].body != b"ok\n":
        faults.append(f"{message.what}: what came next is not the answer to what was asked next")


async def try_messages(wabot, server):
    all_messages = messages()
    faults, room = [], asyncio.Semaphore(AT_ONCE)

    async def one(message):
        async with room:
            await judge(wabot, message, faults)
            if not server.is_alive():
                faults.append(f"{message.what}: the server is gone")

    await asyncio.gather(*(one(message) for message in all_messages))
    check(not faults, "\n".join(faults))
    print(f"{len(all_messages)} messages", flush=True)


async def try_one_octet_at_a_time(wabot):
    """Wherever a message is cut into packets, it is the same."""
    raw_bytes = chunked(b"5;a=b\r\nhello\r\n0\r\nX-Word: a\r\n\r\n") + head() + PROBE
    line = await Line.open(wabot.address)
    line.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for i in range(len(raw_bytes)):
        await line.send(raw_bytes[i:i + 1])
        await asyncio.sleep(0)
    statuses = [answer.status for answer in read_answers(await line.rest(), lambda number: False)]
    line.close()
    check(statuses == [401, 200, 200], f"byte by byte: {statuses}")


async def try_expectation(wabot):
    body = b"x" * 100
    line = await Line.open(wabot.address)
    await line.send(post("Expect: 100-continue", f"Content-Length: {len(body)}"))
    asked = await asyncio.wait_for(line.reader.readuntil(b"\r\n\r\n"), PATIENCE)
    check(asked == b"HTTP/1.1 100 Continue\r\n\r\n", f"asked for with {asked}")
    check((await line.ask(body)).status == 401, "answered once it is here")
    line.close()


async def try_empty_connections(wabot):
    async def counted():
        line = await Line.open(wabot.address)
        text = (await line.ask(head(line="GET /metrics HTTP/1.1"))).body.decode()
        line.close()
        return int(re.search(r"^wabot_http_connections_total (\d+)", text, re.MULTILINE)[1])

    before = await counted()
    for _ in range(10):
        (await Line.open(wabot.address)).close()
    check(await counted() == before + 11, "connections that say nothing are counted")


async def try_lost_answer(wabot):
    """A client that goes away between the commit and the answer comes again: one row."""
    body = webhook(text_message("12025550123", wamid("12025550123", "LOST"), "hello"))
    request = post(f"X-Hub-Signature-256: {sign(body)}", f"Content-Length: {len(body)}", body=body)
    before = stored(wabot)
    line = await Line.open(wabot.address)
    line.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset
    await line.send(request)
    await asyncio.to_thread(until, "its row", lambda: stored(wabot) == before + 1)
    line.close()
    line = await Line.open(wabot.address)
    again = await line.ask(request)
    line.close()
    check(again.status == 200 and stored(wabot) == before + 1, f"again: {again.status}, {stored(wabot) - before} rows")


async def try_room_for_bodies(wabot):
    """All large bodies together have 32 MiB; who comes with more is told to come again, and finds room once the others are gone."""
    size = 2 << 20
    lines, answers = [], []
    for _ in range(17):
        lines.append(await Line.open(wabot.address))
        answers.append(asyncio.create_task(lines[-1].rest()))
        await lines[-1].send(post(f"Content-Length: {size}", body=b"x" * (size - 1)))
    done, _ = await asyncio.wait(answers, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    refused = [answer for task in done for answer in read_answers(task.result(), lambda number: False)]
    check(refused and {answer.status for answer in refused} == {503}, f"no room for one more body: {[answer.status for answer in refused]}")
    for answer in refused:
        check_answer("a body too many", answer)
    small = await exchange(wabot.address, post("Content-Length: 2000", body=b"x" * 2000) + PROBE)
    check([answer.status for answer in small] == [401, 200], f"there is always room for a small one: {[answer.status for answer in small]}")
    for line, task in zip(lines, answers):
        task.cancel()
        line.close()
    begin = time.monotonic()
    while True:
        line = await Line.open(wabot.address)
        answer = await line.ask(post(f"Content-Length: {size}", body=b"x" * size))
        line.close()
        if answer.status == 401:
            break
        check(answer.status == 503 and time.monotonic() - begin < 5 * SLOWNESS, f"room again: {answer.status}")


async def try_locked(wabot):
    """Somebody else holds the database for longer than a sender waits."""
    body = webhook(text_message("12025550124", wamid("12025550124", "LOCKED"), "hello"))
    request = post(f"X-Hub-Signature-256: {sign(body)}", f"Content-Length: {len(body)}", body=body)
    before = stored(wabot)
    other = sqlite3.connect(f"{wabot.dir}/wabot.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    line = await Line.open(wabot.address)
    begin = time.monotonic()
    answer = await line.ask(request)
    took = time.monotonic() - begin
    check_answer("locked", answer)
    check(answer.status == 503 and 4 < took < 6.5 * SLOWNESS, f"locked: {answer.status} after {took:.1f} s")
    await asyncio.sleep(max(0.0, 6 - took))  # the lock lasts six seconds
    other.execute("ROLLBACK")
    other.close()
    check(stored(wabot) == before, "nothing is stored of what was refused")
    begin = time.monotonic()
    while (answer := await line.ask(request)).status == 503:
        check(time.monotonic() - begin < 10, "it recovers within ten seconds")
    line.close()
    check(answer.status == 200 and stored(wabot) == before + 1, f"unlocked: {answer.status}")
    return time.monotonic() - begin


# --- what takes its time ------------------------------------------------------------------------------------------------------------------------


async def timed(what, line, status, at_least, at_most, step=None):
    """The server has its say, or closes without a word (status 0), within a time; `step` sends meanwhile."""
    async def drip():
        while step is not None:
            await asyncio.sleep(step[0])
            await line.send(step[1])

    begin = time.monotonic()
    dripping = asyncio.create_task(drip())
    raw_bytes = await line.rest()
    took = time.monotonic() - begin
    dripping.cancel()
    line.close()
    answers = read_answers(raw_bytes, lambda number: False)
    for answer in answers:
        check_answer(what, answer)
    got = [answer.status for answer in answers]
    check(got == ([status] if status else []), f"{what}: {got} after {took:.1f} s")
    check(at_least <= took <= at_most * SLOWNESS, f"{what}: after {took:.1f} s, not within {at_least} and {at_most} s")


async def begun(wabot, raw_bytes):
    line = await Line.open(wabot.address)
    if raw_bytes:
        await line.send(raw_bytes)
    return line


async def try_steady_body(wabot):
    """Slower than any grace allows, and fast enough."""
    line = await begun(wabot, post("Content-Length: 14000"))
    for _ in range(6):
        await line.send(b"x" * 2000)
        await asyncio.sleep(1)
    answer = await line.ask(b"x" * 2000)
    line.close()
    check(answer.status == 401, f"a body of 2000 bytes a second: {answer.status}")


async def try_never_reading(wabot):
    """A thousand requests of a client that reads nothing: the others are served."""
    sender = socket.socket()
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sender.connect(wabot.address)
    sender.setblocking(False)
    raw_bytes = head(line="GET /metrics HTTP/1.1") * 1000
    with sender:
        loop = asyncio.get_running_loop()
        try:
            await asyncio.wait_for(loop.sock_sendall(sender, raw_bytes), 2)
        except asyncio.TimeoutError:
            pass  # as it should: the server reads no more than it answers
        begin = time.monotonic()
        answers = await exchange(wabot.address, PROBE)
        check([answer.status for answer in answers] == [200] and time.monotonic() - begin < 1 * SLOWNESS, "others are served meanwhile")


async def try_slow_ones(wabot):
    half = post("Content-Length: 2048", body="x" * 1024)
    await asyncio.gather(
        timed("a head of a byte every nine seconds", await begun(wabot, b"G"), 408, 9.5, 12, (9, b"E")),
        timed("a head of a header every second", await begun(wabot, b"GET / HTTP/1.1\r\n"), 408, 9.5, 12, (1, b"X-Word: a\r\n")),
        timed("empty lines for a head", await begun(wabot, b"\r\n"), 408, 9.5, 12, (1, b"\r\n")),
        timed("no head at all", await begun(wabot, b""), 0, 9.5, 12),
        timed("a body that stalls after half", await begun(wabot, half), 408, 5.5, 8),
        timed("a body of a byte a second", await begun(wabot, post("Content-Length: 2048")), 408, 4.5, 7, (1, b"x")),
        timed("a chunk's size that never ends", await begun(wabot, post("Transfer-Encoding: chunked")), 408, 4.5, 7, (1, b"0")),
        timed("trailers that never end", await begun(wabot, chunked(b"0\r\n")), 408, 4.5, 7, (0.5, b"X-Word: a\r\n")),
        try_steady_body(wabot),
        try_never_reading(wabot),
    )


# --- who is asking ------------------------------------------------------------------------------------------------------------------------------


def own_address():
    """One of this machine's that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))
            return probe.getsockname()[0]
        except OSError:
            fail("this test needs an address of this machine that is not loopback, and a route: a network interface that is up")


UNSIGNED = post("Content-Length: 2", body="{}")


async def fail_often(address, headers=(), source=None, count=70):
    """The statuses of so many unsigned webhooks, as fast as they go."""
    line = await Line.open(address, source)
    statuses = []
    for _ in range(count):
        answer = await line.ask(post(*headers, "Content-Length: 2", body="{}"))
        check_answer("unsigned", answer)
        statuses.append(answer.status)
    line.close()
    return statuses


def check_limited(what, statuses):
    """Twenty of them a second, and the run may lie across the end of one."""
    refused = statuses.count(401)
    check(set(statuses) == {401, 429} and 20 <= refused <= 60 and statuses[:20] == [401] * 20, f"{what}: {statuses}")


def log_of(server, peer):
    return len(re.findall(rf"webhook refused.* peer={re.escape(peer)}\b", server.text()))


async def try_limits_by_address(wabot, server, outside):
    statuses = await fail_often(wabot.address)
    check(set(statuses) == {401}, f"loopback is not limited: {set(statuses)}")
    others = ("X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1", "X-Real-IP: 127.0.0.1")
    check_limited("an address, whomever it names", await fail_often(outside) + await fail_often(outside, others))
    check(log_of(server, outside[0]) >= 20, "the log has its own address")
    line = await Line.open(outside)
    check((await line.ask(head(line="GET /metrics HTTP/1.1"))).status == 403, "from another address no metrics")
    check((await line.ask(head("X-Forwarded-For: 127.0.0.1", line="GET /metrics HTTP/1.1"))).status == 403, "nor for who says to be loopback")
    line.close()
    statuses = set(await fail_often(wabot.address, ("X-Forwarded-For: 203.0.113.1",)))
    check(statuses == {401} and log_of(server, "203.0.113.1") == 0, f"loopback is no trusted proxy unless it is listed: {statuses}")

    # A good signature is good, whoever failed before from there.
    body = webhook(text_message("12025550125", wamid("12025550125", "GOOD"), "hello"))
    good = post(f"X-Hub-Signature-256: {sign(body)}", f"Content-Length: {len(body)}", body=body)
    line = await Line.open(outside)
    statuses = [(await line.ask(UNSIGNED)).status for _ in range(41)]
    check(statuses[-1] == 429 and (await line.ask(good)).status == 200, f"a good one among bad ones: {statuses[-1]}")
    line.close()
    # The handshake is one more way to guess a secret.
    await asyncio.sleep(1)  # a second of its own
    line = await Line.open(outside)
    guess = head(line=f"GET {HOOK}?hub.mode=subscribe&hub.verify_token=guess&hub.challenge=1 HTTP/1.1")
    statuses = [(await line.ask(guess)).status for _ in range(70)]
    check(set(statuses) == {403, 429}, f"guessed tokens: {statuses}")
    line.close()

    proxy = "127.0.0.2"
    check_limited("a client behind a proxy", await fail_often(wabot.address, ("X-Forwarded-For: 127.0.0.1, 203.0.113.7",), proxy))
    check_limited("another client of it", await fail_often(wabot.address, ("Forwarded: for=127.0.0.1, for=\"203.0.113.8:4711\"",), proxy))
    check_limited("a client behind two of them", await fail_often(wabot.address, ("X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 127.0.0.3"), proxy))
    for client in ("203.0.113.7", "203.0.113.8", "203.0.113.9"):
        check(log_of(server, client) >= 20, f"the log has {client}")
    check(set(await fail_often(wabot.address, (), proxy)) == {401}, "a proxy that speaks for itself is not limited")
    line = await Line.open(wabot.address, proxy)
    check((await line.ask(head("X-Forwarded-For: 127.0.0.1", line="GET /metrics HTTP/1.1"))).status == 403, "who comes through a proxy is not this machine")
    check((await line.ask(head(line="GET /metrics HTTP/1.1"))).status == 200, "the proxy's own machine is")
    line.close()


async def try_connections_of_address(wabot, outside):
    lines = []
    for _ in range(256):
        line = await Line.open(outside)
        lines.append(line)
    check((await lines[-1].ask(head())).status == 200, "256 connections of an address")
    line = await Line.open(outside)
    answers = read_answers(await line.rest(), lambda number: False)
    line.close()
    check([answer.status for answer in answers] == [429], f"one more: {[answer.status for answer in answers]}")
    check_answer("one connection too many", answers[0])
    here = [await Line.open(wabot.address) for _ in range(300)]
    check((await here[-1].ask(head())).status == 200, "loopback may have more")
    for line in (*here, *lines):
        line.close()
    begin = time.monotonic()
    while True:
        answers = await exchange(outside, PROBE)
        if answers and answers[0].status == 200:
            break
        check(time.monotonic() - begin < 5 * SLOWNESS, "there is room again")


async def all_of_it(wabot, server, outside):
    loop = asyncio.get_running_loop()
    begin = loop.time()

    def lap(what):
        check(server.is_alive(), f"the server lives after {what}")
        print(f"{what}: {loop.time() - begin:.1f} s", flush=True)

    await try_lost_answer(wabot)
    before = await asyncio.to_thread(fingerprint, wabot)
    slow = asyncio.create_task(try_slow_ones(wabot))
    await try_messages(wabot, server)
    lap("messages")
    await try_one_octet_at_a_time(wabot)
    await try_expectation(wabot)
    await try_empty_connections(wabot)
    await try_connections_of_address(wabot, outside)
    await try_room_for_bodies(wabot)
    lap("room")
    after = await asyncio.to_thread(fingerprint, wabot)
    changed = [name for name in before if before[name] != after[name]]
    check(not changed, f"changed by what was refused: {changed}")
    rows = stored(wabot)
    recovery = await try_locked(wabot)
    lap(f"locked, answers 200 again {recovery:.2f} s after the lock was gone")
    await slow
    lap("slow ones")
    check(stored(wabot) == rows + 1, "nothing is stored of what did not come in time")
    await try_limits_by_address(wabot, server, outside)
    lap("limits by address")


soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
with Wabot(sys.argv[1], WABOT_TRUSTED_PROXIES="127.0.0.2, 127.0.0.3/32", WABOT_WEBHOOK_BODY_MAX=str(HOOK_BODY_MAX)) as wabot:
    wabot.init()
    wabot.device("shop", "http://127.0.0.1:9", agent=None)
    address = own_address()
    server = wabot.serve("--listen", f"{address}:0", "--workers", "0")
    outside = until("the other address", lambda: re.search(rf"serves http://{re.escape(address)}:(\d+)", server.text()))
    asyncio.run(all_of_it(wabot, server, (address, int(outside[1]))))
    check(server.stop() == 0, "serve ends well")
    wabot.check_integrity()
