"""A token is revoked under a thousand queued sends: nothing of the queue is touched, and with a new token each goes out once, in order: revoked_test.py WABOT"""
import asyncio
import collections
import sys

from wabot import Graph, Sender, Wabot, check, seeded, text_message, until, wamid, webhook

SENDS, PEOPLE = 1000, 50
chance = seeded()
numbers = [f"1555{number:07}" for number in chance.sample(range(10 ** 7), PEOPLE)]
asked_by = [chance.choice(numbers) for _ in range(SENDS)]
questions = [text_message(number, wamid(number, f"Q{i}"), f"question {i}") for i, number in enumerate(asked_by)]


def post_in_order(wabot):
    """Each person's questions one after the other, many persons at a time."""
    async def of(number):
        sender = Sender(wabot)
        for question in questions:
            if question["from"] == number:
                await sender.deliver(webhook(question))
        sender.close()

    async def all_of_them():
        await asyncio.gather(*map(of, numbers))

    asyncio.run(all_of_them())


def sends(wabot):
    return wabot.query("SELECT id, message_id, part, attempt, state, last_error FROM sends ORDER BY id")


def states(wabot):
    return dict(wabot.query("SELECT state, count(*) FROM sends GROUP BY state"))


def device(wabot):
    return wabot.query("SELECT status FROM devices WHERE key = 'shop'")[0][0]


def is_at_rest(wabot):
    """No send is in anybody's hands."""
    return states(wabot) == {"queued": SENDS}


def revoke(wabot, graph):
    """Comes back when the device has stopped."""
    graph.control(revoke="token")
    wabot.run("queue", "resume", "send")
    until("device in error", lambda: device(wabot) == "error")
    until("rest", lambda: is_at_rest(wabot))
    check("190" in wabot.run("device", "get", "shop"), "device get says why")


def check_untouched(wabot, before):
    """Same rows, same attempts; those that met the refusal say so, and no more."""
    after = sends(wabot)
    check([row[:5] for row in after] == [row[:5] for row in before], "the queue is as it was before the token was revoked")
    errors = {row[5] for row in after} - {None}
    check(len(errors) == 1 and "190" in errors.pop(), f"errors {errors}")
    check(wabot.query("SELECT count(*) FROM messages WHERE direction = 'outgoing' AND status <> 'queued'") == [(0,)], "the messages are queued as before")


def check_sent(wabot, graph):
    taken = collections.Counter(graph.answered())
    check(taken == collections.Counter(question["id"] for question in questions), f"{taken.total()} sent, {len(taken)} different; expected {SENDS}, once each")
    of_person = collections.defaultdict(list)
    for body in graph.accepted():
        of_person[body["to"].lstrip("+")].append(body["context"]["message_id"])
    for number in set(asked_by):
        check(of_person[number] == [question["id"] for question in questions if question["from"] == number], f"order of a conversation of {len(of_person[number])}")
    check(states(wabot) == {"sent": SENDS}, f"{states(wabot)}")
    check(wabot.query("SELECT max(attempt) FROM sends") == [(1,)], "each at its first attempt")
    check(wabot.query("SELECT count(*) FROM changes WHERE kind = 'send.uncertain' OR kind = 'send.failed'") == [(0,)], "none was uncertain or failed")


with Wabot(sys.argv[1]) as wabot, Graph(wabot, latency=0.005) as graph:
    wabot.init()
    wabot.echo_agent()
    wabot.device("shop", graph.url)
    wabot.run("queue", "pause", "send")
    processes = [wabot.serve("--workers", "0"), wabot.start("worker"), wabot.start("worker")]
    post_in_order(wabot)
    until(f"{SENDS} queued", lambda: is_at_rest(wabot))
    before = sends(wabot)
    revoke(wabot, graph)
    check_untouched(wabot, before)
    check(graph.count() == 0, "nothing was sent with the revoked token")
    refused = len(graph.noted_as("refused"))
    wabot.run("device", "update", "shop", "--no-verify", "--secret-from", f"access_token={wabot.file('new', 'another-token')}")
    wabot.until_idle()
    check_sent(wabot, graph)
    check(len(graph.noted_as("refused")) == refused, "the revoked token was not tried again")
    print(f"{refused} of {SENDS} sends met the refusal")
    for process in processes:
        check(process.stop() == 0, f"ends well\n{process.text()}")
    wabot.check_integrity()
