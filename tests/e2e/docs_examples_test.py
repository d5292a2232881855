"""Every example of README.md, docs/*.md and the hand-written parts of the man pages is typed, in order, and prints what it shows:

  docs_examples_test.py WABOT SOURCE_FOLDER [PAGE...] [--renew]

In a fenced block of the kind `console` a line that begins with `$ ` is a command, lines that begin with `> ` continue it, and the other lines are its output.
A line `...` stands for any number of lines. Output is compared only where it is shown; times, ids and durations are masked.
A command has to end with 0, unless the next one is `echo $?`.

Each page has a folder of its own with a shell at a terminal of 100 columns: what one block exports, the next one sees. A command that runs until it is stopped
(RUNNING) gets a second terminal, as a reader would take one. --renew writes into the page what a command printed, where the shown output differs (an output of
one line `?` always does); an output with `...` in it is for a person to renew.

Where Meta, systemd or root is needed, PLACES and REPLACED say what is done in its place. PostgreSQL is that of with_postgres.py.
"""
import base64
import concurrent.futures
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time

POSTGRES = os.environ.pop("WABOT_TEST_POSTGRES", None)  # for the page of PostgreSQL; the shop stands on SQLite

from examples_test import Hook, Terminal, make_shop, write_files
from wabot import SLOWNESS, Failed, Graph, Wabot, check, fail, psql

AT_ONCE = 4
PATIENCE = 20 * SLOWNESS  # with one command

# What a page needs beforehand: `shop` is the shop of examples_test.py, where something has happened; the others begin with nothing.
SHOP = {"docs/agents.md", "docs/operating.md", "docs/scripting.md", "docs/security.md", "man"}
# Places of the machine are in the page's folder, and the server's port is a free one.
PLACES = ["/etc/wabot", "/srv/wabot", "/var/lib/wabot", "/var/backups", "/usr/local"]
BOAT = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")  # a picture of one pixel
SERVICE_SETTINGS = "/usr/local/share/doc/wabot/service.toml"
GRAPH = "https://graph.facebook.com"
DATABASE = "postgresql://wabot@db.example/wabot?sslmode=verify-full"

# Commands that are replaced: by what, and why. The key is how the command begins.
REPLACED = {
    "./scripts/quickstart": ("WABOT_BINARY={build}/wabot ./scripts/quickstart{rest}", "the binary is built already"),
    "./scripts/test": ("true", "it runs this test"),
    "curl -K token.conf": ("true", "it needs an account at Meta"),
    "sudo systemd-sysusers": ("true", "the user is made by root"),
    "sudo systemd-tmpfiles": ("mkdir -p /etc/wabot /var/lib/wabot", "the owners are set by root"),
    f"sudo install -m 640 -g wabot {SERVICE_SETTINGS}": ("sed s:/var/lib:{root}/var/lib: " + SERVICE_SETTINGS + " >{rest}", "its folder is the page's"),
    "sudo install -m 640 -g wabot": ("install -m 640{rest}", "the group is made by root"),
    "sudo systemctl": ("true", "no systemd is running in a build; `stop` ends what runs in the page's other terminals"),
    "systemctl": ("true", "no systemd is running in a build"),
    "journalctl": ("true", "no systemd is running in a build"),
    "createdb": ("true", "the database is made beforehand, on the test's server"),
    "cmake --install build/release": ("cmake --install {build}{rest}", "the build may be another preset's"),
    "sudo cmake --install build/release": ("cmake --install {build}{rest}", "the build may be another preset's"),
}

# Commands that run until they are stopped, and what shows that they are ready.
RUNNING = {r"wabot serve\b": "serves http://", r"wabot worker\b": "working", r"wabot listen\b": "listening", r"wabot tail\b(?!.*--no-follow)": "",
           r"wabot chat\b": "you ", r"\./scripts/quickstart\b(?!.*--once)": "Serving on .* until"}
