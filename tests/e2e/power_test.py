"""A power cut loses nothing acknowledged: power_test.py WABOT [CUTS]

The store's unsynced writes are held back in the memory of the one process. With a write chosen by chance it ends, and a random part of their sectors has
reached the disk, in any order and one of them torn. Then the shipped binary opens the store without any repair, and the load goes on.
"""
import asyncio
import collections
import contextlib
import os
import signal
import sys

from wabot import SLOWNESS, Graph, Sender, Wabot, check, fail, seeded, sent_status, text_message, until, wamid, webhook

SENDERS = 12
WRITES = 2500  # of the store within which a cut comes

chance = seeded()


def acknowledged_and_stored(wabot):
    """What the messages say that are stored, once nothing is in line."""
    until("end of the inbox", lambda: wabot.query("SELECT NOT EXISTS (SELECT 1 FROM inbox WHERE state = 'received')") == [(1,)])
    return collections.Counter(content for content, in wabot.query("SELECT content FROM messages WHERE direction = 'incoming'"))


class Load:
    """Asks without end, each sender until it has its 2xx, and tells of what the Graph API took."""

    def __init__(self, wabot, graph):
        self.wabot, self.graph = wabot, graph
        self.asked, self.told = 0, 0
        self.acknowledged = []
        self.is_over = False

    async def ask(self):
        sender = Sender(self.wabot)
        while not self.is_over:
            number = self.asked
            self.asked += 1
            person = f"1555{number % 300:07}"
            await sender.deliver(webhook(text_message(person, wamid(person, f"Q{number}"), f"question {number}")))
            self.acknowledged.append(number)
        sender.close()

    async def tell(self):
        sender = Sender(self.wabot)
        while True:
            if self.graph.count() > self.told:
                news = list(enumerate(self.graph.accepted(), 1))[self.told:]
                await sender.deliver(webhook(statuses=[sent_status(number, body) for number, body in news]))
                self.told += len(news)
            await asyncio.sleep(0.05)

    @contextlib.asynccontextmanager
    async def running(self):
        asking = [asyncio.create_task(self.ask()) for _ in range(SENDERS)]
        telling = asyncio.create_task(self.tell())
        yield
        self.is_over = True
        await asyncio.gather(*asking)
        await asyncio.to_thread(self.wabot.until_idle)
        telling.cancel()


async def until_ended(process):
    for _ in range(3000):
        if not process.is_alive():
            return check(process.process.returncode == -signal.SIGKILL, f"ended by itself\n{process.text()}")
        await asyncio.sleep(0.01)
    fail("the power was not cut")


def after_the_cut(wabot, acknowledged):
    with contextlib.suppress(FileNotFoundError):
        os.remove(f"{wabot.dir}/wabot.db-shm")
    server = wabot.serve()
    stored = acknowledged_and_stored(wabot)
    lost = [number for number in acknowledged if stored[f"question {number}"] != 1]
    check(not lost, f"acknowledged and not stored once: {lost}")
    wabot.check_integrity()
    return server


async def cut_often(wabot, load, cuts):
    async with load.running():
        for _ in range(cuts):
            cut = f"{chance.randrange(1, WRITES)}:{chance.randrange(1 << 32)}"
            server = await asyncio.to_thread(wabot.serve, may_end=True, WABOT_FAULT_CUT=cut)
            await until_ended(server)
            server = await asyncio.to_thread(after_the_cut, wabot, list(load.acknowledged))
            server.kill() if chance.random() < 0.5 else await asyncio.to_thread(server.stop)
        server = await asyncio.to_thread(wabot.serve)
    check(server.stop() == 0, server.text())


def check_answered_once(graph, acknowledged):
    quoted = {wamid(f"1555{number % 300:07}", f"Q{number}"): number for number in acknowledged}
    answered = collections.Counter(quoted[id] for id in graph.answered())
    wrong = {number: answered[number] for number in acknowledged if answered[number] != 1}
    check(not wrong, f"questions and how often they were answered: {wrong}")


def start(**settings):
    return Wabot(sys.argv[1], WABOT_LEASE="2s", WABOT_UNCERTAIN_WINDOW=f"{4 * SLOWNESS:.0f}s", **settings)


def set_up(wabot, graph):
    wabot.address = ("127.0.0.1", 9)  # nobody, until the first server is there
    wabot.init()
    wabot.echo_agent()
    wabot.device("shop", graph.url)


def keeps_what_was_synced(cuts):
    with start() as wabot, Graph(wabot) as graph:
        set_up(wabot, graph)
        load = Load(wabot, graph)
        asyncio.run(cut_often(wabot, load, cuts))
        check_answered_once(graph, load.acknowledged)
        print(f"{cuts} cuts, {len(load.acknowledged)} acknowledged, each stored and answered once")


def loses_what_was_not_synced():
    """The same on a disk that only says that it synced: the test sees the loss."""
    async def cut_once(wabot, load):
        server = await asyncio.to_thread(wabot.serve, WABOT_FAULT_CUT="0", WABOT_FAULT_SYNC="ignored")
        asking = [asyncio.create_task(load.ask()) for _ in range(SENDERS)]
        while len(load.acknowledged) < 200:
            await asyncio.sleep(0.01)
        server.kill()
        for task in asking:
            task.cancel()

    with start() as wabot, Graph(wabot) as graph:
        set_up(wabot, graph)
        load = Load(wabot, graph)
        asyncio.run(cut_once(wabot, load))
        server = wabot.serve()
        stored = acknowledged_and_stored(wabot)
        lost = [number for number in load.acknowledged if stored[f"question {number}"] == 0]
        print(f"on a disk that ignores syncs {len(lost)} of {len(load.acknowledged)} acknowledged are lost")
        check(len(lost) == len(load.acknowledged), "nothing is lost without syncs, so this test cannot see a loss")
        check(server.stop() == 0, server.text())


loses_what_was_not_synced()
keeps_what_was_synced(int(sys.argv[2]) if len(sys.argv) > 2 else 50)
