"""What is longer than the screen goes through a pager, at a terminal and nowhere else: pager_test.py WABOT"""
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

from wabot import PATIENCE, Wabot, check

HEIGHT = 24
MARKED = "sed s/^/PAGE:/"


def on_terminal(wabot, *words, **settings):
    """The exit code, and the lines that the screen shows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, 100, 0, 0))
    env = {**wabot.env, "TERM": "xterm", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", **settings}
    process = subprocess.Popen([wabot.binary, *words, "-c", f"{wabot.dir}/wabot.toml"], env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other side has ended
            break
        if not part:
            break
        seen += part
    os.close(ours)
    return process.wait(PATIENCE), seen.decode().replace("\r\n", "\n").splitlines()


def main():
    with Wabot(sys.argv[1]) as wabot:
        wabot.run("init", "--dir", wabot.dir, "--demo")
        for verb in ("pause", "resume") * 3:  # four changes each, for tail to show
            wabot.run("queue", verb, "inbox", "turn", "send", "job")
        marked = lambda lines: [line.startswith("PAGE:") for line in lines]

        code, lines = on_terminal(wabot, "config", "show", "--limit", "28", WABOT_PAGER=MARKED, PAGER="false")
        check(code == 0 and len(lines) == 30, f"exit {code}: {lines}")
        check(all(marked(lines[:29])), f"every line of a long table is paged: {lines}")
        check(lines[29].startswith("more rows: "), f"what is said comes after it: {lines[29]}")
        code, lines = on_terminal(wabot, "config", "show", "-o", "yaml", PAGER=MARKED)
        check(code == 0 and all(marked(lines)) and len(lines) > 60, f"also YAML, by PAGER: {lines[:3]}")
        check(all(marked(on_terminal(wabot, "help", "config", PAGER=MARKED)[1])), "and a long text")

        for words, settings in [(("config", "show", "--limit", "5", "-q"), {}), (("config", "show", "--no-pager"), {}), (("config", "show", "-o", "json"), {}),
                                (("config", "show", "-o", "csv"), {}), (("config", "show"), {"TERM": "dumb"}), (("config", "show"), {"WABOT_PAGER": "cat"}),
                                (("tail", "--follow", "-N", "100", "--timeout", "1s"), {})]:
            code, lines = on_terminal(wabot, *words, **{"PAGER": MARKED, **settings})
            check(code == (9 if words[0] == "tail" else 0) and lines and not any(marked(lines)), f"{words} {settings}: exit {code}, {lines[:3]}")
        check(len(lines) > HEIGHT, f"all of the stream: {lines}")
        check("PAGE:" not in wabot.run("config", "show"), "a pipe is read by a program")

        missing = {"WABOT_PAGER": "no-such-program 2>/dev/null"}
        plain = on_terminal(wabot, "config", "show", "--no-pager", **missing)
        check(on_terminal(wabot, "config", "show", **missing) == plain, "without a pager that is not there it is printed as it is")
        code, lines = on_terminal(wabot, "config", "show", "-o", "yaml", WABOT_PAGER="head -n 2")
        check(code == 0 and len(lines) == 2, f"whoever has seen enough goes: exit {code}, {lines}")

        with open(f"{wabot.dir}/wabot.toml", "a") as config:
            config.write(f'[cli]\npager = "{MARKED}"\n')
        code, lines = on_terminal(wabot, "config", "show", PAGER="false")
        check(code == 0 and all(marked(lines)), f"the setting goes before PAGER: {lines[:3]}")
        for words, settings in (((), {"WABOT_PAGER": "cat"}), (("--plain",), {})):
            check(not any(marked(on_terminal(wabot, "config", "show", *words, **settings)[1])), f"{words} {settings}: and what says so before the setting")
    print("what is long is paged")


main()