MASKS = [
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", "<time>"),
    (r"\bjust now\b|\b\d+ (second|minute|hour|day)s? ago\b|\bin \d+ (second|minute|hour|day)s?\b", "<age>"),
    (r"\bc_[a-z0-9]{12}\b", "<key>"),
    (r"\bsha256:[0-9a-f]+", "<hash>"),
    (r"•+\w{4}\b", "<number>"),
    (r"\b\d+(\.\d+)? ?(ms|s|m|GiB|MiB|KiB|bytes)\b", "<amount>"),
    (r"\b(sqlite|PostgreSQL|compiler|GNU|boost|openssl) \d[\w.]*", r"\1 <version>"),
    (r"\[[ \d-]+\] \[(info|warning|error)\]", "<log>"),
    (r"wabot-quickstart\.\w+", "<folder>"),
    (r"\b\d+ migrations, now at \d{4}_\w+", "<migrations>"),
    (r"\bschema \d+( of \d+)?", "schema <number>"),
    (r"\bcli:\w+", "cli:<user>"),
    (r"[ \t]+", " "),
]


# --- a page -----------------------------------------------------------------------------------------------------------------------------------


class Step:
    """One command: the line it stands on (from 0), its text, where its shown output begins and what that is."""

    def __init__(self, line, indent):
        self.line, self.indent = line, indent
        self.command, self.shown = "", []


def steps_of(text):
    indent = None
    step = None
    for number, line in enumerate(text.splitlines()):
        if fence := re.match(r"( *)```(\w*)$", line):
            indent = len(fence[1]) if indent is None and fence[2] == "console" else None
            if step:
                yield step
            step = None
        elif indent is not None:
            body = line[indent:]
            if body.startswith("$ "):
                if step:
                    yield step
                step = Step(number, indent)
                step.command = body[2:]
                step.end = number + 1
            elif step and body.startswith("> ") and not step.shown:
                step.command += "\n" + body[2:]
                step.end = number + 1
            elif step and step.command.endswith("\\") and not step.shown:
                step.command = step.command[:-1] + body.lstrip()
                step.end = number + 1
            else:
                check(step, f"line {number + 1}: output before the first command")
                step.shown.append(body)


def man_steps(folder, binary):
    """The examples of the man pages' prose and of the help topics; those of the command table are examples_test.py's."""
    for page in sorted(folder.iterdir()):
        for line in page.read_text().splitlines():
            if line.startswith("$ "):
                yield plain_step(line[2:].replace("\\-", "-").replace("\\(aq", "'").replace("\\(dq", '"').replace("\\e", "\\"))
    for topic in json.loads(subprocess.run([binary, "__commands"], stdout=subprocess.PIPE, check=True, timeout=PATIENCE).stdout)["topics"]:
        for command in re.findall(r"^ +(wabot .*?)(?: {3,}.*)?$", topic["text"], re.M):
            yield plain_step(command)


def plain_step(command):
    step = Step(0, 0)
    step.command = command
    return step


def masked(line):
    for pattern, name in MASKS:
        line = re.sub(pattern, name, line)
    return line.strip()


def is_shown(shown, printed):
    """Whether the printed lines are the shown ones, `...` for any number of them."""
    if not shown:
        return not printed
    if shown[0] == "...":
        return any(is_shown(shown[1:], printed[i:]) for i in range(len(printed) + 1))
    return bool(printed) and shown[0] == printed[0] and is_shown(shown[1:], printed[1:])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# Reads commands from the pipe at 3, each ended by a NUL, and prints the exit code of each behind a mark.
SHELL = r"""
stty cols 100 -echo; shopt -s expand_aliases; rc=0; exec 3<"$COMMANDS"; unset COMMANDS
while IFS= read -r -d '' line <&3; do (exit $rc); eval "$line" 3<&-; rc=$?; printf '\036%d\n' "$rc"; done
"""


