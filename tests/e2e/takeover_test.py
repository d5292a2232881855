"""What a killed worker held goes on: at once where another starts on its host, else when its leases end: takeover_test.py WABOT

It is killed with turns running, one send claimed (its provider takes the connection and never ends the TLS handshake) and one in handing over (its
provider takes the message and never answers), and whatever else it had in its hands.
"""
import asyncio
import collections
import itertools
import signal
import socket
import sys
import threading
import time

from wabot import PATIENCE, Graph, Wabot, check, deliver, deliver_all, seeded, text_message, until, wamid, webhook

SENDERS = 8
WINDOW = 2.0  # seconds

chance = seeded()


class Silent:
    """Takes connections and says nothing."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)  # the kernel connects them
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"


def question_of(word):
    number = f"1555{chance.randrange(10 ** 7):07}"
    return text_message(number, wamid(number, word), "a question")


class Trial:
    def __init__(self, wabot, graph, silent):
        self.wabot, self.graph, self.silent = wabot, graph, silent
        self.questions = []
        self.is_found = False
        self.stuck = {}
        for key, url in (("mute", silent.url), ("swallow", f"{graph.url}/swallow")):
            number_id = str(chance.randrange(10 ** 14, 10 ** 15))
            wabot.device(key, url, number_id=number_id, on_uncertain="hold")
            self.stuck[key] = (question_of(key), number_id)
        wabot.device("shop", graph.url, on_uncertain="hold")

    def send(self, key):
        """The state and attempt of what is stuck, since when, and until when its lane is leased."""
        rows = self.wabot.query("""SELECT s.state, s.attempt, s.updated_at, c.send_lease_until, c.send_worker FROM sends s JOIN conversations c ON c.id = s.conversation_id
                                   JOIN devices d ON d.id = s.device_id WHERE d.key = ?""", key)
        return rows[0] if rows else (None,) * 5

    def running_turns(self, worker):
        return self.wabot.query("SELECT id, turn_lease_until FROM conversations WHERE turn_state = 'running' AND turn_worker = ?", worker)

    def post(self):
        """Until the worker is found with turns in its hands."""
        def bodies():
            for i in itertools.takewhile(lambda _: not self.is_found, itertools.count()):
                self.questions.append(question_of(f"Q{i}"))
                yield webhook(self.questions[-1])

        asyncio.run(deliver_all(self.wabot, bodies(), SENDERS))

    def load(self, worker):
        """Comes back when the worker is stopped with all three in its hands: its id, and the turns."""
        for key, (question, number_id) in self.stuck.items():
            deliver(self.wabot, webhook(question, number_id=number_id))
        until("send in handing over", lambda: self.send("swallow")[0] == "handing_over")
        until("claimed send", lambda: self.send("mute")[0] == "claimed")
        worker_id = self.send("mute")[4]
        posting = threading.Thread(target=self.post)
        posting.start()
        end = time.monotonic() + PATIENCE
        while True:
            worker.process.send_signal(signal.SIGSTOP)
            turns = self.running_turns(worker_id)
            self.is_found = (turns and self.send("mute")[0] == "claimed" and not self.wabot.store.waits_for(worker.process.pid)) or time.monotonic() > end
            if self.is_found:
                break
            worker.process.send_signal(signal.SIGCONT)
            time.sleep(chance.random() * 0.02)
        check(turns, "the worker was never found with turns in its hands")
        return worker_id, turns, posting

    def check_end(self, posting, mute_url):
        """Each question is answered, once; what was in handing over is held, and its provider may have it."""
        posting.join()
        self.wabot.run("device", "update", "mute", "--no-verify", "--option", f"graph_url={mute_url}")
        self.wabot.until_idle()
        accepted = collections.Counter(self.graph.answered())
        check(max(accepted.values()) == 1, "nothing went twice")
        ids = {message["id"]: message["whatsapp_message_id"] for message in self.wabot.rows("message", "list", "--direction", "incoming", "--reveal")}
        replies = self.wabot.rows("message", "list", "--direction", "outgoing")
        held = {ids[reply["parent_id"]] for reply in replies if reply["status"] == "held"}
        missing = {question["id"] for question in self.questions if accepted[question["id"]] == 0}
        print(f"{len(held)} held, {len(missing)} of them did not arrive")
        check(missing <= held, f"{len(missing - held)} did not arrive and are not held")
        check(sorted(reply["parent_id"] for reply in replies) == sorted(ids) and len(ids) == len(self.questions) + 2, f"{len(replies)} replies to {len(ids)} questions")
        check(self.send("mute")[:1] == ("sent",) and accepted[self.stuck["mute"][0]["id"]] == 1, f"what was claimed went once: {self.send('mute')}")
        check(self.send("swallow")[:2] == ("held", 1) and accepted[self.stuck["swallow"][0]["id"]] == 1, f"what was handed over: {self.send('swallow')}")


def trial(lease_s, body):
    with Wabot(sys.argv[1], WABOT_LEASE=f"{lease_s}s", WABOT_UNCERTAIN_WINDOW=f"{WINDOW:.0f}s") as wabot, Graph(wabot) as graph:
        wabot.init()
        wabot.echo_agent()
        it = Trial(wabot, graph, Silent())
        server = wabot.serve("--workers", "0")
        worker = wabot.start("worker", WABOT_FAULT_AVOID="turn.at_once")
        worker_id, turns, posting = it.load(worker)
        other = body(wabot, it, worker, worker_id, turns)
        it.check_end(posting, graph.url)
        for process in (other, server):
            check(process.stop() == 0, f"ends well\n{process.text()}")
        wabot.check_integrity()


def at_once(wabot, it, worker, worker_id, turns):
    """The lease is long; another worker starts on the host of the dead one."""
    worker.kill()
    other = wabot.start("worker")
    began = time.monotonic()
    until("uncertain send", lambda: it.send("swallow")[0] in ("uncertain", "held"))
    until("second claim", lambda: it.send("mute")[4] not in (None, worker_id))
    check(it.send("mute")[1] == 2, f"the attempt that ended with its worker counts: {it.send('mute')}")
    until("end of its turns", lambda: not it.running_turns(worker_id))
    print(f"{len(turns)} turns, a claimed send and one in handing over were taken over in {time.monotonic() - began:.1f} s")
    check(wabot.query("SELECT count(*) FROM workers WHERE id = ?", worker_id) == [(0,)], "the dead worker is off the list")
    return other


def by_lease(wabot, it, worker, worker_id, turns):
    """The other worker runs already when this one dies: nobody knows, until the leases end."""
    leases = {key: it.send(key)[3] for key in it.stuck}
    newest = wabot.query("SELECT max(id) FROM workers")
    other = wabot.start("worker")
    until("other worker", lambda: wabot.query("SELECT max(id) FROM workers") > newest)
    worker.kill()
    until("uncertain send", lambda: it.send("swallow")[0] in ("uncertain", "held"))
    until("second claim", lambda: it.send("mute")[4] not in (None, worker_id))
    until("end of its turns", lambda: not it.running_turns(worker_id))
    changed = wabot.query("SELECT min(uncertain_since) FROM sends s JOIN devices d ON d.id = s.device_id WHERE d.key = 'swallow'")[0][0]
    check(changed >= leases["swallow"], f"the lease was respected: until {leases['swallow']}, taken over at {changed}")
    check(it.send("mute")[2] >= leases["mute"], f"the lease was respected: until {leases['mute']}, taken over at {it.send('mute')[2]}")
    print(f"{len(turns)} turns, a claimed send and one in handing over were taken over when their leases ended")
    return other


trial(600, at_once)
trial(4, by_lease)
