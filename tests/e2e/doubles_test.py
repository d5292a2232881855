"""A body that many senders post at once is one message with one reply: doubles_test.py WABOT"""
import asyncio
import collections
import sys

from wabot import Graph, Sender, Wabot, check, deliver, seeded, text_message, wamid, webhook

BODIES = 1000
SENDERS = 64
COPIES = 8  # of each body, at once
PATHS = ["/webhooks/whatsapp", "/api/v1/webhooks/whatsapp", "/webhooks/whatsapp/shop", "/api/v1/webhooks/whatsapp/shop"]

chance = seeded()
numbers = [f"1555{chance.randrange(10 ** 7):07}" for _ in range(100)]
questions = [text_message(number, wamid(number, f"Q{i}"), f"question {i}") for i, number in enumerate(chance.choices(numbers, k=BODIES))]
ids = [question["id"] for question in questions]


async def post_all(wabot):
    """Each group of senders goes through all bodies of its share side by side."""
    groups = SENDERS // COPIES

    async def work(group, copy):
        sender = Sender(wabot, PATHS[copy % len(PATHS)])
        for question in questions[group::groups]:
            await sender.deliver(webhook(question))
        sender.close()

    await asyncio.gather(*(work(group, copy) for group in range(groups) for copy in range(COPIES)))


def check_once(wabot, graph):
    stored = collections.Counter(message["whatsapp_message_id"] for message in wabot.rows("message", "list", "--direction", "incoming", "--reveal"))
    check(stored == collections.Counter(ids), f"{len(stored)} ids stored, {stored.total()} messages; expected {BODIES}, once each")
    replies = wabot.rows("message", "list", "--direction", "outgoing")
    check(len(replies) == BODIES and all(reply["status"] == "sent" for reply in replies), f"{len(replies)} replies, {collections.Counter(reply['status'] for reply in replies)}")
    answered = collections.Counter(graph.answered())
    check(answered == collections.Counter(ids), f"{len(answered)} questions answered, {answered.total()} replies accepted; expected {BODIES}, once each")


with Wabot(sys.argv[1]) as wabot, Graph(wabot) as graph:
    wabot.init()
    wabot.echo_agent()
    wabot.device("shop", graph.url)
    server = wabot.serve()
    asyncio.run(post_all(wabot))
    wabot.until_idle()
    check_once(wabot, graph)
    check(len(wabot.rows("event", "list")) == BODIES, "one event for each body")

    # The provider may put messages together differently when it delivers them again.
    deliver(wabot, *(webhook(*questions[i:i + 20]) for i in range(0, BODIES, 20)))
    wabot.until_idle()
    check_once(wabot, graph)
    check(server.stop() == 0, "serve ends well")
