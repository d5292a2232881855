"""Every example that --help shows does what it says, typed as it stands there: examples_test.py WABOT

The examples are those of the command table (`wabot __commands`). Each has a copy of its own of a shop where something has happened, and a shell there:

  contacts, conversations  1 Ada, 2 Grace, whom a person answers now, 3 Linus
  messages   1 Ada's question, 2 its answer, which she has read, 3 a menu for Ada, 4 Grace's menu, 5 the answer, 6 what Linus wrote
  turns      turn/3, to what Linus wrote, is dead
  sends      send/4 was refused with 131026, send/5 with 131000, send/6 is held, send/7 waits
  events     1 Ada's question, 2 what became of the answer, 3 Grace's menu, 4 what Linus wrote, 5 cannot be read
  and        device 1, two agents, ignore rules 1 and 2, file 1 sent and file 2 received, template 1

What an example would do on the machine it does in its copy: see ELSEWHERE.
"""
import concurrent.futures
import contextlib
import fcntl
import http.server
import json
import os
import pty
import re
import select
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
import threading
import time

from wabot import SLOWNESS, Failed, Graph, Wabot, check, deliver, fail, sent_status, wamid, webhook

NUMBER_ID = "106540352242922"  # of the example of device create
APP_SECRET = "the-app-secret-of-the-shop"
ADA, GRACE, LINUS = "12025550117", "12025550142", "12025550168"
PEOPLE = {ADA: "Ada", GRACE: "Grace", LINUS: "Linus"}
AT_ONCE = 4
PATIENCE = 20 * SLOWNESS  # with one example

# Places of the machine, and where they are instead: {} is the copy's folder.
ELSEWHERE = {"/etc/wabot/": "{}/", "/srv/wabot": "{}/srv", "/usr/local/share/zsh/site-functions/": "{}/", "127.0.0.1:8080": "127.0.0.1:0", "127.0.0.1:3000": "127.0.0.1:{hook}"}
SERVICES = {"serve", "worker"}  # they take no settings from the folder that they are started in

# What there is when it is typed, if not the shop: only the files that it names, or those and what init makes.
BARE = {"init"}
FRESH = {"device create", "agent create"}

# What is done before, so that there is something to do: shell lines and SQL, by the command or by the example.
TAKE_BACK = 'wabot migrate down --confirm="$(wabot migrate status --columns name --no-header | tail -n 1)"'
BEFORE = {
    "wabot device update shop --secret-from access_token=token.txt": ["printf another >token.txt"],
    "device enable": ["wabot device disable shop"],
    "device resume": ["SQL UPDATE devices SET status = 'error', last_error = '190 the token has expired'"],
    "wabot agent create faq --type rule_based --rules-file rules.json --if-not-exists": ["wabot agent create faq --type rule_based --rules-file rules.json"],
    "wabot agent update faq --rules-file rules.json": ["""echo '[{"pattern": "bye", "response": "Bye!"}]' >rules.json"""],
    "agent enable": ["wabot agent disable faq"],
    "wabot agent attach faq shop": ["wabot agent detach faq shop"],
    "ignore create": ["wabot ignore delete 1", "wabot ignore delete 2"],
    "wabot conversation handoff 2 --to human": ["wabot conversation handoff 2 --to agent"],
    "queue resume": ["wabot queue pause send"],
    "retention run": ["SQL UPDATE inbox SET received_at = received_at - 400 * 86400000000"],
    "wabot migrate status -q || wabot migrate up": [TAKE_BACK],
    "migrate plan": [TAKE_BACK],
    "migrate up": [TAKE_BACK],
}

# Typed at a terminal: what is waited for, and what is answered then.
TYPED = {
    "wabot chat faq": [("you ", "are you open?\n"), ("9 to 18", "/quit\n")],
    "wabot job retry --queue send --error '^131000'": [(r"1 job matches", ""), (r"Go on\?", "y\n"), ("released 1", "")],
}

# Those that run until they are told to end: what shows that they are ready, then what shows that they heard a webhook, and how they are ended.
CTRL_C, TERMINATE = "Ctrl-C", "SIGTERM"
RUNNING = {
    "wabot serve -c /etc/wabot/wabot.toml": (["serves http://"], TERMINATE),
    "wabot serve --listen 127.0.0.1:8080 --workers 2": (["serves http://"], TERMINATE),
    "wabot worker --queue inbox,turn": (["working"], TERMINATE),
    "wabot listen --device shop": (["listening", r"whatsapp\.message\.text"], CTRL_C),
    "wabot listen --forward-to http://127.0.0.1:3000/hook --event whatsapp.message": (["listening", r"forward .*\b200\b"], CTRL_C),
    "wabot tail --follow -o jsonl | jq -c 'select(.kind == \"send.failed\")'": (['"send.failed"'], CTRL_C),
}
# Those that talk to the server of the installation.
SERVED = {"wabot trigger whatsapp.message.text --set text.body=hello --repeat 3 --duplicate 0.5 --expect 200"}


