"""What reads the log of serve and worker ends, hangs, or moves the files away: log_reader_test.py WABOT"""
import fcntl
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

from wabot import PATIENCE, Wabot, check, until


def start(wabot, log, *words):
    return subprocess.Popen([wabot.binary, *words, "-c", f"{wabot.dir}/wabot.toml"], env=wabot.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=log)


def is_up(url):
    try:
        return urllib.request.urlopen(f"{url}/health/live", timeout=5).status == 200
    except OSError:
        return False


def forge(url):
    """A webhook with a wrong signature: a line of the log."""
    request = urllib.request.Request(f"{url}/webhooks/whatsapp", b"{}", {"X-Hub-Signature-256": "sha256=00"})
    try:
        return urllib.request.urlopen(request, timeout=5).status
    except urllib.error.HTTPError as error:
        return error.code


def stop(process, by=signal.SIGTERM):
    process.send_signal(by)
    return process.wait(PATIENCE)


def check_reader_ends(wabot, url, port):
    reader, writer = os.pipe()
    server = start(wabot, writer, "serve", "--listen", f"127.0.0.1:{port}")
    os.close(writer)
    until("the server", lambda: is_up(url))
    os.close(reader)
    check(forge(url) == 401, "the forged webhook is refused")
    check(is_up(url) and server.poll() is None, "the server goes on without a reader of its log")
    check(stop(server) == 0, "and ends well")


def check_reader_hangs(wabot, url, port):
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
    filled = 0
    try:
        while True:
            filled += os.write(writer, b"x" * 4096)
    except BlockingIOError:
        pass
    fcntl.fcntl(writer, fcntl.F_SETFL, 0)
    server = start(wabot, writer, "serve", "--listen", f"127.0.0.1:{port}")
    os.close(writer)
    until("the server", lambda: is_up(url))
    check(forge(url) == 401, "answered while nobody reads the log")
    while filled > 0:
        filled -= len(os.read(reader, min(filled, 65536)))
    check(forge(url) == 401, "the next line")
    line = os.read(reader, 65536).decode()
    check("log lines lost" in line or "log line lost" in line, f"the lost lines are counted: {line}")
    check(stop(server) == 0, "SIGTERM ends it")
    os.close(reader)


def check_hang_up(wabot, url, port):
    logs = f"{wabot.scratch}/logs"
    wabot.env["AI_MESSAGE_LOGS_FOLDER"] = logs
    server = start(wabot, subprocess.DEVNULL, "serve", "--listen", f"127.0.0.1:{port}")
    until("the server", lambda: is_up(url))
    check(forge(url) == 401, "a line")
    os.rename(f"{logs}/auth.log", f"{logs}/auth.log.1")
    server.send_signal(signal.SIGHUP)
    until("the new file", lambda: os.path.exists(f"{logs}/auth.log"))
    check(forge(url) == 401, "a line after SIGHUP")
    until("the line in the new file", lambda: os.path.getsize(f"{logs}/auth.log") > 0)
    check(stop(server) == 0, "the server ends well")
    reader, writer = os.pipe()
    worker = start(wabot, writer, "worker")
    os.close(writer)
    log = os.fdopen(reader)
    check("working" in log.readline(), "the worker is up")
    worker.send_signal(signal.SIGHUP)
    check("opened anew" in log.readline(), "the worker goes on")
    check(stop(worker) == 0, "the worker ends well")


def main():
    with Wabot(sys.argv[1]) as wabot:
        wabot.init()
        wabot.run("device", "create", "shop", "--kind", "whatsapp", "--option", "phone_number_id=1060", "--secret-from",
                  "app_secret=" + wabot.file("secret", "hush"), "--no-verify")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        for case in (check_reader_ends, check_reader_hangs, check_hang_up):
            case(wabot, url, port)


main()
