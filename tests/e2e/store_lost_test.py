"""A store that takes no write any more, and one that is replaced while it is in use: store_lost_test.py WABOT"""
import os
import resource
import signal
import sqlite3
import sys
import urllib.error
import urllib.request

from wabot import SLOWNESS, Graph, Wabot, check, post, text_message, until, wamid, webhook

ADA = "12025550117"


def health(wabot, path="/health"):
    try:
        with urllib.request.urlopen(f"http://{wabot.address[0]}:{wabot.address[1]}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def ask(wabot, word, text="hello"):
    return post(wabot, webhook(text_message(ADA, wamid(ADA, word), text)))


def check_no_room(wabot):
    """A limit on the size of files stands for a full disk."""
    limit = os.path.getsize(f"{wabot.dir}/wabot.db") + 200 * 1024

    def small_disk():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    server = wabot.serve("--workers", "0", preexec=small_disk)
    check(health(wabot, "/health/ready")[0] == 200, "ready as long as there is room")
    number = 0
    while ask(wabot, f"ROOM{number}", "x" * 4000) == 200:
        number += 1
    check(ask(wabot, "MORE", "x" * 4000) == 503, "no room: the provider is to come again")
    for path in ("/health", "/health/ready"):
        check(health(wabot, path)[0] == 503, f"{path} says so")
    check(health(wabot, "/health/live")[0] == 200, "the process lives")
    check(server.stop() == 0, "serve ends well")


def check_replaced(wabot):
    server = wabot.serve("--workers", "0")
    check(ask(wabot, "BEFORE") == 200, "stored")
    with sqlite3.connect(f"{wabot.dir}/wabot.db") as store, sqlite3.connect(f"{wabot.dir}/copy.db") as copy:
        store.backup(copy)
    os.rename(f"{wabot.dir}/copy.db", f"{wabot.dir}/wabot.db")
    check(ask(wabot, "AFTER") == 503 and ask(wabot, "LATER") == 503, "what would be in a file without a name is not accepted")
    status, document = health(wabot)
    check(status == 503 and "replaced or removed" in document, f"/health says why: {status} {document}")
    check("replaced or removed" in server.text(), "and so does the log")
    check(server.stop() == 0, "serve ends well")
    for left in ("-wal", "-shm"):
        if os.path.exists(f"{wabot.dir}/wabot.db{left}"):
            os.remove(f"{wabot.dir}/wabot.db{left}")
    server = wabot.serve("--workers", "0")
    check(ask(wabot, "AGAIN") == 200, "on the new file it goes on")
    check(server.stop() == 0, "serve ends well")


def check_replaced_under_worker(wabot):
    """It has nothing to write: only looking at the file's name shows it, and long before its next heartbeat."""
    worker = wabot.start("worker")
    until("the worker", lambda: "working" in worker.text())
    os.rename(f"{wabot.dir}/wabot.db", f"{wabot.dir}/away.db")
    until("the log's error", lambda: "replaced or removed" in worker.text(), 8 * SLOWNESS)
    os.rename(f"{wabot.dir}/away.db", f"{wabot.dir}/wabot.db")
    check(worker.stop() == 0, "worker ends well")


def main():
    with Wabot(sys.argv[1]) as wabot, Graph(wabot) as graph:
        wabot.init()
        wabot.device("shop", graph.url, agent=None)
        check_replaced(wabot)
        check_replaced_under_worker(wabot)
        check_no_room(wabot)


main()
