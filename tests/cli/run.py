"""Runs a script of commands against the binary and compares what they print: run.py WABOT SCRIPT

A script is blocks of one command and what it prints, in a scratch folder of its own and a clean environment:

    $ wabot device get shop          a shell line, without a terminal; "$$ " gives it one, 80 columns wide, both streams together
    ID  KEY                          a line of standard output
    2> hint: see --help              a line of standard error
    ? 3                              the exit code, when it is not 0
    < y                              typed at the terminal beforehand

In a line `<...>` stands for anything, a line `...` for any number of lines. Times and conversation keys are replaced by <time> and <key>.
Lines that start with # say what follows.
With WABOT_TEST_POSTGRES, as with_postgres.py sets it, the commands find their store in a new database there: DATABASE_URL names it.
"""
import fcntl
import os
import pathlib
import pty
import re
import select
import subprocess
import sys
import tempfile
import termios

NORMAL = [(re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "<time>"), (re.compile(r"\bc_[a-z0-9]{12}\b"), "<key>")]


def blocks(text):
    """(line number, command, wants a terminal, expected lines, expected exit code, typed lines)"""
    current = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(("$ ", "$$ ")):
            if current:
                yield current
            mark, _, command = line.partition(" ")
            current = [number, command, mark == "$$", [], 0, []]
        elif line.startswith("#") or (not line and current is None):
            continue
        elif line.startswith("? "):
            current[4] = int(line[2:])
        elif line.startswith("< "):
            current[5].append(line[2:])
        else:
            current[3].append(line)
    if current:
        yield current


def run_plain(command, environment, folder, _):
    done = subprocess.run(["bash", "-c", command], env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    lines = done.stdout.decode(errors="backslashreplace").splitlines()
    return lines + ["2> " + line for line in done.stderr.decode(errors="backslashreplace").splitlines()], done.returncode


def run_on_terminal(command, environment, folder, typed):
    ours, theirs = pty.openpty()
    own_terminal = lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    process = subprocess.Popen(["bash", "-c", command], env=environment, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=own_terminal)
    attributes = termios.tcgetattr(theirs)
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    os.close(theirs)
    os.write(ours, "".join(line + "\n" for line in typed).encode())
    text = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other side has ended
            break
        if not part:
            break
        text += part
    os.close(ours)
    return text.decode(errors="backslashreplace").replace("\r\n", "\n").splitlines(), process.wait(60)


def matches(expected, actual):
    if not expected:
        return not actual
    if expected[0] == "...":
        return any(matches(expected[1:], actual[i:]) for i in range(len(actual) + 1))
    if not actual:
        return False
    pattern = ".*".join(re.escape(part) for part in expected[0].split("<...>"))
    return re.fullmatch(pattern, actual[0]) is not None and matches(expected[1:], actual[1:])


def normal(line):
    for pattern, word in NORMAL:
        line = pattern.sub(word, line)
    return line


def new_database(server):
    name = f"cli_{os.getpid()}"
    subprocess.run(["psql", "-X", "-q", "-d", server.format("postgres"), "-c", f"CREATE DATABASE {name}"], check=True, timeout=60)
    return {"DATABASE_URL": server.format(name)}


def main(binary, script):
    binary = pathlib.Path(binary).resolve()
    failures = 0
    server = os.environ.get("WABOT_TEST_POSTGRES")
    database = new_database(server) if server else {}
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": f"{binary.parent}:/usr/bin:/bin", "HOME": folder, "LANG": "C.UTF-8", "TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1",
                       "AT_ONCE": os.environ.get("AT_ONCE", "200"), **database}
        for number, command, on_terminal, expected, code, typed in blocks(pathlib.Path(script).read_text()):
            lines, actual_code = (run_on_terminal if on_terminal else run_plain)(command, environment, folder, typed)
            # An empty line at the end of a block parts it from the next one.
            while expected and not expected[-1]:
                expected.pop()
            while lines and not lines[-1]:
                lines.pop()
            actual = [normal(line) for line in lines]
            if matches(expected, actual) and actual_code == code:
                continue
            failures += 1
            print(f"{script}:{number}: $ {command}")
            print("  expected:", *expected, f"? {code}", sep="\n    ")
            print("  printed:", *actual, f"? {actual_code}", sep="\n    ")
    print(f"{script}: {'ok' if failures == 0 else f'{failures} failed'}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
