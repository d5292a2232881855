"""Kill, stop and failure at each named point, as the tables of src/core/messaging/README.md say: points_test.py WABOT hold|resend [CASE]

A process with a fault comes to its point, and another goes on. Each case has a store of its own; all have one Graph API.
"""
import collections
import concurrent.futures
import itertools
import os
import sys
import time
import traceback

from wabot import Graph, Wabot, check, fail, post, seeded, sent_status, text_message, until, wamid, webhook

LEASE = 1.5  # seconds
WINDOW = 3.0
AT_A_TIME = 8
QUESTIONS = 40  # asked until the fault comes, at most

# Turns go the long way at the points so marked; else rules are answered at once.
LONG = " the long way"
WORKER_POINTS = ["inbox.drained", "turn.claimed" + LONG, "turn.computed", "turn.computed" + LONG, "turn.finished", "turn.finished" + LONG, "send.claimed", "send.connected", "send.handing_over", "send.offered",
                 "send.answered", "send.recorded", "commit.before", "commit.after"]
SERVER_POINTS = ["inbox.stored", "commit.before", "commit.after"]
# Between the commit before the first byte and the one of the outcome nobody else can know what happened.
UNCERTAIN_POINTS = {"send.handing_over", "send.offered", "send.answered"}

on_uncertain = sys.argv[2]
chance = seeded()


