"""Of 100,000 answers none comes before the sync that made its row durable: order_of_syncs_test.py WABOT LOAD

The server writes down, among all its threads, when a request's id was written to the log of the store, when its transaction ended, when syncs began and were
done, and when the first byte of an answer was about to go.
"""
import json
import os
import subprocess
import sys

from wabot import APP_SECRET, Wabot, check, text_message, webhook


def early_answers(record):
    """The answers in `record`, and those of them that were not durable yet."""
    durable_after = {}  # id -> number of the transaction that holds it
    pending, commits, durable = [], 0, 0
    commits_at = {}  # sync -> transactions that had ended when it began
    answers, early = 0, []
    for line in record:
        event, *words = line.split()
        if event == "written":
            pending.append(words[0])
        elif event == "commit":
            commits += 1
            durable_after.update((id, commits) for id in pending)
            pending.clear()
        elif event == "sync":
            commits_at[words[0]] = commits
        elif event == "synced":
            durable = max(durable, commits_at[words[0]])
        else:
            answers += 1
            if durable_after.get(words[0], commits + 1) > durable:
                early.append(words[0])
    return answers, early


def load(count, **faults):
    """What is recorded of a server that takes so many webhooks."""
    with Wabot(sys.argv[1]) as wabot:
        wabot.init()
        wabot.device("shop", "http://127.0.0.1:9", agent=None)
        record = os.path.join(wabot.scratch, "record")
        server = wabot.serve("--workers", "0", WABOT_FAULT_RECORD=record, **faults)
        body = wabot.file("body.json", webhook(text_message("{from}", "{message_id}", "When are you open?")).decode())
        words = ["--port", wabot.address[1], "--path", "/webhooks/whatsapp", "--body", body, "--secret-file", wabot.file("secret", APP_SECRET),
                 "--connections", 256, "--requests", count, "--ids"]
        done = subprocess.run([sys.argv[2], *map(str, words)], stdout=subprocess.PIPE, text=True)
        result = json.loads(done.stdout)
        check(done.returncode == 0 and result["ok"] == count, f"the load was not served whole: {result}")
        check(server.stop() == 0, server.text())
        check(wabot.query("SELECT count(*) FROM inbox") == [(count,)], "each is a row")
        with open(record) as lines:
            answers, early = early_answers(lines)
        print(f"{answers} answers at {result['per_s']:.0f}/s, {len(early)} before their sync {faults or ''}")
        check(answers == count, f"{answers} answers are recorded")
        return early


check(not load(100_000), "answers came before the sync of their row")
check(len(load(2_000, WABOT_FAULT_SYNC="ignored")) == 2_000, "without syncs every answer is early, and seen to be")
