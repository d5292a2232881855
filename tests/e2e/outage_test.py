"""PostgreSQL is stopped and started again under load, and its connections are cut: outage_test.py WABOT SECONDS

What was answered 2xx is stored, once, and answered, once; 10 s after the server is back everything goes on, without a hand.
"""
import asyncio
import os
import sys
import time

import wabot as e2e
from wabot import Graph, Wabot, check, deliver_all, fail, psql, seeded, text_message, until, wamid, webhook

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from with_postgres import Server  # noqa: E402

OUTAGE = float(sys.argv[2])  # seconds
RECOVERY = 10 * e2e.SLOWNESS  # seconds
BODIES = 600
SENDERS = 16
WORKERS = 2

chance = seeded()
questions = [text_message(f"1555{chance.randrange(10 ** 7):07}", wamid("15550000000", f"Q{i}"), f"question {i}") for i in range(BODIES)]
ids = sorted(question["id"] for question in questions)


async def outage(server, acknowledged):
    """In the middle of the load: connections cut, then the server gone for a while. When it was back."""
    async def until_acknowledged(count):
        end = time.monotonic() + e2e.PATIENCE
        while len(acknowledged) < count:
            check(time.monotonic() < end, f"{len(acknowledged)} of {count} acknowledged within {e2e.PATIENCE:.0f} s")
            await asyncio.sleep(0.01)

    loop = asyncio.get_running_loop()
    await until_acknowledged(BODIES // 4)
    cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'wabot'"
    check(int(await loop.run_in_executor(None, psql, e2e.POSTGRES.format("postgres"), cut)) > 0, "connections were cut")
    await until_acknowledged(BODIES // 2)
    await loop.run_in_executor(None, server.stop)
    before = len(acknowledged)
    await asyncio.sleep(OUTAGE)  # is the outage itself
    check(len(acknowledged) <= before + SENDERS, "without a store nothing is acknowledged")
    await loop.run_in_executor(None, server.start)
    back = time.monotonic()
    await until_acknowledged(before + SENDERS + 1)
    took = time.monotonic() - back
    print(f"acknowledges again {took:.1f} s after the server was back", flush=True)
    check(took < RECOVERY, f"it took {took:.1f} s to acknowledge again")
    return back


async def run(wabot, server):
    acknowledged = []
    bodies = [webhook(question) for question in questions]
    back, _ = await asyncio.gather(outage(server, acknowledged), deliver_all(wabot, bodies, SENDERS, acknowledged))
    return back


server = Server()
e2e.POSTGRES = server.url
try:
    with Wabot(sys.argv[1], WABOT_LEASE="4s", WABOT_UNCERTAIN_WINDOW="1s") as wabot, Graph(wabot, 0.005) as graph:
        wabot.init()
        wabot.echo_agent()
        wabot.device("shop", graph.url, on_uncertain="hold")
        serve = wabot.serve("--workers", "0")
        workers = [wabot.start("worker") for _ in range(WORKERS)]
        asyncio.run(run(wabot, server))
        check(serve.is_alive() and all(worker.is_alive() for worker in workers), "nobody fell over")
        wabot.until_idle()
        stored = sorted(message["whatsapp_message_id"] for message in wabot.rows("message", "list", "--direction", "incoming", "--reveal"))
        check(stored == ids, f"{len(stored)} messages stored, {len(set(stored))} ids, expected {BODIES}, once each")
        answered = graph.answered()
        check(len(answered) == len(set(answered)), f"{len(answered) - len(set(answered))} answered twice")
        held = wabot.query("SELECT count(*) FROM sends WHERE state = 'held'")[0][0]
        check(len(answered) >= BODIES - held, f"{len(answered)} answered and {held} held of {BODIES}")
        for process in (serve, *workers):
            check(process.stop() == 0, "ends well")
finally:
    server.close()
