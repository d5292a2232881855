"""In Meta's place: posts questions at a rate, each until it has a 2xx, and notes it: sender.py LEDGER ADDRESS_FILE PLAN

The plan is `{"seed", "count", "rate", "people"}`. One in ten is posted again later, half of these as other bytes with the same id; one in fifty twice at the same
instant; one in twenty late, after those that come behind it. The ledger, lines of JSON on the disk before the next step is taken, has

  began   before the first attempt at question `n`: its `id`, `text` and whose `conversation` it is
  acked   it has its 2xx, after so many `attempts`; `copy` when it is not the first time that it was posted
  end     all have theirs
"""
import asyncio
import json
import random
import sys
import time

from graph import Ledger
from wabot import AddressFile, Sender, text_message, wamid, webhook

CONNECTIONS = 48
DOUBLED, AT_ONCE, LATE = 0.1, 0.02, 0.05  # shares
LATER_MAX = 2.0  # seconds


class Load:
    def __init__(self, ledger, address_file, plan):
        self.ledger, self.plan = ledger, plan
        self.chance = random.Random(plan["seed"])
        self.people = [f"1557{number:07}" for number in self.chance.sample(range(10 ** 7), plan["people"])]
        self.connections = asyncio.Queue()
        for _ in range(CONNECTIONS):
            self.connections.put_nowait(Sender(AddressFile(address_file)))

    async def post(self, n, body, copy):
        """Until it has its 2xx."""
        attempts = 0
        while True:
            attempts += 1
            sender = await self.connections.get()
            try:
                status = await sender.post(body)
            finally:
                self.connections.put_nowait(sender)
            if status in range(200, 300):
                return await self.ledger.note("acked", n=n, attempts=attempts, copy=copy)
            await asyncio.sleep(0.02 + 0.03 * self.chance.random())

    async def ask(self, n, wait_s):
        await asyncio.sleep(wait_s)
        person = self.chance.choice(self.people)
        question = text_message(person, wamid(person, f"Q{n}"), f"question {n}")
        body = webhook(question)
        await self.ledger.note("began", n=n, id=question["id"], text=question["text"]["body"], conversation=person)
        at_once = [self.post(n, body, True)] if self.chance.random() < AT_ONCE else []
        await asyncio.gather(self.post(n, body, False), *at_once)
        if self.chance.random() < DOUBLED:
            await asyncio.sleep(LATER_MAX * self.chance.random())
            again = body if self.chance.random() < 0.5 else webhook({**question, "timestamp": str(int(question["timestamp"]) - 9)}, display="15550100002")
            await self.post(n, again, True)

    async def run(self):
        began = time.monotonic()
        tasks = []
        for n in range(self.plan["count"]):
            await asyncio.sleep(began + n / self.plan["rate"] - time.monotonic())
            late = self.chance.random() < LATE
            tasks.append(asyncio.create_task(self.ask(n, self.chance.uniform(0.05, 1.0) if late else 0)))
        await asyncio.gather(*tasks)
        await self.ledger.note("end", count=self.plan["count"])


async def main(ledger, address_file, plan):
    await Load(Ledger(ledger), address_file, json.loads(plan)).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
