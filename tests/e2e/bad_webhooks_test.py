"""Webhooks as nobody should send them, through real sockets: each gets the right answer, leaves in the store what it should, and the server goes on.

Usage: bad_webhooks_test.py WABOT
"""
import asyncio
import gzip
import json
import os
import re
import sys
import time
import urllib.parse
from collections import namedtuple

from wabot import APP_SECRET, NUMBER_ID, SLOWNESS, Graph, Wabot, check, length_of, sign, text_message, until, wamid, webhook

OWN = "15550100001"
VERIFY_TOKEN = "verify"  # as Wabot.device has it
PATH = "/webhooks/whatsapp"
BODY_MAX = 4 * 1024 * 1024
SENDERS = [f"1202555{number:04d}" for number in range(1000, 1200)]  # a row may have one to itself

Answer = namedtuple("Answer", "status head body")
Row = namedtuple("Row", "what request status left also", defaults=({}, None))


async def exchange(address, raw_bytes, patience=30 * SLOWNESS):
    reader, writer = await asyncio.open_connection(*address, limit=1 << 22)
    try:
        async def ask():
            writer.write(raw_bytes)
            try:
                await writer.drain()
            except ConnectionError:
                pass  # refused before all of it was read: the answer is there all the same
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            return Answer(int(head.split(" ", 2)[1]), head, await reader.readexactly(length_of(head.encode())))

        return await asyncio.wait_for(ask(), patience)
    finally:
        writer.close()


