"""What happens to PostgreSQL under load: outage_test.py WABOT SECONDS|full

With SECONDS its connections are cut, then it is stopped for so long; with `full` the disk under its tables, a small file system of its own, is filled up.
What was answered 2xx is stored, once, and answered, once; 10 s after the server or the room is back everything goes on, without a hand.
"""
import asyncio
import collections
import contextlib
import os
import shutil
import subprocess
import sys
import time

import wabot as e2e
from wabot import Graph, Sender, Wabot, check, psql, seeded, text_message, wamid, webhook

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from with_postgres import Server  # noqa: E402

IS_FULL = sys.argv[2] == "full"
OUTAGE = 5.0 if IS_FULL else float(sys.argv[2])  # seconds
DISK = 48 << 20  # bytes
NOT_RUN = 77  # as CMakeLists.txt says
RECOVERY = 10 * e2e.SLOWNESS  # seconds
STEP = 150  # acknowledged between what is done to the server
SENDERS = 16
WORKERS = 2

chance = seeded()
people = [f"1555{chance.randrange(10 ** 7):07}" for _ in range(200)]


class Noting(Sender):
    """Counts what it was answered."""

    def __init__(self, wabot, statuses):
        super().__init__(wabot)
        self.statuses = statuses

    async def post(self, body):
        status = await super().post(body)
        self.statuses[status] += 1
        check(status != 503 or b"retry-after" in self.head, "a 503 says when to come again")
        return status


class Load:
    """Asks without end, each sender until it has its 2xx."""

    def __init__(self, wabot):
        self.wabot = wabot
        self.asked = 0
        self.acknowledged = []  # ids
        self.statuses = collections.Counter()
        self.is_over = False

    async def ask(self):
        sender = Noting(self.wabot, self.statuses)
        while not self.is_over:
            id = wamid("15550000000", f"Q{self.asked}")
            question = text_message(chance.choice(people), id, f"question {self.asked}")
            self.asked += 1
            await sender.deliver(webhook(question), OUTAGE + e2e.PATIENCE)
            self.acknowledged.append(id)
        sender.close()

    async def until_acknowledged(self, more):
        count = len(self.acknowledged) + more
        await self.until(f"{more} more acknowledged", lambda: len(self.acknowledged) >= count)

    async def until(self, what, look):
        end = time.monotonic() + e2e.PATIENCE
        while not look():
            check(time.monotonic() < end, f"no {what} within {e2e.PATIENCE:.0f} s; {self.statuses}")
            await asyncio.sleep(0.01)

    async def run(self, trouble):
        """Beside the load; `trouble` comes back when it is over."""
        asking = [asyncio.create_task(self.ask()) for _ in range(SENDERS)]
        await self.until_acknowledged(STEP)
        await trouble(self)
        back = time.monotonic()
        await self.until_acknowledged(SENDERS + 1)
        took = time.monotonic() - back
        print(f"acknowledges again {took:.1f} s after the trouble was over", flush=True)
        check(took < RECOVERY, f"it took {took:.1f} s to acknowledge again")
        await self.until_acknowledged(STEP)
        self.is_over = True
        await asyncio.gather(*asking)


async def be_away(load):
    """Connections cut, then the server gone for a while."""
    cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'wabot'"
    check(int(await asyncio.to_thread(psql, e2e.POSTGRES.format("postgres"), cut)) > 0, "connections were cut")
    await load.until_acknowledged(STEP)
    await asyncio.to_thread(server.stop)
    before = len(load.acknowledged)
    await asyncio.sleep(OUTAGE)  # is the outage itself
    check(len(load.acknowledged) <= before + SENDERS, "without a store nothing is acknowledged")
    await asyncio.to_thread(server.start)


class SmallDisk:
    """A file system of its own under `folder`, where the tables of new databases go."""

    def __init__(self, folder):
        self.folder = folder
        self.filler = folder / "filler"

    @contextlib.contextmanager
    def mounted(self):
        self.folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(self.folder)], stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            print(f"not run: no small file system can be mounted here, which takes root: {done.stderr.strip()}")
            sys.exit(NOT_RUN)
        try:
            tables = self.folder / "tables"
            tables.mkdir()
            shutil.chown(tables, server.user)
            yield tables
        finally:
            server.stop()
            subprocess.run(["umount", str(self.folder)], check=True)

    def fill(self):
        with open(self.filler, "ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"x" * size)

    async def be_full(self, load):
        """Filled up, and kept so, for a while."""
        load.statuses.clear()
        end = time.monotonic() + OUTAGE
        while time.monotonic() < end or load.statuses[503] < STEP:
            self.fill()
            check(time.monotonic() < end + e2e.PATIENCE, f"the disk is full and nobody is told; {load.statuses}")
            await asyncio.sleep(0.05)
        check(set(load.statuses) <= {200, 503}, f"answered {load.statuses}")
        print(f"while the disk was full: {dict(load.statuses)}", flush=True)
        self.filler.unlink()


def run(trouble, tables=None):
    with Wabot(sys.argv[1], WABOT_LEASE="4s", WABOT_UNCERTAIN_WINDOW="1s") as wabot, Graph(wabot, 0.005) as graph:
        if tables:
            psql(e2e.POSTGRES.format("postgres"), f"CREATE TABLESPACE small LOCATION '{tables}'")
            psql(e2e.POSTGRES.format("postgres"), f"ALTER DATABASE {wabot.store.name} SET TABLESPACE small")
        wabot.init()
        wabot.echo_agent()
        wabot.device("shop", graph.url, on_uncertain="hold")
        serve = wabot.serve("--workers", "0")
        workers = [wabot.start("worker") for _ in range(WORKERS)]
        # One that is still starting may end when the store is not there.
        e2e.until("the workers are up", lambda: wabot.query("SELECT count(*) FROM workers")[0][0] == WORKERS)
        load = Load(wabot)
        asyncio.run(load.run(trouble))
        check(serve.is_alive() and all(worker.is_alive() for worker in workers), "nobody fell over")
        wabot.until_idle()
        stored = sorted(message["whatsapp_message_id"] for message in wabot.rows("message", "list", "--direction", "incoming", "--reveal"))
        ids = sorted(load.acknowledged)
        check(stored == ids, f"{len(stored)} messages stored, {len(set(stored))} ids, expected {len(ids)}, once each")
        answered = graph.answered()
        check(len(answered) == len(set(answered)), f"{len(answered) - len(set(answered))} answered twice")
        held = wabot.query("SELECT count(*) FROM sends WHERE state = 'held'")[0][0]
        check(len(answered) >= len(ids) - held, f"{len(answered)} answered and {held} held of {len(ids)}")
        for process in (serve, *workers):
            check(process.stop() == 0, "ends well")


server = Server()
e2e.POSTGRES = server.url
try:
    if IS_FULL:
        disk = SmallDisk(server.folder / "disk")
        with disk.mounted() as tables:
            run(disk.be_full, tables)
    else:
        run(be_away)
finally:
    server.close()
