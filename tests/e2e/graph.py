"""The Graph API of the tests, a program of its own: graph.py LEDGER [PLAN]

It prints its port. What it took and what it did are lines of JSON in the ledger, on the disk before anyone is answered, so that neither a kill of
wabot nor the test's own work touches what was noted. Each has its `kind`:

  accepted   a message, as it came, with the id it got (`id`), when (`at`, seconds), how many were under way then (`at_once`), and the fault its answer met
  refused    a message that was not taken: the `code` it was answered with, or `reset`
  invalid    what no client may send: `why`
  read       a message of ours was marked as read
  statuses   a webhook with statuses has its 2xx: `of` are pairs of our own id and the word, `attempts` what it took
  uploaded   a file: the id it got (`id`), its fields (`type` is what it is said to be), `file_type`, `filename`, `size` and `sha256`

How it behaves is, first that applies, for each message:

- what a control request asked for: `POST /control {"next": ["code_190", "close"]}`, one each;
- the fault that the address names, `URL/<fault>`, for the first attempt at each message;
- chance, as the plan says: `{"faults": {"close": 0.01}}`, seeded by its `seed`.

A text that says `refuse` is refused. `{"revoke": "TOKEN"}` and `{"admit": "TOKEN"}` change which tokens are good: all are but `refused`.

The plan, all of it optional, also changed by `{"plan": {...}}`: `seed`, `latency` (seconds that a message takes to arrive, and its answer the same again),
`delays` ({"share", "most_s"}: that many answers take up to so much longer), `faults`, and `statuses`: `address_file` with the host and port of `serve`, `app_secret`,
`words` (sent, delivered, read), `within_s` after acceptance, the shares `doubled`, `reordered` and `late` (after `late_s`), and `silent`, of the messages whose
answer was lost. Each status is posted until it has a 2xx.
"""
import asyncio
import collections
import email.parser
import email.policy
import hashlib
import heapq
import itertools
import json
import os
import random
import socket
import struct
import sys
import time

from wabot import AddressFile, Sender, wamid, webhook

# --- what may be answered ---------------------------------------------------------------------------------------------------------------------


def answer_bytes(status, body, headers="", kind="application/json"):
    raw_bytes = body if isinstance(body, bytes) else body.encode()
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(raw_bytes)}\r\n{headers}\r\n".encode() + raw_bytes


def answer(value):
    return answer_bytes("200 OK", json.dumps(value))


# Every code a client has to know, with its HTTP status: the code decides, not the status.
CODES = {
    0: (401, "the token is not accepted"), 190: (401, "the token has expired"),
    3: (500, "a capability is missing"), 10: (403, "a permission is missing"), 131005: (403, "access denied"),
    200: (403, "a permission is missing"), 299: (403, "a permission is missing"),
    4: (400, "too many calls of the app"), 80007: (400, "too many calls of the account"), 130429: (400, "too many messages a second"),
    131056: (400, "too many messages to this person"), 131048: (400, "held back for quality"), 131064: (400, "held back for quality"),
    133016: (400, "too many registrations"),
    1: (400, "unknown"), 2: (503, "down for a moment"), 131000: (500, "something went wrong"), 131016: (500, "overloaded"), 131057: (500, "in maintenance"),
    133004: (503, "not available"), 135000: (400, "without a name"),
    131047: (400, "more than a day since the person wrote"),
    131026: (400, "not deliverable"), 131021: (400, "to oneself"), 131030: (400, "not on the list"), 130472: (400, "an experiment"), 131049: (400, "kept back"),
    131050: (400, "marketing is not wanted"), 131062: (400, "no such id"),
    33: (400, "no such number id"), 100: (400, "a wrong parameter"), 131008: (400, "a parameter is missing"), 131009: (400, "a value is wrong"),
    131051: (400, "no such type"), 132000: (400, "the parameters do not fit"), 132001: (404, "no such template"), 131052: (400, "no download of the file"),
    131053: (400, "no upload of the file"),
    368: (403, "blocked for a policy"), 130497: (403, "not to this country"), 131031: (403, "locked"), 131042: (400, "cannot pay"), 131037: (400, "no display name"),
    131045: (400, "not registered"), 133010: (400, "not registered"), 134011: (403, "the terms are not accepted"),
}
REASONS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable"}


