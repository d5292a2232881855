"""Every kind of message goes out through the real binary, in order and once, whatever happens on the way: contents_test.py WABOT [faults]"""
import hashlib
import json
import os
import struct
import sys
import time
import zlib

from graph import UPLOAD_FAULTS
from wabot import Graph, Wabot, check, deliver, text_message, until, wamid, webhook

PERSON = "15550170001"
CARD_NUMBER = "15550179999"
QUESTION = wamid(PERSON, "Q")


def png(colour):
    """A picture of one dot."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(bytes([0, *colour])))
            + chunk(b"IEND", b""))


def bytes_file(wabot, name, raw_bytes):
    path = os.path.join(wabot.scratch, name)
    with open(path, "wb") as file:
        file.write(raw_bytes)
    return path


def now_message(number, id, text):
    """The window counts from the time in it."""
    return {**text_message(number, id, text), "timestamp": str(int(time.time()))}


class Shop:
    """A device with one contact who has just written, and nobody who answers."""

    def __init__(self, binary, graph_path="", **settings):
        self.wabot = Wabot(binary, **settings)
        self.graph_path = graph_path

    def __enter__(self):
        self.wabot.__enter__()
        self.graph = Graph(self.wabot).__enter__()
        self.wabot.init()
        self.wabot.device("shop", self.graph.url + self.graph_path, agent=None, on_uncertain="hold")
        self.server = self.wabot.serve("--workers", "0")
        deliver(self.wabot, webhook(now_message(PERSON, QUESTION, "hello?")))
        self.wabot.run("worker", "--until-empty")
        return self

    def __exit__(self, *what):
        self.graph.__exit__(*what)
        self.wabot.__exit__(*what)

    def send(self, *words, expect=0):
        """The id of the message."""
        out = self.wabot.run("message", "send", "1", "--device", "shop", *words, "-o", "json", expect=expect)
        return json.loads(out)["id"] if expect == 0 else None

    def work(self):
        self.wabot.run("worker", "--until-empty")

    def status_of(self, id):
        return json.loads(self.wabot.run("message", "get", str(id), "-o", "json"))["status"]

    def column(self, sql):
        return [value for value, in self.wabot.query(sql)]


def kinds(shop):
    """The words of each send, and what the provider gets."""
    wabot = shop.wabot
    picture = bytes_file(wabot, "boat.png", png((1, 2, 3)))
    paper = bytes_file(wabot, "bill.pdf", b"%PDF-1.4\n" + bytes(range(256)) * 4000 + b"\n%%EOF\n")
    card = wabot.file("card.json", json.dumps({"name": {"formatted_name": "Mara Lind"}, "phones": [{"phone": "+" + CARD_NUMBER, "type": "WORK", "wa_id": CARD_NUMBER}]}))
    rows = wabot.file("rows.json", json.dumps({"button": "Choose", "sections": [{"rows": [{"id": "r1", "title": "Rope"}, {"id": "r2", "title": "Sail"}]}]}))
    flow = wabot.file("interactive.json", json.dumps({"type": "catalog_message", "body": {"text": "All we have"}, "action": {"name": "catalog_message"}}))
    name = {"formatted_name": "Mara Lind", "first_name": "Mara Lind"}
    body = {"text": "Shall we?"}
    return [
        (["--text", "See https://example.net", "--preview-url"], {"text": {"body": "See https://example.net", "preview_url": True}}),
        (["--image", picture, "--caption", "A boat"], {"image": {"caption": "A boat", "id": "FILE"}}),
        (["--document", paper], {"document": {"filename": "bill.pdf", "id": "FILE"}}),
        (["--video", "https://example.net/sail.mp4"], {"video": {"link": "https://example.net/sail.mp4"}}),
        (["--audio", "id:700000000000002", "--voice"], {"audio": {"id": "700000000000002", "voice": True}}),
        (["--sticker", "id:700000000000004"], {"sticker": {"id": "700000000000004"}}),
        (["--template", "sails_ready", "--language", "en", "--var", "1=Ada", "--var", "2=noon", "--var", "header.1=Hi", "--var", "button.0=b17"],
         {"template": {"name": "sails_ready", "language": {"code": "en", "policy": "deterministic"}, "components": [
             {"type": "header", "parameters": [{"type": "text", "text": "Hi"}]},
             {"type": "body", "parameters": [{"type": "text", "text": "Ada"}, {"type": "text", "text": "noon"}]},
             {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "b17"}]}]}}),
        (["--text", "Shall we?", "--button", "y=Yes", "--button", "n=No", "--footer", "Lind Boats"],
         {"interactive": {"type": "button", "body": body, "footer": {"text": "Lind Boats"}, "action": {"buttons": [
             {"type": "reply", "reply": {"id": "y", "title": "Yes"}}, {"type": "reply", "reply": {"id": "n", "title": "No"}}]}}}),
        (["--text", "Shall we?", "--list", rows], {"interactive": {"type": "list", "body": body, "action": {"button": "Choose", "sections": [
            {"rows": [{"id": "r1", "title": "Rope"}, {"id": "r2", "title": "Sail"}]}]}}}),
        (["--text", "Shall we?", "--cta", "Book=https://example.net/book"], {"interactive": {"type": "cta_url", "body": body, "action": {
            "name": "cta_url", "parameters": {"display_text": "Book", "url": "https://example.net/book"}}}}),
        (["--text", "Shall we?", "--ask-location"], {"interactive": {"type": "location_request_message", "body": body, "action": {"name": "send_location"}}}),
        (["--interactive", flow], {"interactive": {"type": "catalog_message", "body": {"text": "All we have"}, "action": {"name": "catalog_message"}}}),
        (["--react", "👍", "--to-message", "1"], {"reaction": {"emoji": "👍", "message_id": QUESTION}}),
        (["--remove", "--to-message", "1"], {"reaction": {"emoji": "", "message_id": QUESTION}}),
        (["--location", "43.6591,-70.2568", "--name", "Pier 2"], {"location": {"latitude": "43.6591", "longitude": "-70.2568", "name": "Pier 2"}}),
        (["--contact-card", card], {"contacts": [{"name": name, "phones": [{"phone": "+" + CARD_NUMBER, "type": "WORK", "wa_id": CARD_NUMBER}]}]}),
        (["--text", "As you asked", "--reply-to", "1"], {"text": {"body": "As you asked"}, "context": {"message_id": QUESTION}}),
    ]


def check_every_kind(binary):
    with Shop(binary) as shop:
        asked = kinds(shop)
        ids = [shop.send(*words) for words, _ in asked]
        check(shop.graph.count() == 0, "nothing is sent by the command itself")
        shop.work()
        accepted = shop.graph.accepted()
        uploads = shop.graph.uploads()
        check(len(accepted) == len(asked), f"{len(accepted)} accepted, {len(asked)} asked for\n{shop.wabot.run('job', 'list', '--all')}")
        files = iter(upload["id"] for upload in uploads)
        for (words, expected), body in zip(asked, accepted):
            kind = next(iter(expected))
            if expected[kind] and "id" in expected[kind] and expected[kind]["id"] == "FILE":
                expected[kind]["id"] = next(files)
            got = {name: value for name, value in body.items() if name in (kind, "context")}
            check(got == expected and body["type"] == kind, f"{words}: {body['type']} {got}, not {expected}")
        check(all(shop.status_of(id) == "sent" for id in ids), "all are sent")
        for upload, path, type in zip(uploads, ("boat.png", "bill.pdf"), ("image/png", "application/pdf")):
            with open(os.path.join(shop.wabot.scratch, path), "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            check((upload["sha256"], upload["file_type"], upload["type"], upload["messaging_product"]) == (digest, type, type, "whatsapp"), f"{path}: {upload}")
        check_sealed(shop)
        check_read(shop)
        check(shop.server.stop() == 0, "ends well")


def check_sealed(shop):
    """No number of a card anywhere, nor one that bytes stand for."""
    dump = shop.wabot.store.dump()
    for folder, _, names in os.walk(shop.wabot.dir):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                dump.append((name, file.read()))
    for name, raw_bytes in dump:
        check(CARD_NUMBER.encode() not in raw_bytes, f"the number of a card stands in {name}")
    check("Mara Lind" in str(shop.wabot.query("SELECT content FROM messages WHERE message_type = 'contacts'")), "the name does not")


def check_read(shop):
    shop.wabot.run("message", "read", "1", "--typing")
    shop.work()
    check(shop.graph.reads() == [{"messaging_product": "whatsapp", "status": "read", "message_id": QUESTION, "typing_indicator": {"type": "text"}}], f"{shop.graph.reads()}")


def check_uploads(binary):
    """What fails before the hand-over is tried again or refused, and is never uncertain."""
    for fault in [*UPLOAD_FAULTS, "upload_refused"]:
        with Shop(binary, "/" + fault, WABOT_LEASE="2s") as shop:
            id = shop.send("--image", bytes_file(shop.wabot, "a.png", png((9, 9, 9))))
            worker = shop.wabot.start("worker")
            wanted = "failed" if fault == "upload_refused" else "sent"
            until(f"end of {fault}", lambda: shop.status_of(id) == wanted)
            check(shop.column("SELECT count(*) FROM changes WHERE kind = 'send.uncertain'") == [0], f"{fault}: was uncertain")
            check(shop.graph.count() == (0 if wanted == "failed" else 1), f"{fault}: {shop.graph.accepted()}")
            if wanted == "failed":
                check("131053" in shop.wabot.run("message", "status", str(id)), "says why")
            print(f"{fault}: {wanted}", flush=True)
            check(worker.stop() == 0, "ends well")


# Where a worker dies, and whether what it sent may have arrived.
POINTS = {"send.uploaded": False, "send.connected": False, "send.handing_over": True, "send.offered": True, "send.answered": True, "send.recorded": False}


def check_kills(binary):
    for point, is_open in POINTS.items():
        for words in (["--text", "Shall we?", "--button", "y=Yes"], ["--image", "FILE"]):
            if point == "send.uploaded" and "FILE" not in words:
                continue
            check_kill(binary, point, is_open, words)


def check_kill(binary, point, is_open, words):
    with Shop(binary, WABOT_LEASE="1500ms", WABOT_UNCERTAIN_WINDOW="2s") as shop:
        words = [bytes_file(shop.wabot, "a.png", png((7, 7, 7))) if word == "FILE" else word for word in words]
        id = shop.send(*words)
        # The bytes of an upload are offered, too: before the hand-over, and no harm done.
        is_open = is_open and not (point == "send.offered" and "--image" in words)
        faulty = shop.wabot.start("worker", WABOT_FAULT_AT=f"kill:{point}:1")
        until("kill", lambda: not faulty.is_alive())
        worker = shop.wabot.start("worker")
        wanted = "held" if is_open else "sent"
        until(f"{wanted} after {point}", lambda: shop.status_of(id) == wanted)
        until("worker that can be stopped", lambda: "working" in worker.text())  # what was recorded needs none
        check(worker.stop() == 0, "ends well")
        accepted, uploads = shop.graph.count(), len(shop.graph.uploads())
        check(accepted <= 1 if is_open else accepted == 1, f"{point}: accepted {accepted} times")
        if "--image" in words:
            check(uploads == 1 or (point == "send.offered" and uploads <= 2), f"{point}: uploaded {uploads} times")
        print(f"killed at {point}, {words[0]}: {wanted}, accepted {accepted} times, uploaded {uploads} times", flush=True)


if sys.argv[2:] == ["faults"]:
    check_kills(sys.argv[1])
else:
    check_every_kind(sys.argv[1])
    check_uploads(sys.argv[1])
