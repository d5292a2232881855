"""What a killed or stopped worker held goes on: at once where another starts on its host, else when its leases end: takeover_test.py WABOT [real]

It is killed with turns running, sends claimed (their provider takes the connection and never ends the TLS handshake) and sends in handing over (their
provider takes the message and never answers), and whatever else it had in its hands. With `real` the lease is the one that ships, a hundred lanes are in
hand, and one of two workers is not killed but stopped for two minutes, and wakes.
"""
import asyncio
import collections
import itertools
import signal
import socket
import sys
import threading
import time

from wabot import PATIENCE, SLOWNESS, Graph, Wabot, check, deliver_all, seeded, text_message, until, wamid, webhook

SENDERS = 8
LANES = 100  # with `real`, in the worker's hands
ELSEWHERE = 90 * SLOWNESS  # seconds until others have them, with real leases
STOPPED = 120  # seconds

chance = seeded()


class Silent:
    """Takes connections and says nothing."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)  # the kernel connects them
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"


def question_of(word):
    number = f"1555{chance.randrange(10 ** 7):07}"
    return text_message(number, wamid(number, word), "a question")


class Trial:
    def __init__(self, wabot, graph, silent, each, window_s):
        self.wabot, self.graph, self.silent, self.each, self.window_s = wabot, graph, silent, each, window_s
        self.questions = []
        self.is_found = False
        self.goes_on = threading.Event()
        self.stuck = {}
        for key, url in (("swallow", f"{graph.url}/swallow"), ("mute", silent.url)):
            number_id = str(chance.randrange(10 ** 14, 10 ** 15))
            wabot.device(key, url, number_id=number_id, on_uncertain="hold")
            self.stuck[key] = ([question_of(f"{key}{i}") for i in range(each)], number_id)
        wabot.device("shop", graph.url, on_uncertain="hold")

    def sends(self, key):
        """Of what is stuck: state and attempt, until when its lane is leased, and who had it last."""
        return self.wabot.query("""SELECT s.state, s.attempt, c.send_lease_until, s.worker FROM sends s JOIN conversations c ON c.id = s.conversation_id
                                   JOIN devices d ON d.id = s.device_id WHERE d.key = ? ORDER BY s.id""", key)

    def are(self, key, *states):
        found = self.sends(key)
        return len(found) == self.each and all(send[0] in states for send in found)

    def running_turns(self, worker):
        return self.wabot.query("SELECT id, turn_lease_until FROM conversations WHERE turn_state = 'running' AND turn_worker = ?", worker)

    def lanes_of(self, worker):
        return self.wabot.query("""SELECT (SELECT count(*) FROM conversations WHERE turn_state = 'running' AND turn_worker = ?)
                                        + (SELECT count(*) FROM conversations WHERE send_state = 'running' AND send_worker = ?)""", worker, worker)[0][0]

    def post(self):
        """While the worker works, until it is found with turns in its hands."""
        def bodies():
            for i in itertools.takewhile(lambda _: self.goes_on.wait() and not self.is_found, itertools.count()):
                self.questions.append(question_of(f"Q{i}"))
                yield webhook(self.questions[-1])

        asyncio.run(deliver_all(self.wabot, bodies(), SENDERS))

    def load(self, worker):
        """Comes back when the worker is stopped with all three in its hands: its id, and the turns."""
        for key, state in (("swallow", "handing_over"), ("mute", "claimed")):
            questions, number_id = self.stuck[key]
            bodies = [webhook(question, number_id=number_id) for question in questions]
            asyncio.run(deliver_all(self.wabot, bodies, SENDERS))
            until(f"sends of {key} that are {state}", lambda: self.are(key, state))
        worker_id = self.sends("mute")[0][3]
        posting = threading.Thread(target=self.post, daemon=True)
        posting.start()
        self.goes_on.set()
        end = time.monotonic() + PATIENCE
        while True:
            worker.process.send_signal(signal.SIGSTOP)
            self.goes_on.clear()
            turns = self.running_turns(worker_id)
            self.is_found = (turns and self.are("mute", "claimed") and self.are("swallow", "handing_over")
                             and not self.wabot.store.waits_for(worker.process.pid)) or time.monotonic() > end
            self.goes_on.set()
            if self.is_found:
                break
            worker.process.send_signal(signal.SIGCONT)
            time.sleep(chance.random() * 0.02)
        check(turns and self.are("mute", "claimed"), "the worker was never found with turns in its hands")
        lanes = self.lanes_of(worker_id)
        check(lanes >= 2 * self.each, f"{lanes} lanes are in its hands")
        return worker_id, turns, lanes, posting

    def until_taken_over(self, worker_id, patience=PATIENCE):
        """All that the worker held is with others, or known to be uncertain."""
        until("uncertain sends", lambda: self.are("swallow", "uncertain", "held"), patience)
        until("second claims", lambda: all(send[3] not in (None, worker_id) for send in self.sends("mute")), patience)
        until("end of its lanes", lambda: self.lanes_of(worker_id) == 0, patience)

    def check_end(self, posting):
        """Each question is answered, once; what was in handing over is held, and its provider may have it."""
        posting.join()
        self.wabot.until_idle(self.window_s + PATIENCE)
        accepted = collections.Counter(self.graph.answered())
        check(max(accepted.values()) == 1, "nothing went twice")
        ids = {message["id"]: message["whatsapp_message_id"] for message in self.wabot.rows("message", "list", "--direction", "incoming", "--reveal")}
        replies = self.wabot.rows("message", "list", "--direction", "outgoing")
        held = {ids[reply["parent_id"]] for reply in replies if reply["status"] == "held"}
        missing = {question["id"] for question in self.questions if accepted[question["id"]] == 0}
        print(f"{len(held)} held, {len(missing)} of them did not arrive")
        check(missing <= held, f"{len(missing - held)} did not arrive and are not held")
        check(sorted(reply["parent_id"] for reply in replies) == sorted(ids), f"{len(replies)} replies to {len(ids)} questions")
        check(len(ids) == len(self.questions) + 2 * self.each, f"{len(ids)} questions stored, {len(self.questions) + 2 * self.each} asked")
        check(self.are("mute", "sent"), f"what was claimed went: {self.sends('mute')}")
        check(all(send[:2] == ("held", 1) for send in self.sends("swallow")), f"what was handed over: {self.sends('swallow')}")
        for key, (questions, _) in self.stuck.items():
            check(all(accepted[question["id"]] == 1 for question in questions), f"{key} was accepted once each")

    def heal(self):
        """Who claims a send of `mute` from now on finds a provider that answers."""
        self.wabot.run("device", "update", "mute", "--no-verify", "--option", f"graph_url={self.graph.url}")


def trial(lease_s, window_s, each, body):
    hands = 8 * each  # two providers that hang come to half of what the other leaves
    with Wabot(sys.argv[1], WABOT_LEASE=f"{lease_s}s", WABOT_UNCERTAIN_WINDOW=f"{window_s}s", WABOT_SEND_CONCURRENCY=str(hands)) as wabot, Graph(wabot) as graph:
        wabot.init()
        wabot.echo_agent()
        it = Trial(wabot, graph, Silent(), each, window_s)
        server = wabot.serve("--workers", "0")
        worker = wabot.start("worker", WABOT_FAULT_AVOID="turn.at_once")
        worker_id, turns, lanes, posting = it.load(worker)
        print(f"{body.__name__}: {lanes} lanes in hand, {len(turns)} of them turns", flush=True)
        other = body(wabot, it, worker, worker_id)
        it.check_end(posting)
        for process in (other, server):
            check(process.stop() == 0, f"ends well\n{process.text()}")
        wabot.check_integrity()


def at_once(wabot, it, worker, worker_id):
    """The lease is long; another worker starts on the host of the dead one."""
    worker.kill()
    it.heal()
    other = wabot.start("worker")
    began = time.monotonic()
    it.until_taken_over(worker_id)
    check(all(send[1] == 2 for send in it.sends("mute")), f"the attempt that ended with its worker counts: {it.sends('mute')}")
    print(f"all of it was taken over in {time.monotonic() - began:.1f} s")
    check(wabot.query("SELECT count(*) FROM workers WHERE id = ?", worker_id) == [(0,)], "the dead worker is off the list")
    return other


def begin_other(wabot):
    """Another worker that is there before this one is known to be gone."""
    newest = wabot.query("SELECT max(id) FROM workers")
    other = wabot.start("worker")
    until("other worker", lambda: wabot.query("SELECT max(id) FROM workers") > newest)
    return other


def take_over_by_lease(wabot, it, worker_id, leases, since):
    """Nobody knows until the leases end; then others have it soon."""
    it.until_taken_over(worker_id, max(PATIENCE, ELSEWHERE))
    took = time.monotonic() - since
    changed = wabot.query("SELECT min(uncertain_since) FROM sends s JOIN devices d ON d.id = s.device_id WHERE d.key = 'swallow'")[0][0]
    check(changed >= min(leases["swallow"]), f"the lease was respected: until {min(leases['swallow'])}, taken over at {changed}")
    again = wabot.query("""SELECT min(f.failed_at) FROM failed_attempts f JOIN sends s ON s.id = f.work_id JOIN devices d ON d.id = s.device_id
                           WHERE f.queue = 'send' AND f.error = 'its worker stopped' AND d.key = 'mute'""")[0][0]
    check(again >= min(leases["mute"]), f"the lease was respected: until {min(leases['mute'])}, taken over at {again}")
    print(f"all of it was taken over when its leases ended, {took:.1f} s after its last step", flush=True)
    check(took < ELSEWHERE, f"it took {took:.1f} s")


def leases_of(it):
    return {key: [send[2] for send in it.sends(key)] for key in it.stuck}


def by_lease(wabot, it, worker, worker_id):
    since, leases = time.monotonic(), leases_of(it)
    other = begin_other(wabot)
    worker.kill()
    it.heal()
    take_over_by_lease(wabot, it, worker_id, leases, since)
    return other


def by_thaw(wabot, it, worker, worker_id):
    """It is not dead but stopped, and wakes when others have done its work: it changes nothing and sends nothing, but that an answer which came to it
    is believed, of what it was handing over."""
    since, leases = time.monotonic(), leases_of(it)
    handing_over = {row[0] for row in wabot.query("SELECT id FROM sends WHERE state = 'handing_over'")}
    other = begin_other(wabot)
    take_over_by_lease(wabot, it, worker_id, leases, since)
    it.heal()
    until("sends that were claimed", lambda: it.are("mute", "sent"))
    until("end of what is not uncertain", lambda: wabot.query("""SELECT (SELECT count(*) FROM sends WHERE state IN ('queued', 'claimed', 'handing_over'))
                                                                     + (SELECT count(*) FROM turns WHERE outcome IS NULL)""") == [(0,)])
    time.sleep(max(0.0, since + STOPPED - time.monotonic()))
    before, accepted = rows_of(wabot), it.graph.count()
    check(any(row[1] == "uncertain" for row in before["sends"].values()), "what it was handing over is uncertain yet")
    worker.resume()
    check(worker.stop() == 0, f"ends well\n{worker.text()}")
    after = rows_of(wabot)
    late = {id for id, row in after["sends"].items() if row != before["sends"].get(id)}
    check(late <= handing_over, f"sends changed by one whose lease was over: {late - handing_over}")
    check(all(after["sends"][id][1] == "sent" and after["sends"][id][2] == "late answer" for id in late), f"late answers: {late}")
    changed_messages = {id for id, row in after["messages"].items() if row != before["messages"].get(id)}
    check(changed_messages <= {after["sends"][id][3] for id in late}, f"messages changed: {changed_messages}")
    check(after["turns"] == before["turns"], "turns changed")
    check(after["failed_attempts"] == before["failed_attempts"], "attempts were noted")
    lanes = {id for id, row in after["conversations"].items() if row != before["conversations"].get(id)}
    check(lanes <= {after["sends"][id][4] for id in late}, f"lanes changed: {lanes}")
    # Between the last look at the clock and the socket a byte may have been on its way when it was stopped: that is one of the late answers.
    went = it.graph.count() - accepted
    check(went <= len(late), f"{went} were sent")
    print(f"stopped for {time.monotonic() - since:.0f} s it woke, sent {went} and wrote down {len(late)} late answers, and nothing else")
    return other


def rows_of(wabot):
    """By id, all that a worker changes of its work."""
    tables = {"sends": "id, state, settled_by, message_id, conversation_id, attempt, updated_at", "turns": "id, outcome, attempt, updated_at",
              "messages": "id, status, updated_at", "failed_attempts": "id, queue",
              "conversations": "id, turn_state, turn_lease_no, turn_pending, send_state, send_lease_no, send_pending"}
    return {table: {row[0]: row for row in wabot.query(f"SELECT {columns} FROM {table}")} for table, columns in tables.items()}


if sys.argv[2:] == ["real"]:
    trial(60, 120, LANES // 2, by_lease)
    trial(60, 120, LANES // 2, by_thaw)
else:
    trial(600, 2, 1, at_once)
    trial(4, 2, 1, by_lease)
