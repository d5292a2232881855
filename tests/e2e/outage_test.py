"""PostgreSQL is stopped and started again under load, and its connections are cut: outage_test.py WABOT SECONDS

What was answered 2xx is stored, once, and answered, once; 10 s after the server is back everything goes on, without a hand.
"""
import asyncio
import os
import sys
import time

import wabot as e2e
from wabot import Graph, Sender, Wabot, check, psql, seeded, text_message, wamid, webhook

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from with_postgres import Server  # noqa: E402

OUTAGE = float(sys.argv[2])  # seconds
RECOVERY = 10 * e2e.SLOWNESS  # seconds
STEP = 150  # acknowledged between what is done to the server
SENDERS = 16
WORKERS = 2

chance = seeded()
people = [f"1555{chance.randrange(10 ** 7):07}" for _ in range(200)]


class Load:
    """Asks without end, each sender until it has its 2xx."""

    def __init__(self, wabot):
        self.wabot = wabot
        self.asked = 0
        self.acknowledged = []  # ids
        self.is_over = False

    async def ask(self):
        sender = Sender(self.wabot)
        while not self.is_over:
            id = wamid("15550000000", f"Q{self.asked}")
            question = text_message(chance.choice(people), id, f"question {self.asked}")
            self.asked += 1
            await sender.deliver(webhook(question), OUTAGE + e2e.PATIENCE)
            self.acknowledged.append(id)
        sender.close()

    async def until_acknowledged(self, more):
        end = time.monotonic() + e2e.PATIENCE
        count = len(self.acknowledged) + more
        while len(self.acknowledged) < count:
            check(time.monotonic() < end, f"{len(self.acknowledged)} of {count} acknowledged within {e2e.PATIENCE:.0f} s")
            await asyncio.sleep(0.01)

    async def run(self, server):
        """Beside the load: connections cut, then the server gone for a while."""
        asking = [asyncio.create_task(self.ask()) for _ in range(SENDERS)]
        await self.until_acknowledged(STEP)
        cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'wabot'"
        check(int(await asyncio.to_thread(psql, e2e.POSTGRES.format("postgres"), cut)) > 0, "connections were cut")
        await self.until_acknowledged(STEP)
        await asyncio.to_thread(server.stop)
        before = len(self.acknowledged)
        await asyncio.sleep(OUTAGE)  # is the outage itself
        check(len(self.acknowledged) <= before + SENDERS, "without a store nothing is acknowledged")
        await asyncio.to_thread(server.start)
        back = time.monotonic()
        await self.until_acknowledged(SENDERS + 1)
        took = time.monotonic() - back
        print(f"acknowledges again {took:.1f} s after the server was back", flush=True)
        check(took < RECOVERY, f"it took {took:.1f} s to acknowledge again")
        await self.until_acknowledged(STEP)
        self.is_over = True
        await asyncio.gather(*asking)


server = Server()
e2e.POSTGRES = server.url
try:
    with Wabot(sys.argv[1], WABOT_LEASE="4s", WABOT_UNCERTAIN_WINDOW="1s") as wabot, Graph(wabot, 0.005) as graph:
        wabot.init()
        wabot.echo_agent()
        wabot.device("shop", graph.url, on_uncertain="hold")
        serve = wabot.serve("--workers", "0")
        workers = [wabot.start("worker") for _ in range(WORKERS)]
        load = Load(wabot)
        asyncio.run(load.run(server))
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
finally:
    server.close()
