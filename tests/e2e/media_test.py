"""What comes with messages is fetched once and whole, from where it may be fetched, and the answers do not wait for ever: media_test.py WABOT"""
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from wabot import PATIENCE, Wabot, check, deliver, until, wamid, webhook

JPEG = b"\xff\xd8\xff\xe0" + b"a picture of the menu " * 40_000
LARGE = 25 * 1024 * 1024 + 1
HALF = len(JPEG) // 2

# By the id: where its URL leads, as {} or elsewhere, and what becomes of it.
KINDS = {
    "normal": ("{}", "fetched", None),
    "slow": ("{}", "fetched", None),
    "expired": ("{}", "fetched", None),
    "mismatch": ("{}", "failed", "its SHA-256 is not the announced one"),
    "html": ("{}", "blocked", "is declared as image/jpeg, and looks like text/html"),
    "large": ("{}", "blocked", f"has {LARGE} bytes, more than the {LARGE - 1} that are fetched"),
    "endless": ("{}", "blocked", "bytes, more than the"),
    "loopback": ("{}", "blocked", "its URL is of scheme http, not https"),
    "onward": ("{}", "fetched", None),
    "metadata": ("http://169.254.169.254/latest/meta-data/", "blocked", "its URL is of scheme http, not https"),
    "elsewhere": ("https://127.0.0.1/", "blocked", "its URL names the host 127.0.0.1, which is none of media_hosts"),
    "public": ("https://localhost/", "blocked", "the address is not one of the public Internet"),
    "local": ("file:///etc/passwd", "blocked", "its URL is of scheme file, not https"),
    "unknown": (None, "gone", "the provider refuses it"),
}


class Graph(ThreadingHTTPServer):
    """Takes messages, looks media up and serves them."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.lock = threading.Lock()
        self.answered = []  # the ids that replies quote
        self.asked = []  # (path, Range, Authorization) of what was read
        self.may_end = threading.Event()  # of the slow one
        self.breaks = True  # the download that is killed
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def reads_of(self, name):
        with self.lock:
            return [asked for asked in self.asked if asked[0] == f"/file/{name}"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def give(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) if "Content-Length" in self.headers else self.read_chunks())
        with self.server.lock:
            self.server.answered.append(body["context"]["message_id"])
            id = wamid(body["to"].lstrip("+"), f"OUT{len(self.server.answered)}")
        self.give(200, json.dumps({"messaging_product": "whatsapp", "messages": [{"id": id}]}).encode())

    def read_chunks(self):
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def do_GET(self):
        path = self.path.split("?")[0]
        with self.server.lock:
            self.server.asked.append((path, self.headers["Range"], self.headers["Authorization"]))
            times = sum(1 for asked in self.server.asked if asked[0] == path)
        name = path.rsplit("/", 1)[1]
        if not path.startswith("/file/"):
            return self.look_up(name)
        if name == "slow":
            self.server.may_end.wait(PATIENCE)
        if name == "expired" and times == 1:
            return self.give(404, b"")
        if name == "loopback":
            return self.give(302, b"", Location="http://127.0.0.1:1/")
        if name == "onward":
            return self.give(302, b"", Location="/file/normal")
        if name == "html":
            return self.give(200, b"<!doctype html><script>alert(1)</script>")
        if name == "mismatch":
            return self.give(200, JPEG[:-1] + b"!")
        if name == "endless":
            return self.give(200, b"\xff\xd8\xff" + bytes(LARGE))
        if name == "killed" and self.server.breaks:
            return self.break_off()
        if self.headers["Range"]:
            start = int(re.fullmatch(r"bytes=(\d+)-", self.headers["Range"])[1])
            return self.give(206, JPEG[start:], Content_Range=f"bytes {start}-{len(JPEG) - 1}/{len(JPEG)}")
        self.give(200, JPEG)

    def look_up(self, name):
        place = KINDS.get(name, ("{}",))[0]
        if place is None:
            return self.give(400, json.dumps({"error": {"message": "Unsupported get request", "code": 100}}).encode())
        size = LARGE if name == "large" else len(JPEG)
        url = place.format(f"{self.server.url}/file/{name}")
        digest = hashlib.sha256(JPEG).hexdigest()
        self.give(200, json.dumps({"messaging_product": "whatsapp", "url": url, "mime_type": "image/jpeg", "sha256": digest, "file_size": size, "id": name}).encode())

    def break_off(self):
        """Half of it, and then nothing until the other side goes away."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(JPEG)))
        self.end_headers()
        self.wfile.write(JPEG[:HALF])
        self.wfile.flush()
        self.connection.recv(1)
        self.close_connection = True