def graph_error(code, text=None, headers=""):
    status, usual = CODES[code]
    text = text or usual
    return answer_bytes(f"{status} {REASONS[status]}", json.dumps({"error": {"message": f"(#{code}) {text}", "type": "OAuthException", "code": code,
                                                                             "error_data": {"messaging_product": "whatsapp", "details": text}}}), headers)


def page(status):
    return answer_bytes(status, f"<html>{status}</html>", kind="text/html")


# What a message may meet. Of these it was taken all the same, and the answer says nothing clear (None: there is none) ...
UNCLEAR = {"garbage": b"certainly not HTTP\r\n\r\n", "no_json": answer_bytes("200 OK", "<html>thanks</html>"), "no_id": answer({"messages": []}),
           "half": answer({"messages": []})[:-6], "page500": page("500 Internal Server Error"), "page502": page("502 Bad Gateway"),
           "page503": page("503 Service Unavailable"), "reset_answer": None, "swallow": None, "close": None, "drip": None}
LIVES_ON = ("no_json", "no_id", "page500", "page502", "page503")  # the connection, after these
# ... by these it was clearly refused ...
REFUSALS = {"temporary": graph_error(131000), "later": graph_error(131016, headers="Retry-After: 4\r\n"), "limit": graph_error(130429), "pair": graph_error(131056),
            "permanent": graph_error(131026), **{f"code_{code}": graph_error(code) for code in CODES}}
# ... by these it was not taken, and nobody said so: before, during and after the body ...
RESETS = ("reset_head", "reset_body", "reset_after")
# ... and this is a good answer that comes in drops.
SLOW = "slow"
# What a first upload to a number may meet, by the address; the second one is taken. None: the connection ends without an answer ...
UPLOAD_FAULTS = {"upload_temporary": graph_error(131000), "upload_page": page("502 Bad Gateway"), "upload_swallow": None}
UPLOAD_REFUSED = "upload_refused"  # ... and here none ever is.


# --- what is asked ----------------------------------------------------------------------------------------------------------------------------


class Request:
    def __init__(self, head):
        line, *headers = head.split("\r\n")
        self.method, target, _ = line.split(" ", 2)
        self.path, _, self.query = target.partition("?")
        self.parts = self.path.strip("/").split("/")
        self.headers = {name.lower(): value.strip() for name, _, value in (header.partition(":") for header in headers if header)}
        word, _, token = self.headers.get("authorization", "").partition(" ")
        self.token = token if word.lower() == "bearer" else ""
        self.fault = self.parts[0]  # or the version, which is none
        self.read = 0  # bytes of the body that were read before the rest

    async def body(self, reader):
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            return await read_chunks(reader)
        return await reader.readexactly(int(self.headers.get("content-length", 0)))


async def read_chunks(reader):
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body


# What the object of a type has to hold, as names apart by |: one of them. A reaction without emoji takes one away.
NEEDED = {"text": ["body"], "image": ["id|link"], "video": ["id|link"], "audio": ["id|link"], "document": ["id|link"], "sticker": ["id|link"],
          "location": ["latitude", "longitude"], "reaction": ["message_id"], "template": ["name", "language"], "interactive": ["type", "action"], "contacts": []}


def what_is_wrong(body):
    """With a message; nothing for a good one."""
    if body.get("messaging_product") != "whatsapp":
        return "messaging_product is not whatsapp"
    if body.get("status") == "read":
        return None if body.get("message_id") else "message_id is missing"
    if not (body.get("to") or body.get("recipient")):
        return "no recipient"
    kind = body.get("type", "text")
    if kind not in NEEDED:
        return f"type {kind} is unknown"
    held = body.get(kind)
    if not held:
        return f"{kind} is missing"
    for names in NEEDED[kind]:
        if not any(name in held for name in names.split("|")):
            return f"{kind} needs {names.replace('|', ' or ')}"
    if kind == "text" and not 1 <= len(held["body"]) <= 4096:
        return f"a text of {len(held['body'])} characters"
    if len(body.get("biz_opaque_callback_data", "")) > 512:
        return "biz_opaque_callback_data is too long"
    return None


def address_of(body):
    return body.get("to") or body["recipient"]


def text_of(body):
    return body.get("text", {}).get("body", "")


