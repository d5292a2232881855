"""SIGKILL under load loses nothing acknowledged and doubles nothing silently: kills_test.py WABOT resend|hold [WORKERS]

With WORKERS the work is done by so many processes beside the server, and any of them or the server is killed.
"""
import asyncio
import collections
import sys

from wabot import Graph, Wabot, check, deliver_all, seeded, text_message, wamid, webhook

QUESTIONS = 2000
SENDERS = 16
KILLS = 8

on_uncertain = sys.argv[2]
workers = int(sys.argv[3]) if sys.argv[3:] else 0
chance = seeded()
numbers = [f"1555{chance.randrange(10 ** 7):07}" for _ in range(400)]
questions = [text_message(number, wamid(number, f"Q{i}"), f"question {i}") for i, number in enumerate(chance.choices(numbers, k=QUESTIONS))]
number_of = {question["id"]: i for i, question in enumerate(questions)}


def start(wabot, place):
    if place > 0:
        return wabot.start("worker")
    return wabot.serve("--workers", "0" if workers else "1")


async def kill_at_random(wabot, processes, graph, acknowledged):
    """Half of the moments by what was acknowledged, half by what was handed over. What was killed is started again at once."""
    points = [(acknowledged.__len__, chance.randrange(QUESTIONS)) for _ in range(KILLS // 2)]
    points += [(graph.count, chance.randrange(QUESTIONS * 3 // 4)) for _ in range(KILLS // 2)]
    for progress, point in sorted(points, key=lambda pair: (pair[0] == graph.count, pair[1])):
        while progress() < point:
            await asyncio.sleep(0.005)
        await asyncio.sleep(chance.random() * 0.02)
        place = chance.randrange(len(processes))
        check(processes[place].is_alive(), f"ended by itself\n{processes[place].text()}")
        processes[place].kill()
        processes[place] = await asyncio.to_thread(start, wabot, place)


async def load(wabot, graph):
    """The processes and what was acknowledged, in the end."""
    acknowledged = []
    processes = [start(wabot, place) for place in range(1 + workers)]
    bodies = [webhook(question) for question in questions]
    await asyncio.gather(kill_at_random(wabot, processes, graph, acknowledged), deliver_all(wabot, bodies, SENDERS, acknowledged))
    return processes, acknowledged


def check_stored(wabot):
    stored = collections.Counter(message["content"] for message in wabot.rows("message", "list", "--direction", "incoming"))
    check(stored == collections.Counter(question["text"]["body"] for question in questions),
          f"{stored.total()} messages stored, {len(stored)} different; expected {QUESTIONS}, once each")


def check_answered(wabot, graph):
    replies = wabot.rows("message", "list", "--direction", "outgoing")
    check(len(replies) == QUESTIONS, f"{len(replies)} replies; expected {QUESTIONS}")
    status_of = {}
    by_id = {message["id"]: message["content"] for message in wabot.rows("message", "list", "--direction", "incoming")}
    for reply in replies:
        status_of[int(by_id[reply["parent_id"]].split()[1])] = reply["status"]
    check(len(status_of) == QUESTIONS, f"{len(status_of)} questions have a reply; expected {QUESTIONS}")

    listed = wabot.query("""SELECT q.content, count(*) FROM changes c JOIN sends s ON s.id = c.object_id JOIN messages m ON m.id = s.message_id
                            JOIN messages q ON q.id = m.parent_id WHERE c.kind = 'send.uncertain' GROUP BY q.content""")
    uncertain = {int(content.split()[1]): count for content, count in listed}
    accepted = collections.Counter(number_of[quoted] for quoted in graph.answered())
    doubled = {number: count - 1 for number, count in accepted.items() if count > 1}
    missing = [number for number in range(QUESTIONS) if accepted[number] == 0]
    print(f"{sum(uncertain.values())} sends were uncertain, {sum(doubled.values())} doubled, {len(missing)} missing, {collections.Counter(status_of.values())}")

    for number, times in doubled.items():
        check(times <= uncertain.get(number, 0), f"question {number} was answered {times + 1} times, and {uncertain.get(number, 0)} of its sends were listed as uncertain")
    held = {number for number, status in status_of.items() if status == "held"}
    check(all(status in ("sent", "held") for status in status_of.values()), f"statuses {collections.Counter(status_of.values())}")
    if on_uncertain == "hold":
        check(not doubled, f"doubled although held: {doubled}")
        check(held == set(uncertain), f"held {sorted(held)}, uncertain {sorted(uncertain)}")
        check(held.issuperset(missing), f"missing and not held: {sorted(set(missing) - held)}")
    else:
        # After its third attempt an uncertain send waits for a person here too.
        tried = {int(content.split()[1]) for content, in wabot.query("""SELECT q.content FROM sends s JOIN messages m ON m.id = s.message_id
                     JOIN messages q ON q.id = m.parent_id WHERE s.state = 'held' AND s.attempt >= 3""")}
        check(held == tried, f"held {sorted(held)}, tried three times {sorted(tried)}")
        check(held.issuperset(missing), f"missing {missing}, held {sorted(held)}")


with Wabot(sys.argv[1], WABOT_LEASE="2s", WABOT_UNCERTAIN_WINDOW="2s") as wabot, Graph(wabot, latency=0.005) as graph:
    wabot.init()
    wabot.echo_agent()
    wabot.device("shop", graph.url, on_uncertain=on_uncertain)
    processes, acknowledged = asyncio.run(load(wabot, graph))
    check(sorted(acknowledged) == list(range(QUESTIONS)), f"{len(acknowledged)} acknowledged")
    wabot.until_idle()
    check_stored(wabot)
    check_answered(wabot, graph)
    for process in processes:
        check(process.stop() == 0, f"ends well\n{process.text()}")
    wabot.check_integrity()
