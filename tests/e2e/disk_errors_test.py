"""A disk that fails: webhooks get 503 with Retry-After, nothing is acknowledged that is not durable, and all goes on once the disk does: disk_errors_test.py WABOT

Unsynced writes are held back all the time, and a failed sync loses them: what is acknowledged must be there after a power cut.
"""
import asyncio
import collections
import os
import re
import sys
import time

from wabot import Graph, Sender, Wabot, check, seeded, text_message, until, wamid, webhook

SENDERS = 8
RECOVERY = 10.0  # seconds
UNAVAILABLE = 8  # exit code

chance = seeded()


class Asker(Sender):
    """Notes every answer."""

    def __init__(self, wabot, load):
        super().__init__(wabot)
        self.load = load

    async def post(self, body):
        status = await super().post(body)
        if status:
            self.load.answers.append((time.monotonic(), status))
            check(status in (200, 503), f"answered {status}")
            check(status == 200 or re.search(rb"retry-after: *\d", self.head), "a 503 says when to come again")
        return status


class Load:
    def __init__(self, wabot, graph):
        self.wabot, self.graph = wabot, graph
        self.answers = []  # (time, status)
        self.acknowledged = []
        self.asked = 0
        self.is_over = False

    def ids(self, number):
        person = f"1555{number % 200:07}"
        return person, wamid(person, f"Q{number}")

    async def ask(self):
        sender = Asker(self.wabot, self)
        while not self.is_over:
            number = self.asked
            self.asked += 1
            await sender.deliver(webhook(text_message(*self.ids(number), f"question {number}")))
            self.acknowledged.append(number)
            await asyncio.sleep(max(0, len(self.acknowledged) - self.graph.count() - 50) / 500)  # this is not about speed
        sender.close()

    def answered_after(self, begin, status):
        return next((when for when, what in reversed(self.answers) if what == status and when > begin), None)

    async def until(self, what, look, patience):
        end = time.monotonic() + patience
        while not look():
            check(time.monotonic() < end, f"no {what} within {patience:.0f} s")
            await asyncio.sleep(0.01)


async def refuse_for_a_while(load, graph, control, refusals):
    """The disk refuses until webhooks are, and half a second more."""
    began = time.monotonic()
    with open(control + ".new", "w") as file:
        file.write(refusals)
    os.rename(control + ".new", control)
    await load.until(f"503 while {refusals}", lambda: load.answered_after(began, 503), RECOVERY)
    await asyncio.sleep(0.5)
    os.remove(control)
    over = time.monotonic()
    await load.until(f"200 after {refusals}", lambda: load.answered_after(over, 200), RECOVERY)
    recovered = time.monotonic() - over
    # The work goes on too: what was asked by now is answered.
    asked = len(load.acknowledged)
    await load.until(f"answers after {refusals}", lambda: graph.count() >= asked, RECOVERY - recovered)
    print(f"{refusals}: 503 after {load_time(load, began, 503)}, 200 again {recovered:.2f} s after its end, all answered {time.monotonic() - over:.2f} s after it")


def load_time(load, began, status):
    return f"{next(when for when, what in load.answers if what == status and when > began) - began:.2f} s"


async def lasting(wabot, graph, load, control):
    asking = [asyncio.create_task(load.ask()) for _ in range(SENDERS)]
    for refusals in ["write:full", "write:readonly", "write:eio", "sync:eio", "sync:eio open:eio", "write:full read:eio", "write:eio sync:eio open:eio read:eio"]:
        await refuse_for_a_while(load, graph, control, refusals)
    load.is_over = True
    await asyncio.gather(*asking)
    await load.until("end of the work", lambda: graph.count() >= len(load.acknowledged), RECOVERY)


async def begin(wabot, refusal):
    """A server; one that fails while it begins says so and is started again, with a disk that behaves for longer."""
    server = await asyncio.to_thread(wabot.serve, may_end=True, WABOT_FAULT_CUT="0", WABOT_FAULT_IO=refusal)
    if server.is_alive():
        return server
    check(server.process.returncode == UNAVAILABLE, f"exit {server.process.returncode}\n{server.text()}")
    return await begin(wabot, refusal + "0")


async def single(wabot, graph, load):
    """One operation fails, and no other."""
    for operation, most in [("write:eio", 3000), ("write:full", 3000), ("sync:eio", 200), ("read:eio", 400)] * 2:
        load.is_over = False
        server = await begin(wabot, f"{operation}:{chance.randrange(20, most)}")
        asking = [asyncio.create_task(load.ask()) for _ in range(SENDERS)]
        asked = len(load.acknowledged)
        await load.until("load", lambda: len(load.acknowledged) > asked + 400, 30)
        load.is_over = True
        await asyncio.gather(*asking)
        await load.until(f"end of the work after {operation}", lambda: graph.count() >= len(load.acknowledged), RECOVERY)
        check(server.is_alive(), f"ended by itself\n{server.text()}")
        server.kill()


def check_all(wabot, graph, load):
    """After the power cut that the kill was: the shipped binary has all that was acknowledged."""
    server = wabot.serve()
    wabot.until_idle()
    stored = collections.Counter(content for content, in wabot.query("SELECT content FROM messages WHERE direction = 'incoming'"))
    wrong = {number: stored[f"question {number}"] for number in load.acknowledged if stored[f"question {number}"] != 1}
    check(not wrong, f"questions and how often they are stored: {wrong}")
    quoted = {load.ids(number)[1]: number for number in load.acknowledged}
    answered = collections.Counter(quoted[id] for id in graph.answered())
    wrong = {number: answered[number] for number in load.acknowledged if answered[number] != 1}
    check(not wrong, f"questions and how often they were answered: {wrong}")
    wabot.check_integrity()
    check(server.stop() == 0, server.text())
    print(f"{len(load.acknowledged)} acknowledged, each stored and answered once")


with Wabot(sys.argv[1], WABOT_UNCERTAIN_WINDOW="1s") as wabot, Graph(wabot) as graph:
    wabot.init()
    wabot.echo_agent()
    wabot.device("shop", graph.url, on_uncertain="hold")
    control = os.path.join(wabot.scratch, "refused")
    load = Load(wabot, graph)
    server = wabot.serve(WABOT_FAULT_CUT="0", WABOT_FAULT_CONTROL=control)
    asyncio.run(lasting(wabot, graph, load, control))
    server.kill()
    check_all(wabot, graph, load)
    asyncio.run(single(wabot, graph, load))
    check_all(wabot, graph, load)