# --- what is kept -----------------------------------------------------------------------------------------------------------------------------


class Ledger:
    """Lines of JSON. Those who note something at the same time share a sync."""

    def __init__(self, path):
        self.file = open(path, "ab", buffering=0)
        self.waiting = []  # (line, who waits for it)
        self.syncing = None

    async def note(self, kind, **record):
        """Comes back when it is on the disk."""
        done = asyncio.get_running_loop().create_future()
        self.waiting.append((json.dumps({"kind": kind, "at": time.time(), **record}).encode() + b"\n", done))
        if self.syncing is None:
            self.syncing = asyncio.create_task(self.sync())
        await done

    async def sync(self):
        while self.waiting:
            batch, self.waiting = self.waiting, []
            await asyncio.to_thread(self.write, b"".join(line for line, _ in batch))
            for _, done in batch:
                if not done.done():
                    done.set_result(None)
        self.syncing = None

    def write(self, raw_bytes):
        self.file.write(raw_bytes)
        os.fdatasync(self.file.fileno())


class Statuses:
    """Tells wabot what became of each message."""

    POSTERS = 3
    TOGETHER_MAX = 50  # statuses of a webhook

    def __init__(self, ledger, chance):
        self.ledger, self.chance = ledger, chance
        self.plan = None
        self.due = []  # (when, number, number id, our own id, status)
        self.numbers = itertools.count()
        self.under_way = 0
        self.news = asyncio.Condition()
        self.posters = []

    def follow(self, plan):
        self.plan = plan
        if not self.posters:
            self.posters = [asyncio.create_task(self.post_all()) for _ in range(self.POSTERS)]

    def left(self):
        return len(self.due) + self.under_way

    async def plan_for(self, number_id, body, fault):
        if self.plan is None or (fault in UNCLEAR and self.chance.random() < self.plan.get("silent", 0)):
            return
        words = self.plan.get("words", ["sent", "delivered", "read"])
        within = self.plan.get("within_s", 0.5)
        times = sorted(time.monotonic() + within * self.chance.random() for _ in words)
        if self.chance.random() < self.plan.get("reordered", 0):
            self.chance.shuffle(times)
        if self.chance.random() < self.plan.get("late", 0):
            times = [at + self.plan["late_s"] for at in times]
        for at, word in zip(times, words):
            opaque = body.get("biz_opaque_callback_data", "")
            status = {"id": body["id"], "status": word, "timestamp": str(int(time.time())), "recipient_id": address_of(body).lstrip("+"), "biz_opaque_callback_data": opaque}
            for _ in range(2 if self.chance.random() < self.plan.get("doubled", 0) else 1):
                heapq.heappush(self.due, (at, next(self.numbers), number_id, opaque, status))
                at += within * self.chance.random()
        async with self.news:
            self.news.notify_all()

    async def next(self):
        """The statuses of one number that are due, and that number's id."""
        async with self.news:
            while True:
                wait = self.due[0][0] - time.monotonic() if self.due else None
                if wait is not None and wait <= 0:
                    break
                try:
                    await asyncio.wait_for(self.news.wait(), wait)
                except asyncio.TimeoutError:
                    pass
        number_id, statuses = self.due[0][2], []
        now = time.monotonic()
        while self.due and self.due[0][0] <= now and self.due[0][2] == number_id and len(statuses) < self.TOGETHER_MAX:
            statuses.append(heapq.heappop(self.due)[3:])
        return number_id, statuses

    async def post_all(self):
        sender = Sender(AddressFile(self.plan["address_file"]), app_secret=self.plan["app_secret"])
        while True:
            number_id, statuses = await self.next()
            self.under_way += len(statuses)
            body = webhook(statuses=[status for _, status in statuses], number_id=number_id)
            attempts = 1
            while await sender.post(body) not in range(200, 300):
                attempts += 1
                await asyncio.sleep(0.02)
            await self.ledger.note("statuses", attempts=attempts, of=[(opaque, status["status"]) for opaque, status in statuses])
            self.under_way -= len(statuses)


# --- the server -------------------------------------------------------------------------------------------------------------------------------