class Visit:
    """One page, typed in a folder of its own."""

    replaced, places = REPLACED, PLACES

    def __init__(self, tools, name):
        self.tools, self.name = tools, name
        self.root = os.path.join(tools.wabot.scratch, re.sub(r"\W", "-", name))
        self.home = os.path.join(self.root, "home", "ana")
        os.makedirs(self.home)
        self.port = free_port()
        self.build_environment()
        self.others = []  # (step, terminal) of what runs until it is stopped

    def build_environment(self):
        tools = self.tools
        self.environment = {"PATH": f"{tools.bin}:/usr/bin:/bin", "HOME": self.home, "TMPDIR": self.root, "USER": "ana", "LANG": "C.UTF-8", "TERM": "xterm", "NO_COLOR": "1",
                            "WABOT_PAGER": "cat", "WHATSAPP_GRAPH_URL": tools.graph.url, "AI_MESSAGE_PORT": str(self.port), "COMMANDS": os.path.join(self.root, "commands"),
                            "WABOT_CONFIG": f"{self.root}/etc/wabot/wabot.toml"}  # until the page names another: never what this machine has
        for place in ("etc", "srv", "var/lib", "var/backups"):
            os.makedirs(os.path.join(self.root, place))
        os.symlink(os.path.join(tools.source, "scripts"), os.path.join(self.home, "scripts"))
        write_files(self.home)
        with open(os.path.join(self.home, "boat.png"), "wb") as file:
            file.write(BOAT)
        if self.name in SHOP:
            shutil.copytree(tools.wabot.dir, os.path.join(self.home, "shop"))
            self.environment["WABOT_CONFIG"] = os.path.join(self.home, "shop", "wabot.toml")

    def here(self, command):
        """The command with this page's places."""
        for begin, (other, _) in self.replaced.items():
            if command.startswith(begin):
                command = other.format(build=self.tools.build, root=self.root, rest=command[len(begin):])
                break
        for place in self.places:
            command = re.sub(rf"(?<![\w./-]){place}\b", self.root + place, command)
        for there, instead in ((GRAPH, self.tools.graph.url), (DATABASE, self.tools.database), (":8000", f":{self.port}"), (":3000", f":{self.tools.hook.port}")):
            command = command.replace(there, instead)
        return command

    def there(self, text):
        """What was printed, with the places of the page."""
        for here, instead in ((self.root, ""), (f":{self.port}", ":8000"), (self.tools.graph.url, GRAPH), (str(self.port), "8000")):
            text = text.replace(here, instead)
        return [line.rstrip() for line in text.replace("\r", "").splitlines()]

    def run(self, steps):
        """Pairs of a step and what is wrong with it; `printed` of each step is what it printed."""
        os.mkfifo(self.environment["COMMANDS"])
        with contextlib.ExitStack() as stack:
            shell = stack.enter_context(Terminal(SHELL, self.home, self.environment))
            commands = stack.enter_context(open(self.environment["COMMANDS"], "w"))
            for step, following in zip(steps, [*steps[1:], None]):
                if step.command.startswith("sudo systemctl stop"):
                    yield from self.end_others()
                try:
                    self.type(stack, shell, commands, step, following)
                    if step.shown and self.is_comparable(step):
                        self.compare(step)
                except Failed as problem:
                    yield step, str(problem)
                    if "not within" in str(problem):
                        break
            yield from self.end_others()

    def end_others(self):
        """Stops what runs; pairs of a step and what is wrong with it."""
        while self.others:
            step, terminal = self.others.pop()
            try:
                self.end(step, terminal)
            except Failed as problem:
                yield step, str(problem)

    def is_comparable(self, step):
        """Not when something else was done in its place, or while it runs."""
        is_left_out = any(step.command.startswith(begin) and other == "true" for begin, (other, _) in self.replaced.items())
        return not is_left_out and not any(other is step for other, _ in self.others)

    def type(self, stack, shell, commands, step, following):
        step.printed = []
        command = self.here(step.command)
        ready = next((word for pattern, word in RUNNING.items() if re.match(r"(\w+=\S+ )*" + pattern, step.command)), None)
        if ready is not None:
            return self.start(stack, shell, commands, step, command, ready)
        text, code = self.ask(shell, commands, command)
        step.printed = self.there(text)
        expects_failure = following is not None and following.command == "echo $?"
        check(code == 0 or expects_failure, f"exit {code}\n{text}")

    def ask(self, shell, commands, command):
        """What a command printed, and its exit code."""
        commands.write(command + "\0")
        commands.flush()
        begin = shell.read
        try:
            shell.expect("\x1e(\\d+)\n")
        except Failed as problem:
            fail(f"ended not within {PATIENCE:.0f} s: {problem}")
        text = shell.text[begin:shell.read]
        output, _, code = text.rstrip("\n").rpartition("\x1e")
        return output, int(code)

    def start(self, stack, shell, commands, step, command, ready):
        """In a terminal of its own, with what the shell has exported and where it is."""
        text, _ = self.ask(shell, commands, "env -0 | tr '\\0' '\\036'; echo; pwd")
        *variables, folder = text.strip().split("\n")
        environment = dict(pair.split("=", 1) for pair in "\n".join(variables).split("\x1e") if "=" in pair)
        terminal = stack.enter_context(Terminal("stty cols 100; " + command, folder, environment))
        self.others.append((step, terminal))
        if ready:
            terminal.expect(ready)

    def end(self, step, terminal):
        """What runs until it is stopped has printed what is shown, and ends well."""
        late = time.monotonic() + PATIENCE
        try:
            while step.shown:
                step.printed = self.there(terminal.text)
                with contextlib.suppress(Failed):
                    self.compare(step, prefix=True)
                    break
                if time.monotonic() > late or not terminal.more(late):
                    self.compare(step, prefix=True)
                    break
        finally:
            terminal.type("\x03")
            code = terminal.end()
        check(code in (0, 130, -2), f"exit {code} after Ctrl-C\n{terminal.text}")

    def compare(self, step, prefix=False):
        shown = [masked(line) for line in step.shown]
        while shown and not shown[-1]:
            shown.pop()
        printed = [masked(line) for line in step.printed]
        printed = [line for i, line in enumerate(printed) if line or any(printed[i:])]
        check(is_shown(shown + (["..."] if prefix else []), printed), "shows\n  " + "\n  ".join(step.shown) + "\nprints\n  " + "\n  ".join(step.printed))


