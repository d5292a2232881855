"""Whether every acknowledged webhook was stored once, answered by one turn with one reply, in order, and its statuses applied:

    checker.py --mode hold|resend --window SECONDS --sender LEDGER --graph LEDGER --kills LEDGER --listed FILE --database PATH|URL

It knows what sender.py, graph.py and who kills have noted, what `wabot job list --state held -o jsonl` has printed and what is in the database, and nothing else
of wabot. It prints what it counted, what is wrong by kind and, of that, the smallest history; it ends with 1 when something is.

What may be held, and no more, are the answers that the simulator swallowed and the sends in handing over when their worker was killed. In hold mode nothing may be lost or
doubled; in resend mode nothing may be held either. There is no way to know that a message arrived before a status says so: a second one that goes because the first status
came later than the window, or within the last second of it, is counted as `late`.
"""
import argparse
import collections
import json
import sqlite3
import sys

from wabot import psql_rows

MARGIN = 1.0  # seconds that wabot may take to apply a status
RANK = {"queued": 0, "uncertain": 0, "held": 0, "sent": 1, "delivered": 2, "read": 3}
SHOWN = 3  # of each kind of violation


class Violation:
    def __init__(self, kind, questions, text):
        self.kind, self.questions, self.text = kind, questions, text


def lines_of(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


class Database:
    def __init__(self, place):
        self.place = place

    def rows(self, sql):
        """As named tuples, all of them."""
        if self.place.startswith("postgresql:"):
            names, rows = psql_rows(self.place, sql)
        else:
            db = sqlite3.connect(f"file:{self.place}?mode=ro", uri=True)
            cursor = db.execute(sql)
            names, rows = [column[0] for column in cursor.description], cursor.fetchall()
            db.close()
        Row = collections.namedtuple("Row", names)
        return [Row(*row) for row in rows]


class Sends:
    """The attempts at one reply."""

    def __init__(self):
        self.rows = []
        self.accepted = []  # lines of the simulator

    def of_state(self, state):
        return [row for row in self.rows if row.state == state]


def opaque_of(send):
    return f"{send.message_id}.{send.part}.{send.attempt}"


class Checker:
    def __init__(self, options):
        self.hold = options.mode == "hold"
        self.window = options.window
        self.violations = []
        self.counts = collections.Counter()
        self.read_sender(lines_of(options.sender))
        self.read_graph(lines_of(options.graph))
        self.kills = lines_of(options.kills)
        self.in_flight = {opaque for kill in self.kills for opaque in kill["in_flight"]}
        self.listed = {line["id"] for line in lines_of(options.listed)}
        self.read_database(Database(options.database))

    def found(self, kind, questions, text):
        self.violations.append(Violation(kind, questions, text))

    # --- what is known

    def read_sender(self, lines):
        self.asked = {line["n"]: line for line in lines if line["kind"] == "began"}
        self.acked = {}
        for line in lines:
            if line["kind"] == "acked":
                self.acked.setdefault(line["n"], line["at"])
                self.counts["attempts at webhooks"] += line["attempts"]
        self.is_complete = any(line["kind"] == "end" for line in lines)
        self.number_by_id = {line["id"]: n for n, line in self.asked.items()}
        self.number_by_text = {line["text"]: n for n, line in self.asked.items()}

    def read_graph(self, lines):
        self.graph = lines
        self.accepted = [line for line in lines if line["kind"] == "accepted"]
        self.swallowed = {line["biz_opaque_callback_data"] for line in self.accepted if line["fault"]}
        self.told = collections.defaultdict(list)  # our own id: (when, word), that wabot acknowledged
        for line in lines:
            for opaque, word in line["of"] if line["kind"] == "statuses" else []:
                self.told[opaque].append((line["at"], word))

    def read_database(self, db):
        self.incoming = db.rows("SELECT id, content, conversation_id, created_at FROM messages WHERE direction = 'incoming'")
        self.outgoing = db.rows("SELECT id, parent_id, status, created_at FROM messages WHERE direction = 'outgoing'")
        self.turns = db.rows("SELECT id, first_message_id, last_message_id, reply_message_id, outcome, reason, attempt, updated_at FROM turns")
        self.sends = db.rows("SELECT id, message_id, part, attempt, state, settled_by, uncertain_since, last_error, duplicate_at, created_at, updated_at FROM sends ORDER BY id")
        self.changes = db.rows("SELECT kind, object_type, object_id, created_at FROM changes WHERE object_type = 'send' OR kind = 'message.status'")
        self.bodies = dict(db.rows("SELECT state, count(*) AS bodies FROM inbox GROUP BY state"))
        self.question_of_message = {row.id: self.number_by_text.get(row.content) for row in self.incoming}
        self.question_of_reply = {row.id: self.question_of_message.get(row.parent_id) for row in self.outgoing}

    # --- what must hold

    def check(self):
        self.check_stored()
        self.check_turns()
        self.check_sends()
        self.check_order()
        self.check_statuses()
        for line in self.graph:
            if line["kind"] == "invalid":
                self.found("invalid", [], f"the provider was sent what no client may send: {line['why']}")

    def check_stored(self):
        if not self.is_complete or set(self.acked) != set(self.asked):
            self.found("unacknowledged", sorted(set(self.asked) - set(self.acked)), "the sender has not got its 2xx")
        stored = collections.Counter(row.content for row in self.incoming)
        for n, question in self.asked.items():
            if stored[question["text"]] != 1:
                self.found("lost webhook" if stored[question["text"]] == 0 else "stored twice", [n], f"stored {stored[question['text']]} times")
        for content in stored:
            if content not in self.number_by_text:
                self.found("stranger", [], f"nobody sent what is stored: {content}")
        for state, bodies in self.bodies.items():
            if state != "done":
                self.found("unfinished", [], f"{bodies} webhooks are {state}")

    def check_turns(self):
        turns = collections.defaultdict(list)
        for turn in self.turns:
            turns[turn.first_message_id].append(turn)
        replies = collections.defaultdict(list)
        for reply in self.outgoing:
            replies[reply.parent_id].append(reply)
        for message in self.incoming:
            n = self.question_of_message[message.id]
            outcomes = [turn.outcome for turn in turns[message.id]]
            if outcomes != ["replied"]:
                self.found("turns", [n], f"its turns: {outcomes}")
            if len(replies[message.id]) != 1:
                self.found("replies", [n], f"{len(replies[message.id])} replies are stored")

    def check_sends(self):
        replies = collections.defaultdict(Sends)
        for send in self.sends:
            replies[send.message_id].rows.append(send)
        known = {opaque_of(send) for send in self.sends}
        for line in self.accepted:
            message = int(line["biz_opaque_callback_data"].split(".")[0])
            n = self.number_by_id.get(line.get("context", {}).get("message_id"))
            if n is None or self.question_of_reply.get(message) != n or line["biz_opaque_callback_data"] not in known:
                self.found("unasked", [] if n is None else [n], f"the provider was sent {line['biz_opaque_callback_data']}, that nobody asked for")
            replies[message].accepted.append(line)
        for message, sends in replies.items():
            if message in self.question_of_reply:
                self.check_reply(self.question_of_reply[message], sends)
        answered = {self.question_of_reply.get(message) for message, sends in replies.items() if sends.rows}
        for n in set(self.question_of_reply.values()) - answered:
            self.found("lost", [n], "its reply has no sends")

    def check_reply(self, n, sends):
        held = sends.of_state("held")
        for send in sends.rows:
            if send.state in ("queued", "claimed", "handing_over", "uncertain"):
                self.found("unfinished", [n], f"send/{send.id} is {send.state}")
            if send.state == "failed" and send.settled_by is None:
                self.found("dead", [n], f"send/{send.id} is a dead letter: {send.last_error}")
            if send.state == "sent" and not any(line["biz_opaque_callback_data"] == opaque_of(send) for line in sends.accepted):
                self.found("claimed", [n], f"send/{send.id} is sent, and its provider knows nothing of it")
        for send in held:
            self.check_held(n, send)
        if not sends.accepted and not held:
            self.found("lost", [n], "its reply never arrived and is not held")
        if len(sends.accepted) > 1:
            self.check_double(n, sends)
        self.counts["held"] += len(held)

    def check_held(self, n, send):
        if not self.hold:
            self.found("held", [n], f"send/{send.id} is held after {send.attempt} attempts, although each is sent again")
        if opaque_of(send) not in self.swallowed | self.in_flight:
            self.found("held without cause", [n], f"send/{send.id} was neither swallowed nor in flight at a kill: {send.last_error}")
        if f"send/{send.id}" not in self.listed:
            self.found("unlisted", [n], f"`wabot job list` does not show send/{send.id}")
        if self.told[opaque_of(send)]:
            self.found("held", [n], f"send/{send.id} is held, although a status said that it arrived")

    def check_double(self, n, sends):
        first = sends.accepted[0]["biz_opaque_callback_data"]
        row = next((row for row in sends.rows if opaque_of(row) == first), None)
        told_at = min((at for at, _ in self.told[first]), default=float("inf"))
        is_late = row and row.uncertain_since and told_at > row.uncertain_since / 1e6 + self.window - MARGIN
        if is_late and not self.hold:
            self.counts["late"] += 1
            if sum(1 for row in sends.rows if row.duplicate_at) != len(sends.accepted) - 1:
                self.found("hidden double", [n], "went twice for a late status, and that is not shown")
        else:
            self.found("doubled", [n], f"the provider took its reply {len(sends.accepted)} times")

    def check_order(self):
        """As stored, and as accepted: what had its 2xx before another was posted comes first; and as accepted it goes as stored."""
        stored = {self.question_of_message[row.id]: row.id for row in self.incoming}
        taken = {}
        for place, line in enumerate(self.accepted):
            taken.setdefault(self.number_by_id.get(line.get("context", {}).get("message_id")), place)
        people = collections.defaultdict(list)
        for n, question in self.asked.items():
            if n in stored and n in self.acked:
                people[question["conversation"]].append(n)
        for asked in people.values():
            for a in asked:
                for b in asked:
                    if self.acked[a] < self.asked[b]["at"] and stored[a] > stored[b]:
                        self.found("disorder", [a, b], "the second was stored before the first, that had its 2xx before the second was posted")
                    if stored[a] < stored[b] and a in taken and b in taken and taken[a] > taken[b]:
                        self.found("disorder", [a, b], "the second was answered before the first")

    def check_statuses(self):
        highest = {}
        for opaque, words in self.told.items():
            message = int(opaque.split(".")[0])
            highest[message] = max([highest.get(message, 0), *(RANK[word] for _, word in words)])
        for reply in self.outgoing:
            heard = highest.get(reply.id, 0)
            if RANK.get(reply.status, -1) < heard or RANK.get(reply.status, -1) > max(heard, 1):
                self.found("status", [self.question_of_reply[reply.id]], f"its reply is {reply.status}, and the provider said {[word for word, rank in RANK.items() if rank == heard]}")

    # --- what is shown

    def history(self, questions):
        """What is known of some questions, in order of time: (seconds, who, what)."""
        events = []
        messages = {row.id for row in self.incoming if self.question_of_message[row.id] in questions}
        replies = {row.id for row in self.outgoing if self.question_of_reply[row.id] in questions}
        own = [send for send in self.sends if send.message_id in replies]
        opaques = {opaque_of(send) for send in own}
        for n in questions:
            if n in self.asked:
                events.append((self.asked[n]["at"], "sender", f"posts question {n} of {self.asked[n]['conversation']}"))
            if n in self.acked:
                events.append((self.acked[n], "sender", f"has the 2xx of question {n}"))
        for line in self.graph:
            opaque = line.get("biz_opaque_callback_data") or line.get("opaque")
            if self.number_by_id.get(line.get("context", {}).get("message_id")) in questions or opaque in opaques:
                events.append((line["at"], "provider", f"{line['kind']} {opaque} {line.get('fault') or line.get('code') or ''}"))
        for opaque in opaques:
            events += [(at, "provider", f"has the 2xx of the status {word} of {opaque}") for at, word in self.told[opaque]]
        events += [(kill["at"], "killer", f"{kill['who']} {kill['how']}: in flight {sorted(opaques.intersection(kill['in_flight']))}") for kill in self.kills
                   if opaques.intersection(kill["in_flight"])]
        at = 1e6
        events += [(row.created_at / at, "store", f"message {row.id} is stored: {row.content}") for row in self.incoming if row.id in messages]
        events += [(row.created_at / at, "store", f"message {row.id} answers {row.parent_id}; now {row.status}") for row in self.outgoing if row.id in replies]
        events += [(row.updated_at / at, "store", f"turn/{row.id} of message {row.first_message_id}: {row.outcome} {row.reason or ''} after {row.attempt} attempts") for row in self.turns
                   if row.first_message_id in messages]
        events += [(row.updated_at / at, "store", f"send/{row.id} = {opaque_of(row)} is {row.state}, settled by {row.settled_by}, {row.last_error}") for row in own]
        ids = {send.id for send in own}
        events += [(row.created_at / at, "store", f"{row.kind} {row.object_type} {row.object_id}") for row in self.changes
                   if row.object_id in (ids if row.object_type == "send" else replies)]
        return sorted(events)

    def show(self):
        kinds = collections.Counter(violation.kind for violation in self.violations)
        self.counts.update({"webhooks": len(self.asked), "acknowledged": len(self.acked), "stored": len(self.incoming), "turns": len(self.turns), "replies": len(self.outgoing),
                            "accepted": len(self.accepted), "swallowed": len(self.swallowed), "in flight at kills": len(self.in_flight),
                            "U": len(self.swallowed | self.in_flight), "uncertain": sum(row.kind == "send.uncertain" for row in self.changes),
                            "statuses": sum(map(len, self.told.values())), "kills": len(self.kills), "lost": kinds["lost"], "doubled": kinds["doubled"], "late": 0, "held": 0})
        print(json.dumps(dict(sorted(self.counts.items()))))
        for kind, number in kinds.items():
            print(f"VIOLATION {kind}: {number}")
            for violation in [violation for violation in self.violations if violation.kind == kind][:SHOWN]:
                print(f"  questions {violation.questions[:10]}: {violation.text}")
        with_history = [(self.history(violation.questions), violation) for violation in self.violations[:200] if violation.questions]
        if with_history:
            events, violation = min(with_history, key=lambda pair: len(pair[0]))
            print(f"the smallest history, {violation.kind}, of questions {violation.questions}: {violation.text}")
            for when, who, what in events:
                print(f"  {when - events[0][0]:9.3f} s  {who:9} {what}")


def main():
    options = argparse.ArgumentParser()
    for name in ("mode", "sender", "graph", "kills", "listed", "database"):
        options.add_argument(f"--{name}", required=True)
    options.add_argument("--window", type=float, required=True)
    checker = Checker(options.parse_args())
    checker.check()
    checker.show()
    sys.exit(1 if checker.violations else 0)


if __name__ == "__main__":
    main()
