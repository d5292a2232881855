"""Every exit code that a command reaches, provoked; and what becomes of yes, no, the end of input and Ctrl-C at a question: endings_test.py WABOT

No command ends with 7 (partial), 13 (rate limited) or 14 (uncertain) yet, and with 4 (denied) only `serve` on a port that it may not have.
"""
import fcntl
import json
import os
import pty
import signal
import socket
import sqlite3
import subprocess
import sys
import termios

from wabot import PATIENCE, Wabot, check, until


def start(wabot, *words, **how):
    how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": wabot.env, **how}
    return subprocess.Popen([wabot.binary, *words, "-c", f"{wabot.dir}/wabot.toml"], **how)


def ends(wabot, code, *words, says="", **how):
    """With this exit code, and these words on stderr."""
    process = start(wabot, *words, **how)
    out, talk = process.communicate(timeout=PATIENCE)
    check(process.returncode == code, f"wabot {' '.join(words)}: exit {process.returncode}, not {code}\n{out}{talk}")
    check(says.encode() in talk, f"wabot {' '.join(words)}: {says!r} is not in {talk}")


def device(wabot, key, graph):
    """A line that asks the provider first."""
    return ("device", "create", key, "--kind", "whatsapp", "--option", "phone_number_id=7", "--option", f"graph_url={graph}", "--secret-from",
            f"access_token={wabot.file('token', 'EAAtoken')}")


def every_code(wabot):
    ends(wabot, 0, "version")
    with open("/dev/full", "w") as full:
        ends(wabot, 1, "device", "list", stdout=full, says="No space left on device")
    ends(wabot, 2, "device", "lits", says="did you mean")
    ends(wabot, 2, "serve", "--timeout", "3s", says="runs until it is stopped")
    ends(wabot, 2, "device", "list", "--timeout", "soon", says="takes a time")
    ends(wabot, 3, "device", "get", "nothing", says="no device")
    ends(wabot, 5, "device", "create", "sim", "--kind", "sim", says="exists already")
    ends(wabot, 6, "message", "send", "+1", "--device", "sim", "--text", "hi", says="is no number")
    ends(wabot, 8, *device(wabot, "other", "http://127.0.0.1:1"), says="could not be asked")
    wabot.run("message", "send", "1", "--device", "sim", "--text", "hi")
    ends(wabot, 9, "message", "status", "1", "--watch", "--timeout", "300ms", says="nothing was changed")
    ends(wabot, 9, "message", "status", "1", "--watch", "-o", "jsonl", env={**wabot.env, "WABOT_TIMEOUT": "300ms"}, says='"code":"timeout"')
    ends(wabot, 10, "device", "update", "sim", "--name", "Another name", "--exit-code")
    ends(wabot, 11, "device", "delete", "sim", says="repeat with --yes")
    ends(wabot, 12, "message", "send", "+12025550163", "--device", "whatsapp-demo", "--text", "hi", says="24")


def cut_short(wabot):
    """While the provider is asked, before anything is written, and nothing comes of it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        words = device(wabot, "other", f"http://127.0.0.1:{silent.getsockname()[1]}")
        ends(wabot, 9, *words, "--timeout", "300ms", says="whether it took effect is not known")
        for number in (signal.SIGINT, signal.SIGTERM):  # 130 and 143 to a shell
            process = start(wabot, *words)
            asked = silent.accept()
            process.send_signal(number)
            process.communicate(timeout=PATIENCE)
            check(process.returncode == -number, f"signal {number}: exit {process.returncode}")
            asked[0].close()
    reading, writing = os.pipe()
    os.close(reading)
    ends(wabot, -signal.SIGPIPE, "device", "list", stdout=writing)  # 141
    os.close(writing)
    check({row["key"] for row in wabot.rows("device", "list")} == {"sim", "whatsapp-demo"}, "nothing came of what was cut short")
    wabot.check_integrity()


def bug(wabot):
    """What the store may not hold."""
    db = sqlite3.connect(f"{wabot.dir}/wabot.db")
    db.executescript("PRAGMA ignore_check_constraints = ON; UPDATE devices SET kind = 'fax' WHERE key = 'sim'")
    db.close()
    ends(wabot, 70, "device", "get", "sim", says="internal error")


# --- questions ------------------------------------------------------------------------------------------------------------------------------------


def at_terminal(wabot, typed, *words, stdin=None):
    """Runs a command on a terminal of its own, with `typed` after its question; its exit code, negative for a signal, and what the screen shows."""
    ours, theirs = pty.openpty()
    process = start(wabot, *words, stdin=theirs if stdin is None else stdin, stdout=theirs, stderr=theirs,
                    preexec_fn=lambda: (os.setsid(), fcntl.ioctl(1, termios.TIOCSCTTY, 0)))
    os.close(theirs)
    screen = b""

    def look():
        nonlocal screen
        try:
            screen += os.read(ours, 4096)
        except OSError:  # the other side has ended
            return True
        return b"[y/N] " in screen or b" to go on: " in screen

    until("question", look)
    if process.poll() is None and typed:
        os.write(ours, typed)
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        screen += part
    os.close(ours)
    return process.wait(PATIENCE), screen.decode()


def questions(wabot):
    def answer(code, typed, *words, shows="", **how):
        got, screen = at_terminal(wabot, typed, *words, **how)
        check(got == code, f"{words} and {typed}: exit {got}, not {code}\n{screen}")
        check(shows in screen, f"{words} and {typed}: {shows!r} is not in {screen}")

    for typed in (b"n\n", b"\n", b"yess\n", b"\x04"):
        answer(11, typed, "agent", "delete", "faq", shows="not confirmed; nothing was changed")
    answer(-signal.SIGINT, b"\x03", "agent", "delete", "faq", shows="[y/N]")
    answer(11, b"", "agent", "delete", "faq", "--no-input", shows="repeat with --yes")
    with open(wabot.file("data", "y\n")) as data:  # what comes on stdin is data, and no answer
        answer(11, b"n\n", "agent", "delete", "faq", stdin=data, shows="[y/N]")
    answer(11, b"", "agent", "delete", "faq", stdin=subprocess.DEVNULL, shows="repeat with --yes")
    answer(0, b"y\n", "agent", "delete", "faq", shows="deleted agent faq")
    # What is severe wants its name.
    last = json.loads(wabot.run("migrate", "status", "-o", "jsonl").splitlines()[-1])["name"]
    answer(11, b"y\n", "migrate", "down", "--yes", shows="Type " + last)
    answer(0, last.encode() + b"\n", "migrate", "down", shows="took back " + last)
    wabot.run("migrate", "up")


with Wabot(sys.argv[1]) as wabot:
    wabot.run("init", "--dir", wabot.dir, "--demo")
    every_code(wabot)
    cut_short(wabot)
    questions(wabot)
    bug(wabot)