class Case:
    def __init__(self, place, action, point, template, graph, number):
        self.place, self.action, self.point, self.graph = place, action, point.removesuffix(LONG), graph
        self.is_long = point.endswith(LONG)
        self.name = f"{action} {place} at {point}"
        self.nth = chance.randrange(3, 12) if point.startswith("commit") else chance.randrange(1, 4)
        self.template = template
        self.people = (f"1556{number:03}{i:04}" for i in itertools.count())
        self.asked = []  # ids
        self.unanswered = []  # bodies
        self.told = 0
        self.is_replaced = False
        self.in_flight = 0  # handed over by a process at the instant when it was stopped

    def run(self):
        with Wabot(sys.argv[1], WABOT_LEASE=f"{LEASE * 1000:.0f}ms", WABOT_UNCERTAIN_WINDOW=f"{WINDOW * 1000:.0f}ms") as wabot:
            self.wabot = wabot
            wabot.begin_as(self.template)
            self.avoided = {"WABOT_FAULT_AVOID": "turn.at_once"} if self.is_long else {}
            at = {"WABOT_FAULT_AT": f"{self.action}:{self.point}:{self.nth}"} | self.avoided
            self.server = wabot.serve("--workers", "0", **(at if self.place == "server" else {}))
            self.worker = wabot.start("worker", **(at if self.place == "worker" else {}))
            self.faulty = self.worker if self.place == "worker" else self.server
            # With one who works beside it the lease decides; one who comes later finds the dead by its process number.
            self.others = [wabot.start("worker", **self.avoided)] if self.action == "stop" or on_uncertain == "resend" else []
            try:
                self.meet_the_fault()
                {"kill": self.after_kill, "stop": self.after_stop, "fail": lambda: None}[self.action]()
                self.ask()
                self.until_idle()
                self.check_outcome()
                for process in [self.server, self.worker, *self.others]:
                    if process.is_alive():
                        until("process that can be stopped", lambda: " serving" in process.text() or " working" in process.text())
                        check(process.stop() == 0, f"ends well\n{process.text()}")
                self.check_answers()  # nothing more is sent on the way out
                wabot.check_integrity()
            except Exception:
                print(f"--- {self.name}, pass {self.nth}")
                raise

    # --- the way there

    def ask(self):
        person = next(self.people)
        id = wamid(person, f"Q{len(self.asked)}")
        body = webhook(text_message(person, id, f"question {len(self.asked)}"))
        self.asked.append(id)
        self.unanswered.append(body)
        self.deliver()

    def deliver(self):
        """Until all have their 200, or someone is stopped, who may be in their way."""
        while self.unanswered and not (self.action == "stop" and self.faulty.is_stopped()):
            if post(self.wabot, self.unanswered[0], patience=1.0) == 200:
                self.unanswered.pop(0)
            self.look_after_server()

    def look_after_server(self):
        if self.server.process.poll() is not None:
            self.server = self.wabot.serve("--workers", "0")

    def has_met_fault(self):
        if self.action == "kill":
            return not self.faulty.is_alive()
        if self.action == "stop":
            return self.faulty.is_stopped()
        return "a fault at" in self.faulty.text()

    def meet_the_fault(self):
        for _ in range(QUESTIONS):
            if self.has_met_fault():
                return
            self.ask()
            self.tell()
            time.sleep(0.05)  # so that a batch is not all of them
        until("fault", self.has_met_fault)

    # --- and on from there

    def after_kill(self):
        self.is_replaced = True
        self.look_after_server()
        if not self.others:
            self.others = [self.wabot.start("worker")]

    def after_stop(self):
        """The others take over, unless it was stopped while it holds the write lock; it wakes after its lease in any case."""
        since = time.monotonic()
        # Between the last look at the clock and the socket a byte may be on its way already.
        self.in_flight = self.wabot.query("SELECT count(*) FROM sends WHERE state = 'handing_over'")[0][0]
        self.is_replaced = self.place == "worker" and not self.wabot.store.waits_for(self.faulty.process.pid)
        if self.is_replaced:
            until("take-over", lambda: self.tell() or self.wabot.is_idle())
        time.sleep(max(0.0, since + 1.5 * LEASE - time.monotonic()))
        before = len(self.accepted())
        self.faulty.resume()
        if self.is_replaced:
            check(self.faulty.stop() == 0, f"ends well\n{self.faulty.text()}")
            late = len(self.accepted()) - before
            check(late <= self.in_flight, f"{late} sent by one whose lease was over, {self.in_flight} were on their way")

    def accepted(self):
        ours = set(self.asked)
        return [(number, body) for number, body in enumerate(self.graph.accepted(), 1) if body["context"]["message_id"] in ours]

    def tell(self):
        """In resend mode the provider says what it took, within the window."""
        accepted = self.accepted()
        if on_uncertain == "resend" and self.told < len(accepted):
            if post(self.wabot, webhook(statuses=[sent_status(*each) for each in accepted[self.told:]]), patience=1.0) == 200:
                self.told = len(accepted)

    def until_idle(self):
        until("end of the work", lambda: self.tell() or self.wabot.is_idle())

    # --- what came of it

    def check_outcome(self):
        stored = collections.Counter(content for content, in self.wabot.query("SELECT content FROM messages WHERE direction = 'incoming'"))
        check(stored == collections.Counter(f"question {i}" for i in range(len(self.asked))), f"stored: {stored}")
        uncertain = self.wabot.query("SELECT count(DISTINCT object_id) FROM changes WHERE kind = 'send.uncertain'")[0][0]
        if self.point in UNCERTAIN_POINTS and self.is_replaced:
            # A status may have settled it before anyone asked.
            settled = self.wabot.query("SELECT count(*) FROM sends WHERE settled_by IS NOT NULL")[0][0]
            check(uncertain + settled > 0, "nothing was uncertain")
        if self.place == "server" or self.action == "fail":
            check(uncertain == 0, f"{uncertain} sends were uncertain")
        self.check_answers()

    def check_answers(self):
        answered = collections.Counter(body["context"]["message_id"] for _, body in self.accepted())
        doubled = sum(1 for count in answered.values() if count > 1)
        missing = sum(1 for id in self.asked if id not in answered)
        statuses = collections.Counter(status for status, in self.wabot.query("SELECT status FROM messages WHERE direction = 'outgoing'"))
        shown = self.wabot.query("SELECT count(*) FROM sends WHERE duplicate_at IS NOT NULL")[0][0]
        check(statuses.total() == len(self.asked) and not set(statuses) - {"sent", "held"}, f"replies {statuses}")
        # What was with the socket when its process was stopped goes out when that wakes: in flight all the time, and nothing can call it back.
        if on_uncertain == "hold":
            check(doubled == 0, f"{doubled} doubled although held")
            check(missing <= statuses["held"], f"{missing} are missing, {statuses['held']} held")
            if self.action == "kill" and self.point == "send.handing_over":
                check(missing >= 1, "handed over although it was killed before")
        else:
            check(missing == 0 and statuses["held"] == 0, f"{missing} are missing, replies {statuses}")
            check(doubled <= self.in_flight, f"{doubled} doubled, {self.in_flight} were on their way")
            check(shown == doubled, f"{doubled} doubled, {shown} shown")


def cases(template, graph, only=""):
    rows = [("worker", action, point) for point in WORKER_POINTS for action in ("kill", "stop")]
    rows += [("server", "kill", point) for point in SERVER_POINTS] + [("server", "stop", "inbox.stored")]
    rows += [(place, "fail", point) for place in ("worker", "server") for point in ("commit.before", "commit.after")]
    return [case for case in (Case(*row, template, graph, number) for number, row in enumerate(rows)) if only in case.name]


def outcome_of(case):
    began = time.monotonic()
    try:
        case.run()
    except Exception:
        traceback.print_exc()
        return f"{case.name}: failed"
    print(f"{case.name}: {len(case.asked)} asked, {time.monotonic() - began:.1f} s", flush=True)
    return None


with Wabot(sys.argv[1]) as template, Graph(template) as graph:
    template.init()
    template.echo_agent()
    template.device("shop", graph.url, on_uncertain=on_uncertain)
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        failures = [text for text in pool.map(outcome_of, cases(template, graph, *sys.argv[3:])) if text]
    if failures:
        fail("\n".join(failures))
