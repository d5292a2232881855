"""Whatever becomes of an answer, a message is sent once, or shown as uncertain and then repeated or held: hand_over_test.py WABOT [endless]

With `endless` also when the answer never ends, which is given up after half a minute.
"""
import collections
import sys

from graph import RESETS, UNCLEAR
from wabot import Graph, Wabot, check, deliver, seeded, text_message, until, wamid, webhook

WINDOW = 2.0  # seconds
AT_ONCE = 8  # sends of a process, whatever number of workers it has
LATENCY = 0.03  # seconds to the provider, and back: so that sends meet there
chance = seeded()
ENDLESS = ("swallow", "drip")  # of those that are unclear
REFUSALS = ("temporary", "later", "limit", "pair", "permanent")


class Shop:
    """A device whose provider has one fault, and the one message that meets it."""

    def __init__(self, wabot, graph, fault, on_uncertain):
        self.wabot, self.fault, self.on_uncertain = wabot, fault, on_uncertain
        self.key = f"{fault.replace('_', '-')}-{on_uncertain}"
        self.number_id = str(chance.randrange(10 ** 14, 10 ** 15))
        wabot.device(self.key, f"{graph.url}/{fault}", number_id=self.number_id, on_uncertain=on_uncertain)
        self.number = f"1555{chance.randrange(10 ** 7):07}"
        self.question = text_message(self.number, wamid(self.number, "Q"), "a question")

    def ask(self):
        deliver(self.wabot, webhook(self.question, number_id=self.number_id))

    def report(self, body, word):
        """What the provider says of a body it has accepted."""
        status = {"id": body["id"], "status": word, "timestamp": "1750000001", "recipient_id": self.number, "biz_opaque_callback_data": body["biz_opaque_callback_data"]}
        deliver(self.wabot, webhook(statuses=[status], number_id=self.number_id))

    def reply(self):
        replies = self.wabot.rows("message", "list", "--device", self.key, "--direction", "outgoing")
        check(len(replies) == 1, f"{self.key}: {len(replies)} replies")
        return replies[0]

    def timeline(self):
        return self.wabot.run("message", "status", str(self.reply()["id"]))


def check_unclear(shop, accepted):
    """Held, it went once. Sent again, it went twice, and the status of the first makes that known."""
    status = shop.reply()["status"]
    check("uncertain" in str(shop.wabot.query("SELECT kind FROM changes WHERE kind = 'send.uncertain' AND device_id = (SELECT id FROM devices WHERE key = ?)", shop.key)),
          f"{shop.key} was never shown as uncertain")
    if shop.on_uncertain == "hold":
        check((status, len(accepted)) == ("held", 1), f"{shop.key}: {status}, accepted {len(accepted)} times")
    else:
        check((status, len(accepted)) == ("sent", 2), f"{shop.key}: {status}, accepted {len(accepted)} times")
        check("a duplicate" not in shop.timeline(), f"{shop.key}: a duplicate that is not shown")
    shop.report(accepted[0], "delivered")
    until(f"end of {shop.key}", lambda: shop.reply()["status"] == "delivered")
    check(("a duplicate" in shop.timeline()) == (shop.on_uncertain == "resend"), f"{shop.key}: {shop.timeline()}")


def check_all(shops, graph):
    accepted = collections.defaultdict(list)
    for body in graph.accepted():
        accepted[body["context"]["message_id"]].append(body)
    for shop in shops:
        taken = accepted[shop.question["id"]]
        status = shop.reply()["status"]
        print(f"{shop.key}: {status}, accepted {len(taken)} times")
        if shop.fault in UNCLEAR:
            check_unclear(shop, taken)
        elif shop.fault in RESETS:
            # The body was offered, or about to be: nothing arrived, and only the provider knows.
            check(len(taken) == (1 if status == "sent" else 0), f"{shop.key}: {status}, accepted {len(taken)} times")
            check(status == "sent" or (status == "held" and shop.on_uncertain == "hold"), f"{shop.key}: {status}")
        elif shop.fault == "permanent":
            check((status, len(taken)) == ("failed", 0), f"{shop.key}: {status}, accepted {len(taken)} times")
            check("131026" in shop.timeline(), f"{shop.key} does not say why")
        else:
            check((status, len(taken)) == ("sent", 1), f"{shop.key}: {status}, accepted {len(taken)} times")


