"""Work that takes long says how far it is, on a terminal over and over in one line that is gone in the end: progress_test.py WABOT"""
import contextlib
import fcntl
import http.server
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import threading
import time

import wabot as e2e
from wabot import Wabot, check

EVENTS = 60


class Receiver(http.server.ThreadingHTTPServer):
    """Takes webhooks, one every 30 ms."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """A sender that was ended."""


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(0.03)  # the work is long, not waited for
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def command(wabot, receiver, *words):
    url = f"http://127.0.0.1:{receiver.server_address[1]}/"
    return [wabot.binary, "trigger", "whatsapp.message.text", "--repeat", str(EVENTS), "--to-url", url, "-c", f"{wabot.dir}/wabot.toml", *words]


def on_terminal(wabot, receiver, *words, expect=0, on_bar=None, **settings):
    """All that a terminal of 80 cells sees; `on_bar` is typed when a bar was drawn."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command(wabot, receiver, *words), env={**wabot.env, "COLUMNS": "80", "TERM": "xterm", "LC_ALL": "C.UTF-8", **settings},
                               stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)))
    os.close(theirs)
    seen = b""
    end = time.monotonic() + e2e.PATIENCE
    with contextlib.suppress(OSError):  # the other side is gone
        while time.monotonic() < end:
            if select.select([ours], [], [], 1)[0]:
                raw_bytes = os.read(ours, 65536)
                if not raw_bytes:
                    break
                seen += raw_bytes
                if on_bar and b"\x1b[K" in seen:
                    os.write(ours, on_bar)
                    on_bar = None
    os.close(ours)
    code = process.wait(e2e.PATIENCE)
    check(code == expect, f"trigger: exit {code}, not {expect}\n{seen}")
    return seen.decode()


def drawn(seen):
    """Each state of the line that is drawn over itself."""
    return re.findall(r"\r([^\r\n]+?)\x1b\[K", seen)


def in_pipe(wabot, receiver, *words):
    done = subprocess.run(command(wabot, receiver, *words), env=wabot.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=e2e.PATIENCE)
    check(done.returncode == 0, f"trigger: {done.stderr}")
    return done.stderr


def main():
    receiver = Receiver()
    with Wabot(sys.argv[1]) as wabot:
        wabot.init()
        wabot.device("shop", "http://127.0.0.1:1", agent=None)

        seen = on_terminal(wabot, receiver)
        bars = drawn(seen)
        check(len(bars) >= 3, f"a bar is drawn several times: {seen!r}")
        check(all(re.fullmatch(r"events  [█░]{10,}  \d+/60  +\d+%  \d+(\.\d)?/s(  \d+ s left)?", bar) for bar in bars), f"{bars}")
        check(all(len(bar) < 80 for bar in bars), "it fits the terminal")
        done = [int(re.search(r"(\d+)/60", bar)[1]) for bar in bars]
        check(done == sorted(done) and done[0] < done[-1], f"it grows: {done}")
        check("\r\x1b[K" in seen.split(bars[-1])[-1], "the line is given back")

        bars = drawn(on_terminal(wabot, receiver, LC_ALL="C"))
        check(bars and all(bar.isascii() and re.search(r"\[#*\.*\]", bar) for bar in bars), f"ASCII where the terminal has no more: {bars}")
        for words, settings in ((("-q",), {}), (("--progress", "none"), {}), (("--plain",), {}), ((), {"TERM": "dumb"})):
            seen = on_terminal(wabot, receiver, *words, **settings)
            check(not drawn(seen) and "\x1b" not in seen, f"{words} {settings}: nothing is drawn: {seen!r}")

        # Whatever ends the work, no half of a bar is left behind.
        for how, end in (({"on_bar": b"\x03", "expect": -signal.SIGINT}, ""), ({"words": ("--timeout", "1200ms"), "expect": 9}, "wabot: trigger took longer than 1200ms")):
            seen = on_terminal(wabot, receiver, *how.pop("words", ()), **how)
            rest = seen.split(drawn(seen)[-1])[-1].replace("^C", "")
            check(rest.startswith("\x1b[K\r\x1b[K" + end), f"{how}: the line is given back: {rest!r}")

        check("\r" not in in_pipe(wabot, receiver) and "/s" not in in_pipe(wabot, receiver), "a pipe has no bar, and no line before ten seconds")
        steps = [json.loads(line) for line in in_pipe(wabot, receiver, "--progress", "json").splitlines() if line.startswith("{")]
        check(len(steps) >= 2 and all(step["kind"] == "progress" and step["total"] == EVENTS for step in steps), f"{steps}")
        check(steps[-1]["done"] == EVENTS, f"the last one is the end: {steps}")
    print("how far it is was told, and the line given back")


main()