# --- all pages --------------------------------------------------------------------------------------------------------------------------------


class Tools:
    """What the pages share."""

    def __init__(self, wabot, graph, source):
        self.wabot, self.graph, self.source = wabot, graph, os.path.abspath(source)
        self.hook = Hook()
        self.build = os.path.dirname(wabot.binary)
        self.bin = os.path.join(wabot.scratch, "bin")
        os.mkdir(self.bin)
        os.symlink(wabot.binary, os.path.join(self.bin, "wabot"))
        sudo = os.path.join(self.bin, "sudo")
        with open(sudo, "w") as file:  # the user that it names is not there
            file.write('#!/bin/bash\nwhile [[ $1 == -* ]]; do if [[ $1 == -u ]]; then shift; fi; shift; done\nexec "$@"\n')
        os.chmod(sudo, 0o755)
        self.database = ""
        if POSTGRES:
            psql(POSTGRES.format("postgres"), "CREATE DATABASE docs TEMPLATE template0 ENCODING 'UTF8'")
            self.database = POSTGRES.format("docs")


def renew(path, steps):
    """Writes what was printed into the page, where it differs."""
    lines = path.read_text().splitlines()
    for step in sorted(steps, key=lambda step: -step.line):
        lines[step.end:step.end + len(step.shown)] = [" " * step.indent + line if line else "" for line in step.printed]
    path.write_text("\n".join(lines) + "\n")


def check_page(tools, name, renews):
    source = pathlib.Path(tools.source)
    path = source / ("man/prose" if name == "man" else name)
    steps = list(man_steps(path, tools.wabot.binary) if name == "man" else steps_of(path.read_text()))
    wrong = list(Visit(tools, name).run(steps))
    stale = [step for step, problem in wrong if problem.startswith("shows\n") and "..." not in step.shown]
    if renews and name != "man":
        renew(path, stale)
    return [f"{name}:{step.line + 1}: $ {step.command}\n{problem}" for step, problem in wrong], len(steps)


def main(binary, source, *words):
    renews = "--renew" in words
    pages = [word for word in words if word != "--renew"] or ["README.md", *sorted(f"docs/{page.name}" for page in pathlib.Path(source, "docs").glob("*.md")), "man"]
    if not POSTGRES:
        pages = [page for page in pages if page != "docs/postgresql.md"]
        print("docs/postgresql.md is left out; with_postgres.py brings a server")
    wrong, number = [], 0
    with Wabot(binary, WABOT_SEND_ATTEMPTS="1", WABOT_UNCERTAIN_WINDOW="10ms") as wabot, Graph(wabot) as graph:
        tools = Tools(wabot, graph, source)
        if SHOP & set(pages):
            make_shop(wabot, graph)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for problems, steps in pool.map(lambda page: check_page(tools, page, renews), pages):
                wrong += problems
                number += steps
    check(not wrong, "\n\n".join(wrong))
    print(f"ok: {number} commands of {len(pages)} pages")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Failed as problem:
        print(f"FAILED: {problem}")
        sys.exit(1)
