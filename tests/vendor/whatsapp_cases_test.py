"""One of the inputs that people who do this job ran into, and what is right for it: whatsapp_cases_test.py WABOT CASE.json

The case's steps are done one after the other on a store with one device and one agent; the checks are below, by the number of the case.
"""
import base64
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from wabot import APP_SECRET, PATIENCE, Sender, Wabot, check, deliver, until  # noqa: E402

CASE = pathlib.Path(sys.argv[2])
NUMBER_ID, WABA_ID = "730012345678901", "810012345678902"


class Graph:
    """Answers as the case says; any other message gets an id, and the number that was asked for."""

    def __init__(self, case):
        self.posts, self.numbers = [], iter(range(1, 1000))
        graph = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if '"status":"read"' in body:
                    return self.give(200, {"success": True})
                graph.posts.append(json.loads(body))
                for rule in case.get("graph", []):
                    if rule["match"] in body:
                        return self.give(rule["status"], rule["body"])
                to = graph.posts[-1].get("to", "")
                self.give(200, {"messaging_product": "whatsapp", "contacts": [{"input": to, "wa_id": to.lstrip("+")}], "messages": [{"id": f"wamid.OUT{next(graph.numbers)}"}]})

            def do_GET(self):
                name = self.path.split("?")[0].rsplit("/", 1)[1]
                medium = case.get("media", {}).get(name)
                if medium is None:
                    return self.give(404, {"error": {"code": 100, "message": "no such object"}})
                raw = base64.b64decode(medium["base64"])
                if self.path.startswith("/download/"):
                    return self.give(200, raw, medium["mime_type"])
                self.give(200, {"url": f"{graph.url}/download/{name}", "mime_type": medium["mime_type"], "file_size": len(raw), "id": name, "messaging_product": "whatsapp"})

            def give(self, status, body, kind="application/json"):
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def texts(self):
        return [post["text"]["body"] for post in self.posts if post.get("type") == "text"]


class Played:
    """The case, done."""

    def __init__(self, wabot):
        self.wabot = wabot
        self.case = json.loads(CASE.read_text())
        self.graph = Graph(self.case)
        self.runs = []  # of the commands: exit code, standard output, standard error
        wabot.init()
        self.dir = os.path.join(wabot.scratch, "files")
        os.mkdir(self.dir)
        for name, content in self.case.get("files", {}).items():
            with open(os.path.join(self.dir, name), "w") as file:
                file.write(content if isinstance(content, str) else json.dumps(content))
        rules = wabot.file("rules.json", json.dumps([{"pattern": "(?i)open|hours", "response": "Open Monday to Friday, 9 to 17."}]))
        wabot.run("agent", "create", "faq", "--type", "rule_based", "--rules-file", rules, "--fallback", "A colleague will answer you.")
        wabot.device("shop", self.graph.url, number_id=NUMBER_ID, agent="faq", more=("--phone", "+12025550100"), waba_id=WABA_ID)
        server = wabot.serve("--workers", "1")
        for step in self.case["steps"]:
            self.take(step)
        self.until_quiet()
        self.check_server = server

    def fill(self, text):
        now = int(time.time())
        text = re.sub(r"\{now-(\d+)\}", lambda found: str(now - int(found[1])), text)
        return text.replace('"{now#}"', str(now)).replace("{now}", str(now)).replace("{dir}", self.dir)

    def take(self, step):
        if "run" in step:
            words = [self.fill(word) for word in step["run"]]
            done = self.ask(*words)
            self.runs.append((done.returncode, done.stdout, done.stderr))
        elif "post" in step or "post_raw" in step:
            deliver(self.wabot, self.fill(step["post_raw"] if "post_raw" in step else json.dumps(step["post"])).encode(), app_secret=APP_SECRET)
        self.until_quiet()

    def ask(self, *words):
        return subprocess.run([self.wabot.binary, *words, "-c", f"{self.wabot.dir}/wabot.toml", "--no-input"], env=self.wabot.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE)

    def until_quiet(self):
        """Nothing is in line that a worker would take now."""
        def is_quiet():
            return self.wabot.query("""SELECT NOT EXISTS (SELECT 1 FROM inbox WHERE state = 'received')
                AND NOT EXISTS (SELECT 1 FROM conversations WHERE turn_pending > 0)
                AND NOT EXISTS (SELECT 1 FROM jobs WHERE state IN ('ready', 'running') AND kind = 'fetch_media')
                AND NOT EXISTS (SELECT 1 FROM conversations c JOIN devices d ON d.id = c.device_id WHERE c.send_pending > 0 AND d.status <> 'error')""") == [(1,)]
        until("nothing in line", is_quiet)

    def json(self, *words):
        return json.loads(self.wabot.run(*words, "-o", "json"))

    def rows(self, *words):
        return self.wabot.rows(*words)


