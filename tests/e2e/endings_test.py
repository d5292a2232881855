"""Every exit code that a command reaches, provoked; and what becomes of yes, no, the end of input and Ctrl-C at a question: endings_test.py WABOT

14 (uncertain), and what else message send --wait ends with, is in waits_test.py.
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
    no_entry(wabot)
    ends(wabot, 5, "device", "create", "sim", "--kind", "sim", says="already exists")
    ends(wabot, 6, "message", "send", "+1", "--device", "sim", "--text", "hi", says="is not a phone number")
    ends(wabot, 8, *device(wabot, "other", "http://127.0.0.1:1"), says="could not be asked")
    wabot.run("message", "send", "1", "--device", "sim", "--text", "hi")
    ends(wabot, 7, "job", "cancel", "send/1", "send/99", says="cancelled send/1; 1 of 2 failed")
    wabot.run("job", "retry", "send/1")
    ends(wabot, 9, "message", "status", "1", "--watch", "--timeout", "300ms", says="--timeout")
    ends(wabot, 9, "message", "status", "1", "--watch", "-o", "jsonl", env={**wabot.env, "WABOT_TIMEOUT": "300ms"}, says='"code":"timeout"')
    ends(wabot, 10, "device", "update", "sim", "--name", "Another name", "--exit-code")
    ends(wabot, 11, "device", "delete", "sim", says="repeat with --yes")
    ends(wabot, 12, "message", "send", "+12025550163", "--device", "whatsapp-demo", "--text", "hi", says="24")
    with socket.create_server(("127.0.0.1", 0)) as limited:
        process = start(wabot, *device(wabot, "other", f"http://127.0.0.1:{limited.getsockname()[1]}"), "-o", "json")
        asked = limited.accept()[0]
        asked.recv(65536)
        body = b'{"error": {"code": 80007, "message": "too many calls"}}'
        asked.sendall(b"HTTP/1.1 400 Bad Request\r\nRetry-After: 77\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        talk = process.communicate(timeout=PATIENCE)[1]
        error = json.loads(talk)["error"]
        check(process.returncode == 13 and error["retry_after"] == 77 and error["retryable"], f"exit {process.returncode}: {talk}")
        asked.close()


def no_entry(wabot):
    """To a user who may read neither settings nor store, and at a server that lets nobody in."""
    stranger = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    if not stranger:
        os.chmod(f"{wabot.dir}/wabot.toml", 0)
        os.chmod(f"{wabot.dir}/wabot.db", 0)
    binary = os.open(wabot.binary, os.O_RDONLY)  # wherever it lies, its folder may be closed too
    here = {"pass_fds": [binary], "cwd": "/", **stranger}
    for words, says in [(["-c", f"{wabot.dir}/wabot.toml"], "wabot.toml cannot be read"), (["-c", "none"], "run wabot as that user")]:
        done = subprocess.run([f"/proc/self/fd/{binary}", "device", "list", *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
                              env={**wabot.env, "DATABASE_URL": f"sqlite:///{wabot.dir}/wabot.db"}, **here)
        check(done.returncode == 4 and says.encode() in done.stderr, f"{words} as a stranger: exit {done.returncode}, {done.stderr}")
    os.close(binary)
    os.chmod(f"{wabot.dir}/wabot.toml", 0o640)
    os.chmod(f"{wabot.dir}/wabot.db", 0o600)


def out_of_time(wabot):
    """What shows what happens ends by itself, with all that it has shown."""
    for words in (["tail", "--follow"], ["device", "list", "--watch"]):
        process = start(wabot, *words, "-o", "jsonl", "--timeout", "400ms")
        out, talk = process.communicate(timeout=PATIENCE)
        check(process.returncode == 9 and json.loads(talk)["error"]["code"] == "timeout", f"{words}: exit {process.returncode}, {talk}")
        check(out.endswith(b"}\n") and all(json.loads(line) for line in out.splitlines()), f"{words} shows {out}")
    process = start(wabot, "listen", "--timeout", "400ms")
    talk = process.communicate(timeout=PATIENCE)[1]
    check(process.returncode == 9 and b"0 received, 0 forwarded" in talk, f"listen: exit {process.returncode}, {talk}")
    process = start(wabot, "chat", "faq", "--timeout", "1s", stdin=subprocess.PIPE)
    process.stdin.write(b"hi\n")
    process.stdin.flush()
    answer = process.stdout.readline()  # and nothing more is said
    check(json.loads(answer)["out"], f"chat: {answer}")
    check(process.wait(PATIENCE) == 9 and process.stdout.read() == b"", "chat ends")
    process.stdin.close()
    code, screen = at_terminal(wabot, b"", "chat", "faq", "--timeout", "1s")
    check(code == 9 and "\r\nwabot: chat took longer than 1s" in screen, f"chat at a terminal: exit {code}, {screen!r}")


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
    answer(0, last.encode() + b"\n", "migrate", "down", shows="reverted " + last)
    wabot.run("migrate", "up")


with Wabot(sys.argv[1]) as wabot:
    wabot.run("init", "--dir", wabot.dir, "--demo")
    every_code(wabot)
    out_of_time(wabot)
    cut_short(wabot)
    questions(wabot)
    bug(wabot)