def check_refused_token(wabot, graph):
    """The device stops with its queue untouched; a new token lets each go out, once."""
    number_id = "200000000000077"
    wabot.device("tired", graph.url, number_id=number_id)
    wabot.run("device", "update", "tired", "--no-verify", "--secret-from", f"access_token={wabot.file('refused', 'refused')}")
    numbers = [f"1555{number:07}" for number in chance.sample(range(10 ** 7), 20)]
    asked = [text_message(number, wamid(number, f"TIRED{i}"), "a question") for i, number in enumerate(numbers)]
    deliver(wabot, webhook(asked[0], number_id=number_id))
    until("device in error", lambda: wabot.query("SELECT status FROM devices WHERE key = 'tired'") == [("error",)])
    deliver(wabot, *(webhook(question, number_id=number_id) for question in asked[1:]))
    of_device = "FROM sends WHERE device_id = (SELECT id FROM devices WHERE key = 'tired')"
    until("20 queued", lambda: wabot.query(f"SELECT count(*) {of_device} AND state = 'queued'") == [(20,)])
    check(wabot.query(f"SELECT max(attempt) {of_device}") == [(1,)], "a refused token counts as no attempt")
    shown = wabot.run("device", "get", "tired")
    check("190" in shown, f"device get says why:\n{shown}")
    wabot.run("device", "update", "tired", "--no-verify", "--secret-from", f"access_token={wabot.file('new', 'new')}")
    until("20 sent", lambda: wabot.query(f"SELECT count(*) {of_device} AND state = 'sent'") == [(20,)])
    taken = collections.Counter(body["context"]["message_id"] for body in graph.accepted())
    check(all(taken[question["id"]] == 1 for question in asked), "each went out once")
    check(wabot.query(f"SELECT max(attempt) {of_device}") == [(1,)], "and at its first attempt")


def check_rate(wabot, graph):
    """A burst of 200 conversations on a device of 40 a second."""
    rate, number_id = 40, "200000000000088"
    wabot.device("paced", graph.url, number_id=number_id, rate_per_s=rate)
    numbers = [f"1555{number:07}" for number in chance.sample(range(10 ** 7), 200)]
    ids = {wamid(number, "BURST") for number in numbers}
    questions = [text_message(number, wamid(number, "BURST"), "a question") for number in numbers]
    deliver(wabot, webhook(*questions, number_id=number_id))
    wabot.until_idle()
    at = sorted(body["at"] for body in graph.accepted() if body["context"]["message_id"] in ids)
    check(len(at) == 200, f"{len(at)} of 200 went out")
    most = max(sum(1 for other in at if start <= other < start + 1) for start in at)
    took = at[-1] - at[0]
    print(f"200 sends in {took:.1f} s, at most {most} in a second of {rate}")
    # The bucket is exact where it is kept; on a busy machine the way from there to the provider holds some up, and they arrive with those after.
    pushed_together = rate // 8
    check(most <= rate + pushed_together, f"{most} in one second, allowed are {rate}, with {pushed_together} that were held up")
    check(took >= (200 - rate - pushed_together) / rate, f"200 in {took:.1f} s, allowed are {rate} a second")


with Wabot(sys.argv[1], WABOT_UNCERTAIN_WINDOW=f"{WINDOW:.0f}s", WABOT_SEND_CONCURRENCY=str(AT_ONCE)) as wabot, Graph(wabot, LATENCY) as graph:
    wabot.init()
    wabot.echo_agent()
    doubtful = [fault for fault in (*UNCLEAR, *RESETS) if fault not in ENDLESS or sys.argv[2:] == ["endless"]]
    faults = [(fault, mode) for fault in doubtful for mode in ("hold", "resend")] + [(fault, "resend") for fault in REFUSALS]
    shops = [Shop(wabot, graph, fault, mode) for fault, mode in faults]
    server = wabot.serve("--workers", "4")
    for shop in shops:
        shop.ask()
    check_rate(wabot, graph)
    check_refused_token(wabot, graph)
    wabot.until_idle()
    check_all(shops, graph)
    most = max(body["at_once"] for body in graph.accepted())
    check(AT_ONCE // 2 < most <= AT_ONCE, f"{most} sends at once")
    check(server.stop() == 0, "serve ends well")
    wabot.check_integrity()