# --- the shop ---------------------------------------------------------------------------------------------------------------------------------


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o600)
    return path


def write_files(folder):
    """What the examples name."""
    write(folder, "token.txt", "token")
    write(folder, "rules.json", json.dumps([{"pattern": "open|opening|hours", "response": "We're open Monday to Friday, 9 to 18."}, {"pattern": "hi|hello", "response": "Hello!"}]))
    write(folder, "cases.jsonl", '{"text": "are you open?", "reply": "We\'re open Monday to Friday, 9 to 18."}\n{"text": "hello", "reply": "Hello!"}\n')


def make_shop(wabot, graph):
    """In the folder `wabot.dir`."""
    wabot.env["WHATSAPP_GRAPH_URL"] = graph.url
    wabot.init()
    write_files(wabot.dir)
    story = Story(wabot, graph)
    story.set_up()
    server = wabot.serve("--workers", "1")
    story.goes_well()
    story.goes_wrong()
    check(server.stop() == 0, "serve ends well")
    story.ends()


class Story:
    """What happens in the shop."""

    def __init__(self, wabot, graph):
        self.wabot, self.graph = wabot, graph

    def set_up(self):
        run, wabot = self.wabot.run, self.wabot
        secret = wabot.file("app_secret", APP_SECRET)
        token, rules = (os.path.join(wabot.dir, name) for name in ("token.txt", "rules.json"))
        run("device", "create", "shop", "--kind", "whatsapp", "--option", f"phone_number_id={NUMBER_ID}", "--option", "waba_id=300000000000001", "--option", "on_uncertain=hold",
            "--secret-from", f"access_token={token}", "--secret-from", f"app_secret={secret}", "--secret-from", f"verify_token={secret}")
        run("agent", "create", "faq", "--type", "rule_based", "--rules-file", rules, "--fallback", "A colleague will answer you.")
        run("agent", "create", "sales", "--type", "rule_based", "--fallback", "What may we sell you?")
        run("agent", "attach", "faq", "shop")
        run("ignore", "create", "--keyword", "lottery", "--device", "shop")
        run("ignore", "create", "--contact", "+12025550199", "--device", "shop")

    def tell(self, *messages, **more):
        body = webhook(*messages, number_id=NUMBER_ID, **more)
        for message in messages:  # one at most
            body = body.replace(b"Someone", PEOPLE[message["from"]].encode())
        deliver(self.wabot, body, app_secret=APP_SECRET)
        self.wabot.until_idle()

    def says(self, number, kind, content):
        self.tell({"from": number, "id": wamid(number, kind), "timestamp": str(int(time.time())), "type": kind, kind: content})

    def writes(self, who, *words):
        self.wabot.run("message", "send", who, "--device", "shop", *words)
        self.wabot.until_idle()

    def goes_well(self):
        self.says(ADA, "text", {"body": "are you open?"})
        sent = sent_status(1, self.graph.accepted()[0])
        self.tell(statuses=[{**sent, "status": word} for word in ("sent", "delivered", "read")])
        self.writes("1", "--document", write(self.wabot.scratch, "menu.pdf", "%PDF-1.4\n%%EOF\n"))
        self.says(GRACE, "document", {"id": self.graph.uploads()[0]["id"], "mime_type": "application/pdf", "filename": "menu.pdf"})
        self.says(LINUS, "text", {"body": "win the lottery"})
        deliver(self.wabot, b'{"object": "page"}', app_secret=APP_SECRET, path="/webhooks/whatsapp/shop")
        self.news("whatsapp.message_template_status_update", "--set", "event=APPROVED", "--set", "message_template_language=en_US", "--unset", "reason")
        self.news("whatsapp.account_alerts")

    def news(self, *words):
        host, port = self.wabot.address
        self.wabot.run("trigger", *words, "--to-url", f"http://{host}:{port}/webhooks/whatsapp/shop")

    def goes_wrong(self):
        self.writes("2", "--text", "We have to refuse that.")
        for fault, who in (("code_131000", "2"), ("close", "1")):
            self.graph.control(next=[fault])
            self.writes(who, "--text", "Your order is ready.")

    def ends(self):
        """Nobody works any more: what is written waits."""
        self.wabot.run("message", "send", "2", "--text", "Your order is ready.")
        sql(self.wabot.dir, "UPDATE turns SET outcome = 'dead', reason = NULL, last_error = 'the agent cannot be reached' WHERE id = 3")