def stale_message(p):
    contact = p.json("contact", "get", "1")
    check(contact["window_open_until"] is None, f"the window is closed: {contact}")
    check(p.graph.posts == [], f"nothing is posted: {p.graph.posts}")
    history = p.wabot.run("message", "status", "1")
    check("window" in history, f"the history names the window: {history}")
    check(p.runs[0][0] == 12, f"message send ends with 12: {p.runs}")


def quote(p):
    messages = {row["id"]: row for row in p.rows("message", "list")}
    incoming = sorted(row["id"] for row in messages.values() if row["direction"] == "incoming")
    first, second, third = incoming[:3]
    check(messages[second]["parent_id"] == first, f"the quote has its parent: {messages[second]}")
    check(messages[third]["parent_id"] == first, f"the reaction has its parent: {messages[third]}")


def why_it_failed(p):
    reply = next(row for row in p.rows("message", "list") if row["direction"] == "outgoing")
    check("Unsupported Voice mime type audio/opus" in json.dumps(reply["error"]), f"{reply['error']}")
    check("Unsupported Voice mime type" in p.wabot.run("message", "status", str(reply["id"])), "the history has the details")


def answers_wa_id(p):
    contacts = p.rows("contact", "list")
    check(len(contacts) == 1, f"one contact: {contacts}")
    check(len(p.rows("conversation", "list")) == 1, "one conversation")
    contact = p.json("contact", "get", "1")
    check(len([one for one in contact["identities"] if one["kind"] == "phone"]) == 2, f"both numbers: {contact}")
    check(p.runs[1][0] == 0, f"the window is open by either number: {p.runs}")
    # Replies go to the number that wrote. The agent gives none: `message send` has handed the conversation to a person.
    check(contact["contact_jid"].endswith("0151"), f"replies go to the number that wrote: {contact}")


def wrong_phone_number_id(p):
    device = p.json("device", "get", "shop")
    check(device["status"] == "error" and "730012345678901" in device["last_error"], f"{device}")
    check("phone number" in device["hint"], f"the hint says what to look at: {device['hint']}")
    sends = p.wabot.query("SELECT state, attempt FROM sends")
    check(sends == [("queued", 1)] or sends == [("queued", 0)], f"the send waits, no attempt is counted: {sends}")


def template_value(p):
    for code, _, error in p.runs:
        check(code == 6 and "components" in error, f"{code} {error}")
    check(p.rows("contact", "list") == [], "no contact is made")
    p.take({"run": ["message", "send", "+12025550142", "--device", "shop", "--template", "order_ready", "--language", "en", "--var", "1=Two    boxes"]})
    check(p.runs[-1][0] == 0, f"four spaces are fine: {p.runs[-1]}")


def interactive(p):
    check([code for code, _, _ in p.runs] == [0, 0, 0, 0], f"{p.runs}")
    sent = [post["interactive"] for post in p.graph.posts if post["type"] == "interactive"]
    check(sent == [p.case["files"][name] for name in ("call.json", "order.json", "status.json", "address.json")], f"as they stand in the files: {sent}")


def documents(p):
    files = p.rows("file", "list")
    states = p.wabot.query("SELECT state FROM media ORDER BY id")
    check(all(state == ("fetched",) for state in states) and len(states) == 6 and len(files) == 6, f"all six are kept: {states} {files}")


def cut_emoji(p):
    messages = [row for row in p.rows("message", "list") if row["direction"] == "incoming"]
    check(len(messages) == 2 and len(p.graph.texts()) == 2, f"both are stored and answered: {messages}")
    names = {row["name"] for row in p.rows("contact", "list")}
    check(names == {"Kim \ufffd", "Bo"}, f"{names}")


def from_is_not_wa_id(p):
    contact = p.json("contact", "get", "1", "--reveal")
    check(contact["name"] == "Mia", f"{contact}")
    check({one["value"] for one in contact["identities"] if one["kind"] == "phone"} == {"+12025550190", "+12025550191"}, f"{contact}")
    check(p.graph.posts[0]["to"] == "+12025550191", f"{p.graph.posts}")


def card(p):
    messages = sorted((row for row in p.rows("message", "list") if row["direction"] == "incoming"), key=lambda row: row["id"])
    for message in messages:
        check(message["content"] == "Nia Roe" and message["metadata"]["contacts"][0]["name"] == "Nia Roe", f"{message}")


def no_marketing(p):
    code, _, error = p.runs[0]
    check(code == 12 and "MARKETING" in error and "marketing" in error, f"{code} {error}")
    check(not any(post["type"] == "template" for post in p.graph.posts), "nothing is sent")
    done = p.ask("message", "send", "+12025550184", "--device", "shop", "--template", "renewal", "--language", "en_US", "--yes")
    check(done.returncode == 0, f"with --yes it goes: {done.stderr}")


CHECKS = [stale_message, quote, why_it_failed, answers_wa_id, wrong_phone_number_id, template_value, interactive, documents, cut_emoji, from_is_not_wa_id, card, no_marketing]

with Wabot(sys.argv[1]) as wabot:
    CHECKS[int(CASE.name[:2]) - 1](Played(wabot))
