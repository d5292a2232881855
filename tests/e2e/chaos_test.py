"""Kills at random and at each named point under load: nothing lost, nothing doubled, nothing out of order: chaos_test.py WABOT hold|resend WEBHOOKS RATE KILLS

sender.py posts, graph.py is the provider and swallows one answer in a hundred, checker.py judges. So many times each, `serve` and one of two workers are killed: half of
them at a moment by chance, half by a point of tests/faults/README.md, all points in turn. WABOT_TEST_KEEP names a folder for a copy of the ledgers, the logs and the store.
"""
import asyncio
import collections
import itertools
import json
import os
import signal
import subprocess
import sys
import time

from wabot import APP_SECRET, PATIENCE, POSTGRES, SLOWNESS, Graph, Wabot, check, seeded, until

HERE = os.path.dirname(os.path.abspath(__file__))
WORKERS = 2
LEASE = 5.0 * SLOWNESS  # seconds
POINT_PATIENCE = 5.0 * SLOWNESS  # for a process to come to its point: when little happens it may not
PASSES_MAX = 40

# Turns go the long way at the points so marked; else rules are answered at once.
LONG = " the long way"
WORKER_POINTS = ["inbox.drained", "turn.claimed" + LONG, "turn.computed", "turn.computed" + LONG, "turn.finished", "turn.finished" + LONG, "send.claimed", "send.connected", "send.handing_over", "send.offered",
                 "send.answered", "send.recorded", "commit.before", "commit.after"]
SERVER_POINTS = ["inbox.stored", "commit.before", "commit.after"]
RANDOM = ""

mode, webhooks, rate, kills = sys.argv[2], *(int(word) for word in sys.argv[3:6])
chance = seeded()
# Seconds. In resend mode a status must not come later, however far `serve` is behind; it leaves the provider within half a second.
WINDOW = 2.0 if mode == "hold" else 6.0 if webhooks <= 5000 else 30.0
PLAN = {"seed": chance.randrange(1 << 32), "delays": {"share": 0.02, "most_s": 0.3},
        "faults": {"close": 0.005, "reset_answer": 0.003, "page502": 0.001, "garbage": 0.001, "temporary": 0.003, "slow": 0.002}}


class Victim:
    """`serve` or the workers: each is killed by a plan of its own, one at a time."""

    def __init__(self, chaos, name, points):
        self.chaos, self.name = chaos, name
        self.processes = [self.start() for _ in range(1 if name == "serve" else WORKERS)]
        in_turn = itertools.cycle(chance.sample(points, len(points)))
        self.plan = [next(in_turn) if i % 2 else RANDOM for i in range(kills)]
        self.met = collections.Counter()

    def start(self, point=RANDOM):
        faults = {}
        if point:
            faults["WABOT_FAULT_AT"] = f"kill:{point.removesuffix(LONG)}:{chance.randrange(1, PASSES_MAX)}"
        if point.endswith(LONG):
            faults["WABOT_FAULT_AVOID"] = "turn.at_once"
        if self.name == "serve":
            return self.chaos.wabot.serve("--workers", "0", may_end=True, **faults)
        return self.chaos.wabot.start("worker", **faults)

    async def run(self):
        for i, point in enumerate(self.plan):
            await self.chaos.until_acknowledged((i + chance.random()) * 0.95 * webhooks / kills)
            place = chance.randrange(len(self.processes))
            check(self.processes[place].is_alive(), f"ended by itself\n{self.processes[place].text()}")
            if point:
                code = await asyncio.to_thread(self.processes[place].stop)
                check(code in (0, -signal.SIGTERM), f"ends well\n{self.processes[place].text()}")  # by the signal: it had not begun yet
                self.processes[place] = await asyncio.to_thread(self.start, point)
            await self.kill(place, point)

    async def kill(self, place, point):
        victim, how = self.processes[place], f"at {point}" if point else "at random"
        end = time.monotonic() + POINT_PATIENCE
        while point and victim.is_alive() and time.monotonic() < end:
            await asyncio.sleep(0.005)
        if victim.is_alive():
            self.met["at random"] += 1
            how = f"at random, short of {point}" if point else how
            victim.kill()
        else:
            check(victim.process.returncode == -signal.SIGKILL, f"ended by itself\n{victim.text()}")
            self.met[point] += 1
        await asyncio.to_thread(self.chaos.note_kill, self.name, how, victim)
        self.processes[place] = await asyncio.to_thread(self.start)


