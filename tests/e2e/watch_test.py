"""What an operator posts and watches: trigger, tail, listen and message status on a running server: watch_test.py WABOT"""
import concurrent.futures
import fcntl
import http.server
import json
import os
import signal
import subprocess
import sys
import termios
import threading

from wabot import NUMBER_ID, PATIENCE, Failed, Graph, Wabot, check, post, sign, text_message, until, wamid, webhook

SENDER = "12025550117"


class Hook:
    """A program that webhooks are forwarded to. Answers 500 to the first body that holds `stumble`."""

    def __init__(self):
        self.bodies, self.signatures, self.stumbled = [], [], False
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stumbles = b"stumble" in body and not hook.stumbled
                hook.stumbled = hook.stumbled or stumbles
                hook.signatures.append(self.headers["X-Hub-Signature-256"])
                hook.bodies.append(body)
                self.send_response(500 if stumbles else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?x=1&y=2"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Watcher:
    """A command that runs until it is stopped; its lines as they come."""

    def __init__(self, wabot, *words):
        self.words = words
        self.process = subprocess.Popen([wabot.binary, *words, "-c", f"{wabot.dir}/wabot.toml"], env=wabot.env, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines, self.talk = [], []
        self.readers = [threading.Thread(target=self.read, args=pair, daemon=True)
                        for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.talk))]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def read(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def objects(self):
        return [json.loads(line) for line in list(self.lines)]

    def until(self, what, look):
        return until(f"{what} from {' '.join(self.words)}: {self.lines} {self.talk}", lambda: look(self.objects()))

    def stop(self, number, code):
        self.process.send_signal(number)
        ended = self.process.wait(PATIENCE)
        check(ended == code, f"{' '.join(self.words)} ended with {ended}, not {code}: {self.talk}")
        for reader in self.readers:
            reader.join()


def kinds(objects):
    return [one["kind"] for one in objects]


def trigger(wabot, *words, expect=0):
    text = wabot.run("trigger", *words, "-o", "json", expect=expect)
    return json.loads(text) if text else None


def check_trigger(wabot):
    result = trigger(wabot, "whatsapp.message.text", "--from", f"+{SENDER}", "--set", "text.body=hello", "--repeat", "3", "--duplicate", "0.5",
                     "--expect", "200")
    check(result["statuses"] == {"200": 4} and result["posted"] == 4 and result["repeated"] == 1, f"posted: {result}")
    check(result["stored"] == 3 and result["duplicates"] == 1, f"stored once: {result}")
    check(result["answered"] == 3 and result["pending"] == 0 and result["first_reply_ms"] > 0, f"answered: {result}")
    check(0 < result["p50_ms"] <= result["p99_ms"], f"latency: {result}")
    trigger(wabot, "whatsapp.message.text", "--bad-signature", "--expect", "401")
    trigger(wabot, "whatsapp.message.text", "--bad-signature", expect=1)
    trigger(wabot, "whatsapp.message.text", "--expect", "202", "--expect", "503", expect=1)
    reaction = trigger(wabot, "whatsapp.message.reaction")
    check(reaction["silent"] == 1 and reaction["reasons"] == {"wants none": 1}, f"a reaction: {reaction}")
    trigger(wabot, "whatsapp.errors")
    given = wabot.file("given.json", json.dumps({"object": "whatsapp_business_account", "entry": []}))
    check(trigger(wabot, "--from-file", given)["stored"] == 1, "a body of one's own")
    fast = trigger(wabot, "whatsapp.message.text", "--repeat", "50", "--rate", "500", "--expect", "200")
    check(fast["stored"] == 50 and fast["answered"] == 50, f"at a rate: {fast}")


def check_open_ends():
    """What is not decided when trigger ends is told apart: bodies that nobody read, and messages whose answer is still out."""
    def ends_open():
        """For so long that the workers see the pause on the way."""
        try:
            return trigger(wabot, "whatsapp.message.text", "--repeat", "20", "--rate", "40", "--expect", "200", expect=9)
        except Failed as failure:
            check("exit 0, not 9" in str(failure), str(failure))
            return None

    with Wabot(sys.argv[1]) as wabot:
        server = begin(wabot, "http://127.0.0.1:9")
        wabot.run("queue", "pause", "turn")
        unanswered = until("pause of turn", ends_open)
        check((unanswered["stored"], unanswered["answered"] + unanswered["unanswered"], unanswered["pending"]) == (20, 20, 0), f"no answer: {unanswered}")
        wabot.run("queue", "pause", "inbox")
        unread = until("pause of inbox", lambda: (last := ends_open()) and last["pending"] and last)
        check(unread["answered"] == 0 and unread["stored"] == unread["unanswered"] == 20 - unread["pending"], f"nobody read it: {unread}")
        wabot.run("queue", "resume", "inbox", "turn")
        check(server.stop() == 0, "serve ends well")


def check_every_event(wabot):
    for event in json.loads(wabot.run("trigger", "list", "-o", "json"))["items"]:
        result = trigger(wabot, event["event"], "--expect", "200")
        check(result["broken"] == 0 and result["pending"] == 0 and result["stored"] == 1, f"{event['event']}: {result}")


def check_status(wabot):
    """The statuses of a message of ours, posted one after the other while somebody watches it."""
    wabot.until_idle()
    newest = wabot.rows("message", "list", "--direction", "outgoing", "--device", "shop")[0]["id"]
    watcher = Watcher(wabot, "message", "status", str(newest), "--watch", "-o", "jsonl")
    watcher.until("what is there", lambda lines: "sent" in [line["what"] for line in lines])
    for status in ("sent", "delivered"):
        trigger(wabot, f"whatsapp.status.{status}", "--message", str(newest))
    check(watcher.process.wait(PATIENCE) == 0, f"the end of watching: {watcher.talk}")
    for reader in watcher.readers:
        reader.join()
    check([line["what"] for line in watcher.objects()][-1] == "delivered", f"the last step: {watcher.lines}")
    trigger(wabot, "whatsapp.status.failed", "--message", str(newest), "--set", "errors.0.code=131047")
    told = wabot.run("message", "status", str(newest))
    check("more than 24 hours" in told, f"the code is explained: {told}")
    accepted = wabot.rows("message", "list", "--direction", "outgoing", "--state", "sent")[0]["id"]
    trigger(wabot, "whatsapp.status.failed", "--message", str(accepted))
    check([row["id"] for row in wabot.rows("message", "list", "--state", "failed")] == [accepted], "what came back failed is listed")
    check(json.loads(wabot.run("doctor", "messages", "-o", "json"))["checks"][0]["detail"].startswith("1 message "), "and counted by doctor")


def check_broken_pipe(wabot):
    """Whoever reads no more ends it, with the next line at the latest."""
    process = subprocess.Popen([wabot.binary, "tail", "--follow", "-N", "0", "-c", f"{wabot.dir}/wabot.toml"], env=wabot.env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdout.close()

    def ended():
        trigger(wabot, "whatsapp.message.text")
        return process.poll() is not None

    until("end of tail", ended)
    check(process.returncode == -signal.SIGPIPE, f"tail with a closed pipe: {process.returncode}")


def check_reader_gone(wabot):
    """A watcher whose reader ends is gone soon, though nothing happens any more."""
    for words in (("message", "list", "--watch", "-o", "jsonl"), ("tail", "--follow", "-o", "jsonl", "-N", "1"), ("listen",)):
        reader, writer = os.pipe()
        process = subprocess.Popen([wabot.binary, *words, "-c", f"{wabot.dir}/wabot.toml"], env=wabot.env, stdin=subprocess.DEVNULL, stdout=writer,
                                   stderr=subprocess.DEVNULL)
        os.close(writer)
        os.close(reader)
        code = process.wait(PATIENCE)
        check(code in (141, -signal.SIGPIPE), f"wabot {' '.join(words)} ends with {code}")


def check_signer(wabot, graph, hook):
    """A body of one app that names an account of another one first is passed on with the secret that verified it."""
    secret, number_id = "the-secret-of-another-app", "200000000000002"
    wabot.device("second", graph.url, number_id=number_id, app_secret=secret)
    listen = Watcher(wabot, "listen", "--forward-to", hook.url, "-o", "jsonl")
    until("listening", lambda: listen.talk)
    whole, more = (json.loads(webhook(text_message(SENDER, wamid(SENDER, f"TWO{one}"), "hi"), number_id=one)) for one in (NUMBER_ID, number_id))
    whole["entry"] += more["entry"]
    body = json.dumps(whole).encode()
    check(post(wabot, body, app_secret=secret) == 200, "the body is taken")
    until("forwarding", lambda: body in hook.bodies)
    check(hook.signatures[hook.bodies.index(body)] == sign(body, secret), "signed with another secret than it came with")
    listen.until("its end", lambda lines: any(line["kind"] == "forward" for line in lines))
    listen.stop(signal.SIGINT, -signal.SIGINT)


def check_full_pipe(wabot):
    """Whoever reads no more without going away does not keep it from ending."""
    ids = [str(row["id"]) for row in wabot.rows("message", "list", "--direction", "incoming")][:60]
    page = 4096

    def blocked(number, *words, talk=subprocess.DEVNULL, happens=lambda: None):
        reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, page)
        process = subprocess.Popen([wabot.binary, *words, "-c", f"{wabot.dir}/wabot.toml"], env=wabot.env, stdin=subprocess.DEVNULL,
                                   stdout=writing, stderr=talk)
        os.close(writing)
        begun = lambda: int.from_bytes(fcntl.ioctl(reading, termios.FIONREAD, b"\0" * 4), sys.byteorder) > 0

        def shown():
            happens()
            return begun()

        until(f"a first line of {' '.join(words)}", shown)
        happens()
        process.send_signal(number)
        check(process.wait(PATIENCE) == -number, f"{' '.join(words)} with a full pipe: {process.returncode}")
        os.close(reading)

    many = lambda: trigger(wabot, "whatsapp.message.reaction", "--repeat", "40")
    blocked(signal.SIGTERM, "tail", "--follow", "-N", "500")
    blocked(signal.SIGINT, "message", "status", "--watch", *ids)
    blocked(signal.SIGTERM, "listen", happens=many)
    blocked(signal.SIGINT, "listen", talk=subprocess.STDOUT, happens=many)


def begin(wabot, graph_url):
    wabot.init()
    wabot.echo_agent()
    wabot.device("shop", graph_url)
    server = wabot.serve()
    wabot.env["AI_MESSAGE_PORT"] = str(wabot.address[1])
    return server


with concurrent.futures.ThreadPoolExecutor(1) as beside, Wabot(sys.argv[1]) as wabot, Graph(wabot) as graph:
    open_ends = beside.submit(check_open_ends)  # most of it waits
    server = begin(wabot, graph.url)
    hook = Hook()

    tail = Watcher(wabot, "tail", "webhooks", "messages", "jobs", "--follow", "-N", "0", "-o", "jsonl")
    messages = Watcher(wabot, "listen", "--event", "whatsapp.message", "--forward-to", hook.url, "--retry", "-o", "jsonl")
    everything = Watcher(wabot, "listen", "-o", "jsonl")
    for watcher in (messages, everything):
        until("listening", lambda: watcher.talk)

    # tail says nothing before something happens: knock until it has seen one.
    def tail_is_up():
        trigger(wabot, "whatsapp.message.reaction")
        return "webhook.received" in kinds(tail.objects())

    until("tail", tail_is_up)
    check_trigger(wabot)
    trigger(wabot, "whatsapp.message.text", "--set", "text.body=please stumble")
    messages.until("the second try", lambda lines: any(line["kind"] == "forward" and line["status"] == 500 for line in lines) and hook.stumbled
                   and sum(b"stumble" in body for body in hook.bodies) == 2)
    tail.until("every step", lambda lines: {"webhook.received", "webhook.refused", "message.received", "message.queued", "send.sent"} <= set(kinds(lines)))
    print(f"told {len(tail.lines)} lines")

    messages.until("all messages", lambda lines: len([1 for line in lines if line["kind"] == "whatsapp.message.text"]) >= 55)
    heard = messages.objects()
    check(set(kinds(heard)) == {"whatsapp.message.text", "whatsapp.message.reaction", "forward"}, f"only what was asked for: {set(kinds(heard))}")
    check("whatsapp.errors" in kinds(everything.objects()), "listen without --event shows everything")
    messages.until("all forwarded", lambda lines: len([1 for line in lines if line["kind"] == "forward" and line["status"] == 200])
                   >= len([1 for line in lines if line["kind"] != "forward"]))
    for body, signature in zip(hook.bodies, hook.signatures):
        check(signature == sign(body), "what is forwarded is signed with the device's secret, byte by byte")
    for watcher in (tail, messages, everything):
        text = "\n".join(watcher.lines + watcher.talk)
        check(SENDER not in text and "stumble" not in text and "hello" not in text, f"{watcher.words} shows a number or a text: {text}")

    # Watching reads only: nothing but the webhooks themselves is in the store.
    count = lambda: wabot.query("SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM messages), (SELECT count(*) FROM changes)")
    wabot.until_idle()
    before = count()
    watcher = Watcher(wabot, "listen", "-o", "jsonl")
    until("listening", lambda: watcher.talk)
    watcher.stop(signal.SIGTERM, -signal.SIGTERM)
    check(count() == before, f"listen changed the store: {before} {count()}")

    messages.stop(signal.SIGINT, -signal.SIGINT)
    summary = messages.talk[-1]
    received = len({line["object"] for line in messages.objects() if line["kind"] != "forward"})
    check(summary == f"{received} received, {received} forwarded, 0 failed, 0 gaps", f"the summary: {messages.talk}")
    check_status(wabot)
    check_every_event(wabot)
    tail.stop(signal.SIGINT, -signal.SIGINT)
    everything.stop(signal.SIGTERM, -signal.SIGTERM)
    check_broken_pipe(wabot)
    check_reader_gone(wabot)
    check_full_pipe(wabot)
    check_signer(wabot, graph, hook)
    open_ends.result()
    check(server.stop() == 0, "serve ends well")
    wabot.check_integrity()
