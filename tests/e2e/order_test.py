"""The replies of a conversation leave in the order of its messages, workers side by side and kills notwithstanding:
order_test.py WABOT calm|kills [CONTACTS EACH PROCESSES]; with PROCESSES that many workers beside the server, else four inside it.
"""
import asyncio
import collections
import sys
import time

from wabot import PATIENCE, Graph, Sender, Wabot, check, seeded, text_message, wamid, webhook

CONTACTS, EACH, PROCESSES = map(int, sys.argv[3:]) if sys.argv[3:] else (200, 20, 0)
SENDERS = 32
SLOWEST = 15  # answers a second

kills = {"calm": 0, "kills": 2}[sys.argv[2]]
chance = seeded()
numbers = [f"1555{number:07}" for number in chance.sample(range(10 ** 7), CONTACTS)]
place_of = {wamid(number, f"Q{i}"): (number, i) for number in numbers for i in range(EACH)}


async def talk(wabot):
    """Each contact sends its next message when the one before was acknowledged; which contact comes next is chance."""
    left = collections.Counter({number: EACH for number in numbers})
    resting = list(numbers)

    async def work():
        sender = Sender(wabot)
        while resting:
            place = chance.randrange(len(resting))
            resting[place], resting[-1] = resting[-1], resting[place]
            number = resting.pop()
            i = EACH - left[number]
            await sender.deliver(webhook(text_message(number, wamid(number, f"Q{i}"), f"message {i}")))
            left[number] -= 1
            if left[number] > 0:
                resting.append(number)
        sender.close()

    # A sender that finds every contact busy ends; those that made them busy go on.
    await asyncio.gather(*(work() for _ in range(SENDERS)))
    check(left.total() == 0, f"{left.total()} messages were not sent")


def start(wabot, place):
    if place > 0:
        return wabot.start("worker")
    return wabot.serve("--workers", "0" if PROCESSES else "4")


async def kill_at_random(wabot, processes, graph):
    for point in sorted(chance.sample(range(CONTACTS * EACH * 3 // 4), kills)):
        while graph.count() < point:
            await asyncio.sleep(0.005)
        place = chance.randrange(len(processes))
        check(processes[place].is_alive(), f"ended by itself\n{processes[place].text()}")
        processes[place].kill()
        processes[place] = await asyncio.to_thread(start, wabot, place)


async def load(wabot, graph):
    processes = [start(wabot, place) for place in range(1 + PROCESSES)]
    await asyncio.gather(kill_at_random(wabot, processes, graph), talk(wabot))
    return processes


def check_order(wabot, graph):
    listed = wabot.query("""SELECT m.parent_id, count(*) FROM changes c JOIN sends s ON s.id = c.object_id JOIN messages m ON m.id = s.message_id
                            WHERE c.kind = 'send.uncertain' GROUP BY m.parent_id""")
    ids = {message["id"]: message["whatsapp_message_id"] for message in wabot.rows("message", "list", "--direction", "incoming", "--reveal")}
    uncertain = {place_of[ids[parent]]: count for parent, count in listed}
    print(f"{len(uncertain)} sends were uncertain")

    said = collections.defaultdict(list)
    for quoted in graph.answered():
        number, i = place_of[quoted]
        said[number].append(i)
    for number in numbers:
        order = said[number]
        check(order == sorted(order), f"out of order: {order}")
        check(set(order) == set(range(EACH)), f"not each once or more: {order}")
        for i, times in collections.Counter(order).items():
            check(times - 1 <= uncertain.get((number, i), 0), f"message {i} was answered {times} times in {order}, and was not uncertain")


with Wabot(sys.argv[1], WABOT_LEASE="2s", WABOT_UNCERTAIN_WINDOW="2s") as wabot, Graph(wabot) as graph:
    wabot.init()
    wabot.echo_agent()
    wabot.device("shop", graph.url)
    began = time.monotonic()
    processes = asyncio.run(load(wabot, graph))
    acknowledged = time.monotonic() - began
    wabot.until_idle(PATIENCE + CONTACTS * EACH / SLOWEST)
    print(f"{CONTACTS * EACH} messages were acknowledged in {acknowledged:.0f} s and answered in {time.monotonic() - began:.0f} s", flush=True)
    check_order(wabot, graph)
    for process in processes:
        check(process.stop() == 0, f"ends well\n{process.text()}")