class Chaos:
    def __init__(self, wabot, graph):
        self.wabot, self.graph = wabot, graph
        self.kills = os.path.join(wabot.scratch, "kills.jsonl")
        self.sent = os.path.join(wabot.scratch, "sender.jsonl")
        self.acknowledged = 0
        self.victims = [Victim(self, "serve", SERVER_POINTS), Victim(self, "worker", WORKER_POINTS)]
        plan = {"seed": chance.randrange(1 << 32), "count": webhooks, "rate": rate, "people": max(20, webhooks // 10)}
        open(self.sent, "w").close()
        self.noted, self.part = open(self.sent, "rb"), b""
        self.sender = subprocess.Popen([sys.executable, "-B", f"{HERE}/sender.py", self.sent, wabot.address_file, json.dumps(plan)])

    def note_kill(self, who, how, victim):
        """With what it had in handing over: nobody else has taken that over."""
        died_at = time.time()
        if POSTGRES:
            # What the server was told to commit before the kill, it may still be committing: until all that was under way then has ended.
            begun = self.wabot.query("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xid")[0][0]
            until("end of what was under way", lambda: self.wabot.query("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xid")[0][0] >= begun)
        # A process that started meanwhile may have found it dead already, and have said so.
        lately = int((died_at - 1) * 1e6)
        found = self.wabot.query("""SELECT s.message_id, s.part, s.attempt FROM sends s JOIN workers w ON w.id = s.worker WHERE s.state = 'handing_over' AND w.pid = ?
                                    UNION SELECT message_id, part, attempt FROM sends WHERE last_error = 'its worker stopped' AND uncertain_since > ?""", victim.process.pid, lately)
        record = {"at": time.time(), "who": who, "how": how, "in_flight": [".".join(map(str, row)) for row in found]}
        with open(self.kills, "a") as file:
            file.write(json.dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())

    async def until_acknowledged(self, number):
        while self.acknowledged < number:
            await asyncio.sleep(0.01)
            check(self.sender.poll() in (None, 0), "the sender ended by itself")
            *lines, self.part = (self.part + self.noted.read()).split(b"\n")
            self.acknowledged += sum(1 for line in lines if line.startswith(b'{"kind": "acked"') and line.endswith(b'"copy": false}'))

    async def run(self):
        await asyncio.gather(*(victim.run() for victim in self.victims))
        check(await asyncio.to_thread(self.sender.wait, PATIENCE + 2 * webhooks / rate) == 0, "the sender ends well")

    def settle(self):
        """Everything is done, within a minute and what statuses may take."""
        began = time.monotonic()
        patience = PATIENCE + WINDOW
        while not (self.wabot.is_idle() and self.graph.control()["statuses_left"] == 0 and self.wabot.is_idle()):
            check(time.monotonic() < began + patience, f"not idle {patience:.0f} s after the last webhook")
            time.sleep(0.05)
        print(f"idle {time.monotonic() - began:.1f} s after the last webhook", flush=True)

    def judge(self):
        listed = self.wabot.file("held.jsonl", self.wabot.run("job", "list", "--state", "held", "--all", "-o", "jsonl"))
        for victim in self.victims:
            print(f"killed {victim.name}: {dict(victim.met)}")
            for process in victim.processes:
                check(process.stop() == 0, f"ends well\n{process.text()}")
        self.wabot.check_integrity()
        command = [sys.executable, "-B", f"{HERE}/checker.py", "--mode", mode, "--window", str(WINDOW), "--sender", self.sent, "--graph", self.graph.ledger,
                   "--kills", self.kills, "--listed", listed, "--database", self.wabot.store.place]
        check(subprocess.run(command).returncode == 0, "the checker found what must not be")


def statuses_of(wabot):
    """In resend mode each message has its statuses well within the window; in hold mode some come after it, or never."""
    plan = {"address_file": wabot.address_file, "app_secret": APP_SECRET, "within_s": 0.5, "doubled": 0.1, "reordered": 0.05}
    if mode == "hold":
        plan |= {"silent": 0.5, "late": 0.01, "late_s": WINDOW + 1}
    return plan


with Wabot(sys.argv[1], WABOT_LEASE=f"{LEASE * 1000:.0f}ms", WABOT_UNCERTAIN_WINDOW=f"{WINDOW * 1000:.0f}ms") as wabot:
    with Graph(wabot, latency=0.005, **PLAN, statuses=statuses_of(wabot)) as graph:
        wabot.init()
        wabot.echo_agent()
        wabot.device("shop", graph.url, on_uncertain=mode)
        chaos = Chaos(wabot, graph)
        try:
            asyncio.run(chaos.run())
            chaos.settle()
            chaos.judge()
        finally:
            chaos.sender.kill()
            chaos.sender.wait()
            keep = os.environ.get("WABOT_TEST_KEEP")
            if keep:
                os.makedirs(keep, exist_ok=True)
                subprocess.run(["cp", "-r", wabot.scratch, keep], check=True)