def request(method, path, body=b"", *headers):
    lines = [f"{method} {path} HTTP/1.1", "Host: wabot", "Content-Type: application/json", *headers]
    if not any(line.lower().startswith("content-length") for line in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def posted(body, *headers, path=PATH):
    """Unsigned, but for what `headers` say."""
    return request("POST", path, body, *headers)


def signed(body, *headers):
    return posted(body, f"X-Hub-Signature-256: {sign(body)}", *headers)


def verification(*pairs):
    return request("GET", PATH + "?" + "&".join(f"{name}={urllib.parse.quote(value, safe='')}" for name, value in pairs))


# --- bodies -----------------------------------------------------------------------------------------------------------------------------------

free_senders = iter(SENDERS)


def fresh(text="hello"):
    number = next(free_senders)
    return text_message(number, wamid(number, "FRESH"), text)


def fresh_body(text="hello"):
    return webhook(fresh(text))


def changed(message, **properties):
    return webhook({**message, **properties})


def envelope(entry, kind="whatsapp_business_account"):
    return json.dumps({"object": kind, "entry": entry}).encode()


def change(field, value):
    return envelope([{"id": "300000000000001", "time": 1750000000, "changes": [{"field": field, "value": value}]}])


def without(message, name):
    return {key: value for key, value in message.items() if key != name}


def bare(*messages, **value):
    """Without `contacts`, which `webhook` makes of the senders' numbers."""
    metadata = {"display_phone_number": OWN, "phone_number_id": NUMBER_ID}
    return change("messages", {"messaging_product": "whatsapp", "metadata": metadata, "messages": list(messages), **value})


def many_items():
    """A thousand of every kind, some broken: 600 messages, 200 statuses."""
    messages, statuses = [], []
    for i in range(1000):
        number = SENDERS[150 + i % 20]
        message = text_message(number, wamid(number, f"MANY{i}"), f"number {i} of many")
        if i % 5 == 0:
            statuses.append({"id": wamid(number, f"OURS{i}"), "status": "delivered", "timestamp": "1750000000", "recipient_id": number})
        elif i % 5 == 1:
            messages.append(without(message, "id"))
        else:
            messages.append(message)
    return bare(*messages, statuses=statuses)


# --- the tables -------------------------------------------------------------------------------------------------------------------------------

ONE = {"done": 1, "messages": 1}  # what a good message leaves
QUARANTINED = {"quarantined": 1}


def signature_rows():
    body = fresh_body()
    digits = sign(body).removeprefix("sha256=")
    spaced = json.dumps(json.loads(body), indent=1).encode()
    flipped = body.replace(b"hello", b"hellp")
    for what, headers in [("no signature", []), ("an empty one", ["X-Hub-Signature-256:"]), ("no digits", ["X-Hub-Signature-256: sha256="]),
                          ("the older header alone", [f"X-Hub-Signature: sha1={digits[:40]}"]),
                          ("another secret", [f"X-Hub-Signature-256: {sign(body, 'another')}"]),
                          ("a digit too few", [f"X-Hub-Signature-256: sha256={digits[:-1]}"]),
                          ("a digit too many", [f"X-Hub-Signature-256: sha256={digits}0"]),
                          ("40 digits", [f"X-Hub-Signature-256: sha256={digits[:40]}"]),
                          ("no hexadecimal digits", [f"X-Hub-Signature-256: sha256={'g' * 64}"]),
                          ("no name of the digest", [f"X-Hub-Signature-256: {digits}"]),
                          ("two headers", [f"X-Hub-Signature-256: sha256={digits}"] * 2),
                          ("two headers, one right", [f"X-Hub-Signature-256: sha256={digits}", "X-Hub-Signature-256: sha256=00"])]:
        yield Row(f"signature: {what}", posted(body, *headers), 401)
    yield Row("signature: of the body written otherwise", posted(spaced, f"X-Hub-Signature-256: {sign(body)}"), 401)
    yield Row("signature: of the body before a byte changed", posted(flipped, f"X-Hub-Signature-256: {sign(body)}"), 401)
    yield Row("signature: under another device's path", posted(body, f"X-Hub-Signature-256: {sign(body)}", path=PATH + "/nobody"), 404)
    yield Row("signature: in capitals, the name in small letters", posted(body, f"x-hub-signature-256: sha256={digits.upper()}"), 200, ONE)
    yield Row("the same body again", signed(body), 200)
    yield Row("the same body long after, written otherwise", signed(spaced), 200, {"done": 1}, double)


def body_rows():
    for what, body in [("nothing", b""), ("no JSON", b"hello"), ("half of it", b'{"object": "whatsapp_business'), ("a list", b"[]"), ("a number", b"7"),
                       ("no UTF-8", b'{"object": "whatsapp_business_account\xff"}'), ("a byte of zero", b'{"object": "\0"}'),
                       ("another object", envelope([], "page")), ("an object of a number", envelope([], 7)), ("an entry that is none", envelope({})),
                       ("10 000 lists deep", b"[" * 10_000 + b"]" * 10_000), ("10 000 objects deep", b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
                       ("a number of 400 digits", b"1" * 400 + b"e999")]:
        yield Row(f"body: {what}", signed(body), 200, QUARANTINED)
    for what, body in [("no entries", envelope([])), ("no changes", envelope([{"id": "1", "changes": []}])),
                       ("no value", envelope([{"id": "1", "changes": [{"field": "messages"}]}])),
                       ("an unknown field", change("telepathy", {"from": "x"})), ("a value that is none", change("telepathy", 7)),
                       ("an empty list of messages", bare())]:
        yield Row(f"body: {what}", signed(body), 200, {"done": 1})
    yield Row("body: keys twice", signed(fresh_body().replace(b'"body": "hello"', b'"body": "first", "body": "second"')), 200, QUARANTINED)
    yield Row("body: a message without id among good ones", signed(webhook(fresh(), without(fresh(), "id"), fresh())), 200,
              {"quarantined": 1, "messages": 2})
    yield Row("body: a message that is none", signed(bare(7, fresh(), None, [])), 200, {"quarantined": 1, "messages": 1})
    number = next(free_senders)
    yield Row("body: a message of a user id alone", signed(bare({**without(fresh(), "from"), "from_user_id": f"US.{number}"})), 200, ONE)
    yield Row("body: a message of nobody", signed(bare(without(fresh(), "from"))), 200, QUARANTINED)
    yield Row("body: an unknown type", signed(changed(fresh(), type="hologram", hologram={"x": [1, {}]})), 200, ONE)
    yield Row("body: a type of 10 000 characters", signed(changed(fresh(), type="x" * 10_000)), 200, ONE)
    yield Row("body: more properties than are known", signed(changed(fresh(), later={"than": ["this"]})), 200, ONE, says("hello"))
    yield Row("body: an account of nobody", signed(webhook(fresh(), number_id="200000000000009")), 200, {"unrouted": 1})
    yield Row("body: our own number", signed(changed(text_message(OWN, wamid(OWN, "OWN"), "from us"), to=next(free_senders))), 200, ONE, outgoing)
    status = {"id": wamid("12025559999", "NOBODYS"), "timestamp": "1750000000", "recipient_id": "12025559999"}
    for word in ("read", "sent", "dematerialised"):
        yield Row(f"body: the status {word} of an unknown message", signed(webhook(statuses=[{**status, "status": word}])), 200, {"done": 1})
    yield Row("body: a status without status", signed(webhook(statuses=[status])), 200, QUARANTINED)


def text_rows():
    for what, stamp in [("a number", 1750000000), ("in a thousand years", "33306000000"), ("0", "0"), ("10^18", str(10**18)), ("negative", "-7"),
                        ("a word", "soon"), ("none", None), ("a fraction", 1.5)]:
        yield Row(f"timestamp: {what}", signed(changed(fresh(), timestamp=stamp)), 200, ONE, says("hello"))
    yield Row("text: U+0000 in it", signed(fresh_body("a\0b")), 200, ONE, says("a\ufffdb"))
    yield Row("text: 1 MiB", signed(fresh_body("x" * 1024 * 1024)), 200, ONE, says("x" * 65_535 + "…", truncated=1024 * 1024))
    yield Row("text: 65 536 emoji", signed(fresh_body("😀" * 65_536)), 200, ONE, says("😀" * 65_536))
    yield Row("text: quotes and marks", signed(fresh_body("'); DROP TABLE messages; -- \\ \" ${jndi:x} \x1b[31m")), 200, ONE,
              says("'); DROP TABLE messages; -- \\ \" ${jndi:x} \x1b[31m"))
    for what, text in [("a number", 7), ("a list", ["x"]), ("nothing", None)]:
        yield Row(f"text: {what}", signed(changed(fresh(), text={"body": text})), 200, ONE)


def frame_rows():
    body = fresh_body()
    yield Row("frame: 4 MiB and one byte", posted(b" " * 65_536, f"Content-Length: {BODY_MAX + 1}", f"X-Hub-Signature-256: {sign(body)}"), 413)
    yield Row("frame: 4 MiB", signed(b" " * BODY_MAX), 200, QUARANTINED)
    yield Row("frame: a length of 10 GB", posted(b"", "Content-Length: 10000000000", f"X-Hub-Signature-256: {sign(b'')}"), 413)
    packed = gzip.compress(body)
    yield Row("frame: compressed", signed(packed, "Content-Encoding: gzip"), 415)
    yield Row("frame: two lengths", posted(body, f"Content-Length: {len(body)}", "Content-Length: 5", f"X-Hub-Signature-256: {sign(body)}"), 400)
    yield Row("frame: a length that is none", posted(body, "Content-Length: many", f"X-Hub-Signature-256: {sign(body)}"), 400)
    for method in ("PUT", "DELETE", "PATCH"):
        yield Row(f"frame: {method}", request(method, PATH, body, f"X-Hub-Signature-256: {sign(body)}"), 405, {}, allows_get_and_post)


def verification_rows():
    mode, token, challenge = ("hub.mode", "subscribe"), ("hub.verify_token", VERIFY_TOKEN), ("hub.challenge", "1158201444")
    yield Row("verification", verification(mode, challenge, token), 200, {}, echoes("1158201444"))
    yield Row("verification: in another order", verification(token, challenge, mode), 200, {}, echoes("1158201444"))
    for mark in ("<script>alert(1)</script>", "a\r\nSet-Cookie: x=1\r\n\r\nb", "%41", "ä+ b"):
        yield Row(f"verification: {mark!r}", verification(mode, ("hub.challenge", mark), token), 200, {}, echoes(mark))
    for what, pairs in [("wrong token", [mode, challenge, ("hub.verify_token", VERIFY_TOKEN + "x")]), ("empty token", [mode, challenge, ("hub.verify_token", "")]),
                        ("no token", [mode, challenge]), ("no challenge", [mode, token]), ("empty challenge", [mode, ("hub.challenge", ""), token]),
                        ("another mode", [("hub.mode", "unsubscribe"), challenge, token]), ("no mode", [challenge, token]), ("nothing", []),
                        ("a token twice", [mode, challenge, token, token]), ("a challenge twice", [mode, challenge, challenge, token]),
                        ("a mode twice", [mode, mode, challenge, token]),
                        ("the wrong token, a challenge too long", [mode, ("hub.challenge", "x" * 257), ("hub.verify_token", "x")])]:
        yield Row(f"verification: {what}", verification(*pairs), 403)
    yield Row("verification: a challenge of 256 characters", verification(mode, ("hub.challenge", "x" * 256), token), 200, {}, echoes("x" * 256))
    yield Row("verification: a challenge of 257 characters", verification(mode, ("hub.challenge", "x" * 257), token), 400)
    yield Row("verification: a challenge of 1 MB", verification(mode, ("hub.challenge", "x" * 1_000_000), token), 414)


# --- what else a row may look at ----------------------------------------------------------------------------------------------------------------


def newest(wabot):
    return json.loads(wabot.run("message", "list", "--direction", "incoming", "--limit", "1", "-o", "json"))["items"][0]


def says(text, truncated=None):
    def look(wabot, answer):
        message = newest(wabot)
        check(message["content"] == text, f"the text is {message['content'][:80]!r}")
        check((message["metadata"].get("truncated") or {}).get("characters") == truncated, f"marked as {message['metadata']}")
    return look


def outgoing(wabot, answer):
    message = json.loads(wabot.run("message", "list", "--direction", "outgoing", "--limit", "1", "-o", "json"))["items"][0]
    check(message["content"] == "from us", f"an echo is outgoing: {message}")


def double(wabot, answer):
    event = wabot.rows("event", "list")[0]
    parts = json.loads(wabot.run("event", "get", str(event["id"]), "-o", "json"))["parts"]
    check([part["state"] for part in parts] == ["duplicate"], f"the items of the second body: {parts}")


def allows_get_and_post(wabot, answer):
    allow = next((line for line in answer.head.split("\r\n") if line.startswith("allow:")), "")
    check({word.strip() for word in allow.removeprefix("allow:").split(",")} >= {"get", "post"}, f"Allow names both: {answer.head}")


def echoes(challenge):
    def look(wabot, answer):
        check(answer.body == challenge.encode(), f"the challenge is echoed: {answer.body!r}")
        check("content-type: text/plain" in answer.head and "x-content-type-options: nosniff" in answer.head, f"as plain text: {answer.head}")
        check("set-cookie" not in answer.head, f"in the body alone: {answer.head}")
    return look


def left(wabot):
    """What there is of everything that a webhook can leave."""
    counts = dict(wabot.query("SELECT state, count(*) FROM inbox GROUP BY state"))
    counts["messages"] = wabot.query("SELECT count(*) FROM messages WHERE sender_kind <> 'agent'")[0][0]
    return counts


def difference(before, after):
    return {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}


def check_row(wabot, row):
    before = left(wabot)
    answer = asyncio.run(exchange(wabot.address, row.request))
    check(answer.status == row.status, f"{row.what}: {answer.status}, not {row.status}")
    until(f"end of the work on {row.what!r}", lambda: wabot.query("SELECT count(*) FROM inbox WHERE state = 'received'")[0][0] == 0)
    found = difference(before, left(wabot))
    check(found == row.left, f"{row.what}: left {found}, not {row.left}")
    if row.also:
        row.also(wabot, answer)


def check_changed_secret(wabot):
    """While the app's secret is changed both are right, each until it is taken away."""
    def told(*assignments):
        words = [word for name, value in assignments for word in ("--secret-from", f"{name}={wabot.file(name, value) if value else os.devnull}")]
        wabot.run("device", "update", "shop", *words)

    def posted_with(secret):
        body = fresh_body()
        return posted(body, f"X-Hub-Signature-256: {sign(body, secret)}")

    check_row(wabot, Row("a secret not told yet", posted_with("next-secret"), 401))
    told(("app_secret", "next-secret"), ("previous_app_secret", APP_SECRET))
    check_row(wabot, Row("the new secret", posted_with("next-secret"), 200, ONE))
    check_row(wabot, Row("the previous one meanwhile", posted_with(APP_SECRET), 200, ONE))
    told(("previous_app_secret", ""))
    check_row(wabot, Row("the previous one afterwards", posted_with(APP_SECRET), 401))
    told(("app_secret", APP_SECRET))
    check_row(wabot, Row("the first one, told again", posted_with(APP_SECRET), 200, ONE))


def check_many(wabot):
    body = many_items()
    before = left(wabot)
    begin = time.monotonic()
    answer = asyncio.run(exchange(wabot.address, signed(body)))
    took = time.monotonic() - begin
    check(answer.status == 200 and took < 1.0 * SLOWNESS, f"1000 items: {answer.status} after {took:.3f} s")
    until("end of the work on them", lambda: wabot.query("SELECT count(*) FROM inbox WHERE state = 'received'")[0][0] == 0)
    check(difference(before, left(wabot)) == {"quarantined": 1, "messages": 600}, f"of 1000 items: {difference(before, left(wabot))}")
    kept = wabot.query("SELECT count(*) FROM inbox_items i WHERE i.inbox_id = (SELECT max(id) FROM inbox) AND i.state = 'quarantined'")[0][0]
    check(kept == 200, f"the broken ones are kept: {kept}")
    print(f"1000 items in {len(body)} bytes, answered after {took * 1000:.0f} ms")


with Wabot(sys.argv[1]) as wabot, Graph(wabot) as graph:
    wabot.init()
    server = wabot.serve()
    unconfigured = fresh_body()
    check_row(wabot, Row("no secret anywhere", signed(unconfigured), 503))
    check_row(wabot, Row("no token anywhere", verification(("hub.mode", "subscribe"), ("hub.challenge", "1"), ("hub.verify_token", "")), 403))

    wabot.echo_agent()
    wabot.device("shop", graph.url, more=("--phone", f"+{OWN}"))
    rows = [*signature_rows(), *body_rows(), *text_rows(), *frame_rows(), *verification_rows()]
    for row in rows:
        check_row(wabot, row)
        check(server.is_alive(), f"{row.what}: the server lives")
    check_changed_secret(wabot)
    check_many(wabot)
    check_row(wabot, Row("a good one, after all of them", signed(fresh_body()), 200, ONE, says("hello")))
    wabot.until_idle()
    answered = wabot.query("SELECT count(*) FROM (SELECT first_message_id FROM turns WHERE outcome = 'replied' GROUP BY first_message_id HAVING count(*) > 1) t")
    check(answered == [(0,)], f"nothing is answered twice: {answered}")
    check(re.search(r"webhook quarantined event_id=\d+ cause=.* left_out=\d", server.text()), "the log tells of what could not be read")
    wabot.check_integrity()
    check(server.stop() == 0, "serve ends well")
    print(f"{len(rows)} requests")