def sql(folder, statement):
    """What no command would do."""
    with contextlib.closing(sqlite3.connect(f"{folder}/wabot.db")) as db:
        check(db.execute(statement).rowcount > 0, f"{statement}: changes nothing")
        db.commit()


class Hook(http.server.ThreadingHTTPServer):
    """The program that webhooks are passed on to."""
    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]


# --- a terminal -------------------------------------------------------------------------------------------------------------------------------


class Terminal:
    """A shell line at a terminal of its own."""

    def __init__(self, line, folder, environment):
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
        self.process = subprocess.Popen(["setsid", "--ctty", "bash", "-c", line], cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.text = ""
        self.read = 0  # how far the text was looked through

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        os.close(self.ours)

    def more(self, end):
        """Whether there was any."""
        if not select.select([self.ours], [], [], max(0, end - time.monotonic()))[0]:
            fail(f"nothing more within {PATIENCE:.0f} s\n{self.text}")
        try:
            part = os.read(self.ours, 65536)
        except OSError:  # the other side has ended
            part = b""
        self.text += part.decode(errors="backslashreplace").replace("\r\n", "\n")
        return bool(part)

    def expect(self, pattern):
        end = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, self.text[self.read:])):
            if not self.more(end):
                fail(f"ended without {pattern!r}\n{self.text}")
        self.read += found.end()

    def type(self, text):
        os.write(self.ours, text.encode())

    def end(self):
        """The exit code."""
        end = time.monotonic() + PATIENCE
        while self.more(end):
            pass
        return self.process.wait(PATIENCE)


# --- the examples -----------------------------------------------------------------------------------------------------------------------------


