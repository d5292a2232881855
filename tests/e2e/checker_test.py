"""The checker finds what is wrong: checker_test.py WABOT

Thirty questions are asked and answered, some with a swallowed answer, and all is well. Then ledgers and database are doctored, one thing at a time, and each must be found.
"""
import json
import os
import shutil
import sqlite3
import subprocess
import sys

from wabot import APP_SECRET, Graph, Wabot, check, until

HERE = os.path.dirname(os.path.abspath(__file__))
QUESTIONS, SWALLOWED = 30, 3


class Case:
    """A copy of all that the checker reads."""

    FILES = ("sender", "graph", "kills", "listed", "database")

    def __init__(self, folder, **paths):
        self.folder, self.paths = folder, paths

    def copy(self, name):
        folder = os.path.join(os.path.dirname(self.folder), name)
        os.makedirs(folder)
        paths = {word: shutil.copy(path, os.path.join(folder, word)) for word, path in self.paths.items()}
        return Case(folder, **paths)

    def lines(self, word):
        with open(self.paths[word]) as file:
            return [json.loads(line) for line in file]

    def write(self, word, lines):
        with open(self.paths[word], "w") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)

    def execute(self, sql, *values):
        db = sqlite3.connect(self.paths["database"])
        with db:
            check(db.execute(sql, values).rowcount == 1, f"one row is doctored: {sql}")
        db.close()

    def query(self, sql):
        db = sqlite3.connect(self.paths["database"])
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def judge(self, mode="hold"):
        """What the checker says, and whether it is content."""
        words = [word for name, path in self.paths.items() for word in (f"--{name}", path)]
        done = subprocess.run([sys.executable, "-B", f"{HERE}/checker.py", "--mode", mode, "--window", "1", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        check("Traceback" not in done.stdout, done.stdout)
        return done.stdout, done.returncode == 0


# --- the doctors: each makes one thing wrong ----------------------------------------------------------------------------------------------------


def answered(case):
    """Lines of the simulator of a conversation with two answered questions or more, in order."""
    people = {}
    for line in case.lines("graph"):
        if line["kind"] == "accepted" and not line["fault"]:
            people.setdefault(line["to"], []).append(line)
    return max(people.values(), key=len)


def held(case):
    """The id of a held send and what it calls itself to the provider."""
    return case.query("SELECT id, message_id || '.' || part || '.' || attempt FROM sends WHERE state = 'held' ORDER BY id")[0]


def without_answer(case):
    one = answered(case)[0]
    case.write("graph", [line for line in case.lines("graph") if line.get("id") != one["id"]])


def answered_twice(case):
    lines = case.lines("graph")
    case.write("graph", lines + [answered(case)[0]])


def answered_out_of_order(case):
    first, second = (line["id"] for line in answered(case)[:2])
    lines = case.lines("graph")
    places = {line.get("id"): place for place, line in enumerate(lines)}
    lines[places[first]], lines[places[second]] = lines[places[second]], lines[places[first]]
    case.write("graph", lines)


def stored_out_of_order(case):
    """Both messages say the other's text: as if they had been stored the other way round."""
    ids = [line["context"]["message_id"] for line in answered(case)[:2]]
    texts = [line["text"] for id in ids for line in case.lines("sender") if line.get("id") == id]
    case.execute("UPDATE messages SET content = 'x' WHERE content = ?", texts[0])
    case.execute("UPDATE messages SET content = ? WHERE content = ?", texts[0], texts[1])
    case.execute("UPDATE messages SET content = ? WHERE content = 'x'", texts[1])


def unstored(case):
    case.execute("DELETE FROM messages WHERE id = (SELECT min(id) FROM messages WHERE direction = 'incoming')")


def stored_twice(case):
    case.execute("""INSERT INTO messages (conversation_id, device_id, direction, sender_kind, content, status, timestamp, created_at, updated_at)
                    SELECT conversation_id, device_id, direction, sender_kind, content, status, timestamp, created_at, updated_at FROM messages WHERE direction = 'incoming' LIMIT 1""")


def unacknowledged(case):
    lines = case.lines("sender")
    case.write("sender", [line for line in lines if line["kind"] != "acked" or line["n"] != 7])


def without_turn(case):
    case.execute("DELETE FROM turns WHERE id = (SELECT max(id) FROM turns)")


def with_two_turns(case):
    case.execute("""INSERT INTO turns (conversation_id, first_message_id, last_message_id, reply_message_id, outcome, created_at, updated_at)
                    SELECT conversation_id, first_message_id, last_message_id, reply_message_id, outcome, created_at, updated_at FROM turns LIMIT 1""")


def with_two_replies(case):
    case.execute("""INSERT INTO messages (conversation_id, device_id, direction, sender_kind, content, parent_id, status, timestamp, created_at, updated_at)
                    SELECT conversation_id, device_id, direction, sender_kind, content, parent_id, status, timestamp, created_at, updated_at
                    FROM messages WHERE direction = 'outgoing' LIMIT 1""")


def unlisted(case):
    id, _ = held(case)
    case.write("listed", [line for line in case.lines("listed") if line["id"] != f"send/{id}"])


def held_without_cause(case):
    _, opaque = held(case)
    case.write("graph", [{**line, "fault": None} if line.get("biz_opaque_callback_data") == opaque else line for line in case.lines("graph")])


def held_and_told(case):
    _, opaque = held(case)
    lines = case.lines("graph")
    case.write("graph", lines + [{"kind": "statuses", "at": lines[-1]["at"], "attempts": 1, "of": [[opaque, "delivered"]]}])


def lost_instead_of_held(case):
    id, opaque = held(case)
    case.execute("UPDATE sends SET state = 'cancelled' WHERE id = ?", id)
    case.write("graph", [line for line in case.lines("graph") if line.get("biz_opaque_callback_data") != opaque])


def unfinished(case):
    case.execute("UPDATE sends SET state = 'uncertain' WHERE id = ?", held(case)[0])


def unread(case):
    case.execute("UPDATE inbox SET state = 'quarantined' WHERE id = (SELECT max(id) FROM inbox)")


def dead(case):
    case.execute("UPDATE sends SET state = 'failed', settled_by = NULL WHERE id = ?", held(case)[0])


def without_status(case):
    case.execute("UPDATE messages SET status = 'sent' WHERE id = (SELECT max(id) FROM messages WHERE status = 'read')")


def with_more_status(case):
    """Read, and nobody said so."""
    case.write("graph", [{**line, "of": [pair for pair in line["of"] if pair[1] != "read"]} if line["kind"] == "statuses" else line for line in case.lines("graph")])


def badly_formed(case):
    case.write("graph", case.lines("graph") + [{"kind": "invalid", "at": 0, "why": "no recipient"}])


def unasked(case):
    lines = case.lines("graph")
    case.write("graph", lines + [{**answered(case)[0], "context": {"message_id": "wamid.of-nobody"}}])


def resent_and_hidden(case):
    """A second attempt was accepted since the status of the first came late, and the store does not say so."""
    id, opaque = held(case)
    message, part, _ = opaque.split(".")
    case.execute("UPDATE sends SET state = 'failed' WHERE id = ?", id)
    case.execute("""INSERT INTO sends (message_id, conversation_id, device_id, part, attempt, state, content, on_uncertain, created_at, updated_at)
                    SELECT message_id, conversation_id, device_id, part, 2, 'sent', content, on_uncertain, created_at, updated_at FROM sends WHERE id = ?""", id)
    lines = case.lines("graph")
    first = next(line for line in lines if line.get("biz_opaque_callback_data") == opaque)
    case.write("graph", lines + [{**first, "fault": None, "biz_opaque_callback_data": f"{message}.{part}.2"}])


DOCTORS = [(without_answer, "lost"), (without_answer, "claimed"), (answered_twice, "doubled"), (answered_out_of_order, "disorder"), (stored_out_of_order, "disorder"),
           (unstored, "lost webhook"), (stored_twice, "stored twice"), (unacknowledged, "unacknowledged"), (without_turn, "turns"), (with_two_turns, "turns"),
           (with_two_replies, "replies"), (unlisted, "unlisted"), (held_without_cause, "held without cause"), (held_and_told, "held"), (lost_instead_of_held, "lost"),
           (unfinished, "unfinished"), (unread, "unfinished"), (dead, "dead"), (without_status, "status"), (with_more_status, "status"), (badly_formed, "invalid"),
           (unasked, "unasked")]
RESEND_DOCTORS = [(lambda case: None, "held"), (resent_and_hidden, "hidden double")]


def gather(wabot, graph):
    """All that the checker reads, of a run in which all is well."""
    graph.control(next=["close"] * SWALLOWED)
    sent, kills = (os.path.join(wabot.scratch, name) for name in ("sender.jsonl", "kills.jsonl"))
    plan = {"seed": 1, "count": QUESTIONS, "rate": 50, "people": 8}
    subprocess.run([sys.executable, "-B", f"{HERE}/sender.py", sent, wabot.address_file, json.dumps(plan)], check=True)
    until("end", lambda: wabot.is_idle() and graph.control()["statuses_left"] == 0 and wabot.is_idle())
    open(kills, "w").close()
    listed = wabot.file("held.jsonl", wabot.run("job", "list", "--state", "held", "--all", "-o", "jsonl"))
    return {"sender": sent, "graph": graph.ledger, "kills": kills, "listed": listed}


with Wabot(sys.argv[1], WABOT_UNCERTAIN_WINDOW="1s") as wabot:
    statuses = {"address_file": wabot.address_file, "app_secret": APP_SECRET, "within_s": 0.2, "silent": 1}
    with Graph(wabot, statuses=statuses) as graph:
        wabot.init()
        wabot.echo_agent()
        wabot.device("shop", graph.url, on_uncertain="hold")
        server = wabot.serve()
        ledgers = gather(wabot, graph)
        check(server.stop() == 0, "serve ends well")
    database = os.path.join(wabot.scratch, "database")
    copy = sqlite3.connect(wabot.store.place)
    copy.execute("VACUUM INTO ?", (database,))
    copy.close()
    sound = Case(os.path.join(wabot.scratch, "sound"), **ledgers, database=database)
    report, is_content = sound.judge()
    check(is_content, f"nothing was wrong, and the checker says:\n{report}")
    check(f'"held": {SWALLOWED}' in report, report)
    trials = [("hold", *doctor) for doctor in DOCTORS] + [("resend", *doctor) for doctor in RESEND_DOCTORS]
    for number, (mode, doctor, kind) in enumerate(trials):
        case = sound.copy(f"case-{number}")
        doctor(case)
        report, is_content = case.judge(mode)
        check(not is_content and f"VIOLATION {kind}:" in report, f"{doctor.__name__}: expected {kind}, the checker says:\n{report}")
        check("the smallest history" in report or kind in ("invalid", "unfinished", "unasked"), f"{doctor.__name__}: no history\n{report}")
    print(f"{len(trials)} of {len(trials)} were found, such as:\n{report}")