def image(number, media_id):
    digest = base64.b64encode(hashlib.sha256(JPEG).digest()).decode()
    return {"from": number, "id": wamid(number, media_id), "timestamp": str(int(time.time())), "type": "image",
            "image": {"id": media_id, "mime_type": "image/jpeg", "sha256": digest, "caption": "What is this?"}}


def media(wabot, name):
    rows = wabot.query("SELECT state, error, file_id FROM media WHERE provider_media_id = ?", name)
    check(len(rows) == 1, f"{name}: {len(rows)} rows of media")
    return rows[0]


def content(wabot, file_id):
    done = subprocess.run([wabot.binary, "file", "get", str(file_id), "--save", "-", "-c", f"{wabot.dir}/wabot.toml", "--no-input"], env=wabot.env,
                          stdout=subprocess.PIPE, timeout=PATIENCE, check=True)
    return done.stdout


def blobs(wabot, drafts=False):
    out = []
    for folder, _, names in os.walk(os.path.join(wabot.dir, "files")):
        out += [os.path.join(folder, name) for name in names if (os.path.basename(folder) == "draft") == drafts]
    return out


def fetches_what_it_may(wabot, graph):
    numbers = {name: f"1202555{100 + i:04}" for i, name in enumerate(KINDS)}
    deliver(wabot, webhook(*(image(number, name) for name, number in numbers.items())))
    # The slow one is answered without its picture, when it has waited long enough; the others when they know.
    until("an answer to each", lambda: len(graph.answered) >= len(KINDS))
    check(media(wabot, "slow")[0] == "waiting", "the slow one is not there yet")
    graph.may_end.set()
    until("end of each", lambda: wabot.query("SELECT count(*) FROM media WHERE state = 'waiting'") == [(0,)])
    wabot.until_idle()
    for name, (_, state, reason) in KINDS.items():
        found = media(wabot, name)
        check(found[0] == state, f"{name}: {found}, not {state}")
        check(reason is None and found[1] is None or reason is not None and reason in found[1], f"{name}: {found[1]!r}, not {reason!r}")
        check((found[2] is not None) == (state == "fetched"), f"{name}: {found}")
        if found[2] is not None:
            check(content(wabot, found[2]) == JPEG, f"{name}: another content")
    check(sorted(graph.answered) == sorted(wamid(number, name) for name, number in numbers.items()), f"answered: {graph.answered}")
    check(all(asked[2] == "Bearer token" for asked in graph.asked), "everything is asked for with the token")
    check(len(graph.reads_of("mismatch")) == 1 and len(graph.reads_of("large")) == 0, "what is wrong is read once, what is too large never")
    check(wabot.query("SELECT count(*) FROM conversations WHERE turn_pending <> 0") == [(0,)], "no turn is left")


def goes_on_after_a_kill(wabot, graph, server):
    number = "12025559999"
    deliver(wabot, webhook(image(number, "killed")))
    until("half of it on the disk", lambda: any(os.path.getsize(path) >= HALF for path in blobs(wabot, drafts=True)))
    server.kill()
    graph.breaks = False
    wabot.serve("--workers", "2")
    until("the whole", lambda: media(wabot, "killed")[0] == "fetched")
    check(content(wabot, media(wabot, "killed")[2]) == JPEG, "another content")
    check([asked[1] for asked in graph.reads_of("killed")] == [None, f"bytes={HALF}-"], f"read as {graph.reads_of('killed')}")
    wabot.until_idle()
    check(graph.answered.count(wamid(number, "killed")) == 1, "answered once")


def main():
    with Wabot(sys.argv[1], WABOT_MEDIA_WAIT="3s", WABOT_LEASE="2s") as wabot:
        graph = Graph()
        wabot.init()
        wabot.echo_agent()
        wabot.device("shop", graph.url, media_hosts="localhost")
        server = wabot.serve("--workers", "2")
        fetches_what_it_may(wabot, graph)
        goes_on_after_a_kill(wabot, graph, server)
        fetched = wabot.query("SELECT count(*) FROM media WHERE state = 'fetched'")[0][0]
        check(wabot.query("SELECT count(*) FROM files") == [(fetched,)], "a file for each that was fetched")
        check(len(blobs(wabot)) == fetched and not blobs(wabot, drafts=True), f"blobs: {blobs(wabot)}, drafts: {blobs(wabot, drafts=True)}")
        check(all(os.stat(path).st_mode & 0o777 == 0o600 for path in blobs(wabot)), "nobody else may read them")
        wabot.check_integrity()


main()