class Graph:
    def __init__(self, ledger, plan):
        self.ledger = ledger
        self.plan = {}
        self.chance = random.Random(plan.get("seed", 0))
        self.statuses = Statuses(ledger, self.chance)
        self.asked_for = collections.deque()  # faults of the messages to come
        self.met = set()  # messages whose first attempt had its fault
        self.bad_tokens = {"refused"}
        self.media = {}  # id: (type, bytes)
        self.number = self.at_once = 0
        self.change_plan(plan)

    def change_plan(self, changes):
        self.plan.update(changes)
        if "statuses" in changes:
            self.statuses.follow(changes["statuses"])

    async def serve(self, reader, writer):
        try:
            while await self.one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        writer.close()

    async def one(self, reader, writer):
        """Whether there may be another on this connection."""
        request = Request((await reader.readuntil(b"\r\n\r\n"))[:-4].decode())
        if request.path == "/control":
            writer.write(await self.control(request, json.loads(await request.body(reader) or b"{}")))
            return True
        if request.method == "POST" and request.parts[-1] == "messages":
            return await self.message(request, reader, writer)
        body = await request.body(reader)
        if not request.token or request.token in self.bad_tokens:
            writer.write(graph_error(190))
        elif request.method == "POST" and request.parts[-1] == "media":
            raw_bytes = await self.upload(request, body)
            if raw_bytes is None:
                return False
            writer.write(raw_bytes)
        else:
            writer.write(self.node(request))
        return True

    async def control(self, request, wishes):
        self.asked_for.extend(wishes.get("next", []))
        self.bad_tokens.update([wishes["revoke"]] if "revoke" in wishes else [])
        self.bad_tokens.difference_update([wishes["admit"]] if "admit" in wishes else [])
        self.change_plan(wishes.get("plan", {}))
        return answer({"accepted": self.number, "statuses_left": self.statuses.left()})

    # --- messages

    def is_first(self, *key):
        is_met = key in self.met
        self.met.add(key)
        return not is_met

    def scripted_fault(self):
        if self.asked_for:
            return self.asked_for.popleft()
        faults = self.plan.get("faults", {})
        # One throw a message, whatever it meets: the plan's chances do not depend on each other.
        throw = self.chance.random()
        for fault, share in faults.items():
            throw -= share
            if throw < 0:
                return fault
        return None

    async def message(self, request, reader, writer):
        fault = self.scripted_fault()
        number_id = request.parts[-2]
        if fault is None and request.fault in RESETS and self.is_first(request.fault, number_id):
            fault = request.fault
        if fault == "reset_head":
            return await self.reset_untaken(fault, writer)
        if fault == "reset_body":
            await reader.read(1)
            return await self.reset_untaken(fault, writer)
        raw_bytes = await request.body(reader)
        if fault == "reset_after":
            return await self.reset_untaken(fault, writer)
        self.at_once += 1
        try:
            return await self.take(request, fault, number_id, raw_bytes, reader, writer)
        finally:
            self.at_once -= 1

    async def reset_untaken(self, fault, writer):
        await self.ledger.note("refused", code="reset", fault=fault)
        return reset(writer)

    async def take(self, request, fault, number_id, raw_bytes, reader, writer):
        """What its sender does not wait for is lost on the way."""
        latency = self.plan.get("latency", 0)
        await asyncio.sleep(latency)
        if reader.at_eof() or reader.exception() is not None:
            return False
        text = await self.answer_to(request, fault, number_id, raw_bytes)
        if isinstance(text, str):
            return await self.be_unclear(text, reader, writer)
        await asyncio.sleep(latency + self.delay())
        if fault == SLOW:
            await self.drop_by_drop(text, writer)
        else:
            writer.write(text)
        return True

    async def answer_to(self, request, fault, number_id, raw_bytes):
        """The bytes, or the name of the fault that takes their place."""
        if not request.token or request.token in self.bad_tokens:
            await self.ledger.note("refused", code=190)
            return graph_error(190)
        try:
            body = json.loads(raw_bytes)
            why = what_is_wrong(body)
        except (ValueError, TypeError, AttributeError) as problem:
            why = str(problem)
        if why:
            await self.ledger.note("invalid", why=why)
            return graph_error(100, why)
        if body.get("status") == "read":
            await self.ledger.note("read", body=body)
            return answer({"success": True})
        opaque = body.get("biz_opaque_callback_data", "")
        if self.is_first(number_id, opaque.rsplit(".", 1)[0]) and fault is None:
            fault = request.fault
        if "refuse" in text_of(body):
            await self.ledger.note("refused", code=131026, opaque=opaque)
            return graph_error(131026, f"Not deliverable to +{address_of(body).lstrip('+')}")
        if fault in REFUSALS:
            await self.ledger.note("refused", code=fault, opaque=opaque)
            return REFUSALS[fault]
        await self.accept(number_id, body, fault if fault in UNCLEAR else None)
        return fault if fault in UNCLEAR else answer({"messaging_product": "whatsapp", "contacts": [{"input": address_of(body), "wa_id": address_of(body).lstrip("+")}],
                                                      "messages": [{"id": body["id"]}]})

    async def accept(self, number_id, body, fault):
        self.number += 1
        body["id"] = wamid(address_of(body).lstrip("+"), f"OUT{self.number}")
        await self.ledger.note("accepted", at_once=self.at_once, fault=fault, **body)
        await self.statuses.plan_for(number_id, body, fault)

    def delay(self):
        delays = self.plan.get("delays")
        return self.chance.random() * delays["most_s"] if delays and self.chance.random() < delays["share"] else 0

    async def drop_by_drop(self, raw_bytes, writer):
        for start in range(0, len(raw_bytes), 40):
            writer.write(raw_bytes[start:start + 40])
            await writer.drain()
            await asyncio.sleep(0.02)

    async def be_unclear(self, fault, reader, writer):
        """Whether the connection lives on."""
        raw_bytes = UNCLEAR[fault]
        if raw_bytes is not None:
            writer.write(raw_bytes)
        elif fault == "drip":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while fault in ("drip", "swallow"):
            await asyncio.sleep(0.5)
            if reader.at_eof() or reader.exception() is not None:
                break
            if fault == "drip":
                writer.write(b".")
        if fault == "reset_answer":
            reset(writer)
        return fault in LIVES_ON

    # --- files and accounts

    async def upload(self, request, body):
        """The answer, or nothing: the connection ends."""
        if request.fault in UPLOAD_FAULTS and self.is_first("upload", request.fault, request.parts[-2]):
            return UPLOAD_FAULTS[request.fault]
        if request.fault == UPLOAD_REFUSED:
            return graph_error(131053)
        head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
        fields, file = {}, None
        for part in email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body).iter_parts():
            raw_bytes = part.get_payload(decode=True)
            if part.get_filename() is None:
                fields[part.get_param("name", header="content-disposition")] = raw_bytes.decode()
            else:
                file = (part.get_content_type(), raw_bytes)
                fields |= {"filename": part.get_filename(), "file_type": file[0], "size": len(raw_bytes), "sha256": hashlib.sha256(raw_bytes).hexdigest()}
        if fields.get("messaging_product") != "whatsapp" or file is None:
            await self.ledger.note("invalid", why="an upload without messaging_product or file")
            return graph_error(100)
        id = str(700000000000000 + len(self.media))
        self.media[id] = file
        await self.ledger.note("uploaded", id=id, **fields)
        return answer({"id": id})

    def node(self, request):
        """A file's description, its bytes, or an account: that is there, whatever its id."""
        id = request.parts[-1]
        if request.parts[-2:-1] == ["files"]:
            return answer_bytes("200 OK", self.media[id][1], kind=self.media[id][0]) if id in self.media else answer_bytes("404 Not Found", "")
        if request.method == "DELETE":
            return answer({"success": True}) if self.media.pop(id, None) else graph_error(100)
        if id in self.media:
            kind, raw_bytes = self.media[id]
            return answer({"messaging_product": "whatsapp", "url": f"http://{request.headers['host']}/files/{id}", "mime_type": kind,
                           "sha256": hashlib.sha256(raw_bytes).hexdigest(), "file_size": len(raw_bytes), "id": id})
        # Asked for by way of a number it is a file, which this one does not have; else an account.
        return graph_error(100) if "phone_number_id=" in request.query else answer({"id": id})


def reset(writer):
    """Ends the connection by RST instead of FIN."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False


async def main(ledger_path, plan="{}"):
    graph = Graph(Ledger(ledger_path), json.loads(plan))
    server = await asyncio.start_server(graph.serve, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