class Examples:
    def __init__(self, wabot, graph, hook):
        self.wabot, self.hook = wabot, hook
        self.places = {"shop": wabot.dir}
        for name in ("bare", "fresh"):
            self.places[name] = os.path.join(wabot.scratch, name)
            os.mkdir(self.places[name], 0o700)
            write_files(self.places[name])
        self.environment = {"PATH": f"{os.path.join(wabot.scratch, 'bin')}:/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm", "NO_COLOR": "1",
                            "WHATSAPP_GRAPH_URL": graph.url, "AI_MESSAGE_PORT": "0"}
        os.mkdir(os.path.join(wabot.scratch, "bin"))
        os.symlink(wabot.binary, os.path.join(wabot.scratch, "bin", "wabot"))
        done = self.shell("wabot init", self.places["fresh"], self.environment)
        check(done.returncode == 0, f"wabot init: exit {done.returncode}\n{done.stderr}")

    def check_one(self, number, path, line):
        """One example in a copy of what it needs."""
        folder = os.path.join(self.wabot.scratch, f"copy-{number}")
        shutil.copytree(self.places["bare" if path in BARE else "fresh" if path in FRESH else "shop"], folder)
        environment = {**self.environment, "HOME": folder}
        if path in SERVICES:
            environment["WABOT_CONFIG"] = f"{folder}/wabot.toml"
        typed = self.elsewhere(line, folder)
        for step in BEFORE.get(line, BEFORE.get(path, [])):
            self.prepare(step, folder, environment)
        if line in RUNNING:
            self.check_running(typed, folder, environment, *RUNNING[line])
        elif line in TYPED:
            self.check_typed(typed, folder, environment, TYPED[line])
        elif line in SERVED:
            with self.server(folder, environment) as port:
                self.check_plain(path, typed, folder, {**environment, "AI_MESSAGE_PORT": str(port)})
        else:
            self.check_plain(path, typed, folder, environment)
        shutil.rmtree(folder)

    def elsewhere(self, line, folder):
        known = "|".join(map(re.escape, ELSEWHERE))
        strange = re.search(r"(?<![\w.:/])/\w\S*|127\.0\.0\.1:\d+", re.sub(known, "", line))
        check(not strange, f"ELSEWHERE does not tell where {strange and strange[0]} is")
        return re.sub(known, lambda found: ELSEWHERE[found[0]].format(folder, hook=self.hook.port), line)

    def prepare(self, step, folder, environment):
        if step.startswith("SQL "):
            return sql(folder, step[4:])
        done = self.shell(step, folder, environment)
        check(done.returncode == 0, f"before it, {step}: exit {done.returncode}\n{done.stderr}")

    def shell(self, line, folder, environment):
        try:
            return subprocess.run(["bash", "-c", line], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired as late:
            said = ((late.stdout or b"") + (late.stderr or b"")).decode()
            raise Failed(f"still running after {PATIENCE:.0f} s; is it one that runs until it is told to end?\n{said}") from late

    def check_plain(self, path, line, folder, environment):
        done = self.shell(line, folder, environment)
        said = f"\nstdout: {done.stdout}\nstderr: {done.stderr}"
        check(done.returncode == 0, f"exit {done.returncode}{said}")
        check_said(done.stdout + done.stderr + in_file(line), said)
        check(not re.search(r"\bnothing (changed|to do)|did 0 things", done.stderr) or "--if-not-exists" in line or "dry run" in done.stderr, f"does nothing{said}")
        if path.endswith(" list"):
            rows = done.stdout.count("\n") - (0 if re.search(r"-o jsonl?\b", line) else 1)
            check(rows > 0 and '"items":[]' not in done.stdout, f"lists nothing{said}")

    def check_typed(self, line, folder, environment, talk):
        with Terminal(line, folder, environment) as terminal:
            for pattern, answer in talk:
                terminal.expect(pattern)
                terminal.type(answer)
            code = terminal.end()
            check(code == 0, f"exit {code}\n{terminal.text}")
            check_said(terminal.text, terminal.text)

    def check_running(self, line, folder, environment, ready, ending):
        with Terminal(line, folder, environment) as terminal:
            terminal.expect(ready[0])
            if len(ready) > 1:
                with self.server(folder, environment) as port:
                    self.let_in(port)
                    terminal.expect(ready[1])
            if ending == CTRL_C:
                terminal.type("\x03")
            else:
                terminal.process.terminate()
            code = terminal.end()
            check_said(terminal.text, terminal.text)
            # Of a pipeline the shell itself ends by the signal.
            check(code in ([130, -signal.SIGINT] if ending == CTRL_C else [0]), f"exit {code} after {ending}\n{terminal.text}")

    @contextlib.contextmanager
    def server(self, folder, environment):
        """The port of one that serves this copy."""
        with Terminal("wabot serve -c wabot.toml --listen 127.0.0.1:0 --workers 1", folder, environment) as terminal:
            terminal.expect(r"serves http://127\.0\.0\.1:\d+")
            yield int(re.search(r"serves http://127\.0\.0\.1:(\d+)", terminal.text)[1])
            terminal.process.terminate()
            check(terminal.end() == 0, "serve ends well")

    def let_in(self, port):
        class Here:
            address = ("127.0.0.1", port)

        message = {"from": ADA, "id": wamid(ADA, "again"), "timestamp": str(int(time.time())), "type": "text", "text": {"body": "are you open?"}}
        deliver(Here, webhook(message, number_id=NUMBER_ID), app_secret=APP_SECRET)


def in_file(line):
    """What its stdout went into."""
    found = re.search(r">(\S+)$", line)
    if not found:
        return ""
    with open(found[1]) as file:
        return file.read()


def check_said(text, said):
    check(text.strip(), "says nothing")
    check(not re.search(r"^wabot: ", text, re.M), f"complains{said}")


def problems_of(examples, commands):
    """What is wrong, an example each, and how many there are."""
    lines = [(command["path"], example["line"]) for command in commands for example in command["examples"]]
    wrong = [f"{command['path']} has no example" for command in commands if not command["examples"]]
    told = {*BARE, *FRESH, *BEFORE, *TYPED, *RUNNING, *SERVED} - {line for _, line in lines} - {path for path, _ in lines}
    wrong += [f"$ {line}\nis told here, and is no example" for line in sorted(told)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        work = {pool.submit(examples.check_one, number, path, line): line for number, (path, line) in enumerate(lines)}
        for done in concurrent.futures.as_completed(work):
            if problem := done.exception():
                wrong.append(f"$ {work[done]}\n{problem if isinstance(problem, Failed) else repr(problem)}")
    return wrong, len(lines)


def main(binary):
    with Wabot(binary, WABOT_SEND_ATTEMPTS="1", WABOT_UNCERTAIN_WINDOW="10ms") as wabot, Graph(wabot) as graph:
        commands = json.loads(subprocess.run([wabot.binary, "__commands"], capture_output=True, check=True, timeout=PATIENCE).stdout)["commands"]
        make_shop(wabot, graph)
        wrong, number = problems_of(Examples(wabot, graph, Hook()), commands)
    check(not wrong, "\n\n".join(wrong))
    print(f"ok: {number} examples of {len(commands)} commands")


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except Failed as problem:
        print(f"FAILED: {problem}")
        sys.exit(1)
