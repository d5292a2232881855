"""A stop under load loses nothing, a taken port is refused, a device of another process works at once: stop_test.py WABOT"""
import asyncio
import collections
import subprocess
import sys
import time

from wabot import PATIENCE, Graph, Wabot, check, deliver_all, post, seeded, text_message, until, wamid, webhook

QUESTIONS = 1500
SENDERS = 16
DRAIN = 5.0  # seconds

chance = seeded()
numbers = [f"1555{chance.randrange(10 ** 7):07}" for _ in range(200)]
questions = [text_message(number, wamid(number, f"Q{i}"), f"question {i}") for i, number in enumerate(chance.choices(numbers, k=QUESTIONS))]


async def stop_under_load(wabot, server, acknowledged):
    """Stops and starts again in the midst of it. The senders knock until they are let in."""
    stop_at = chance.randrange(QUESTIONS // 4, QUESTIONS * 3 // 4)
    while len(acknowledged) < stop_at:
        await asyncio.sleep(0.005)
    began = time.monotonic()
    code = await asyncio.to_thread(server.stop)
    took = time.monotonic() - began
    check(code == 0, f"exit {code} after SIGTERM\n{server.text()}")
    check(took < DRAIN * 0.8, f"stopping took {took:.1f} s: it waits for the drain time of {DRAIN:.0f} s, not for its work")
    states = dict(wabot.query("SELECT state, count(*) FROM sends GROUP BY state"))
    check(set(states) <= {"sent", "queued"}, f"sends after a graceful stop: {states}")
    check(wabot.query("SELECT count(*) FROM workers") == [(0,)], "no worker is left on the list")
    print(f"stopped in {took:.1f} s after {len(acknowledged)} acknowledged; {states}")
    return await asyncio.to_thread(wabot.serve)


async def load(wabot, graph, server):
    acknowledged = []
    bodies = [webhook(question) for question in questions]
    server, _ = await asyncio.gather(stop_under_load(wabot, server, acknowledged), deliver_all(wabot, bodies, SENDERS, acknowledged))
    check(sorted(acknowledged) == list(range(QUESTIONS)), f"{len(acknowledged)} acknowledged")
    return server


def check_once(wabot, graph, expected):
    stored = collections.Counter(message["whatsapp_message_id"] for message in wabot.rows("message", "list", "--direction", "incoming", "--reveal"))
    check(stored == collections.Counter(expected), f"{stored.total()} messages, {len(stored)} different; expected {len(expected)}, once each")
    answered = collections.Counter(graph.answered())
    check(answered == collections.Counter(expected), f"{answered.total()} replies, {len(answered)} different; expected {len(expected)}, once each")


def check_port_is_refused(wabot):
    port = wabot.address[1]
    second = subprocess.run([wabot.binary, "serve", "-c", f"{wabot.dir}/wabot.toml", "--listen", f"127.0.0.1:{port}"], env=wabot.env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)
    check(second.returncode == 5, f"a second serve on the port: exit {second.returncode}, not 5\n{second.stdout}")
    check(str(port) in second.stdout and "in use" in second.stdout, f"the refusal names the port and why:\n{second.stdout}")


def check_device_of_another_process(wabot, graph, known):
    """Made, then given a new secret, while the server runs."""
    number = f"1555{chance.randrange(10 ** 7):07}"
    first, second = (text_message(number, wamid(number, word), "to the second device") for word in ("FIRST", "SECOND"))
    wabot.device("second", graph.url, number_id="200000000000002", app_secret="first-secret")
    status = post(wabot, webhook(first, number_id="200000000000002"), path="/webhooks/whatsapp", app_secret="first-secret")
    check(status == 200, f"the first webhook for a new device: {status}")
    wabot.run("device", "update", "second", "--no-verify", "--secret-from", f"app_secret={wabot.file('changed', 'second-secret')}")
    status = post(wabot, webhook(second, number_id="200000000000002"), path="/webhooks/whatsapp/second", app_secret="second-secret")
    check(status == 200, f"the first webhook signed with a changed secret: {status}")
    status = post(wabot, webhook(text_message(number, wamid(number, "THIRD"), "signed with a secret of the past"), number_id="200000000000002"), app_secret="first-secret")
    check(status == 401, f"a webhook signed with the former secret: {status}")
    until("answer of the second device", lambda: graph.count() >= known + 2)
    wabot.until_idle()
    return [first["id"], second["id"]]


with Wabot(sys.argv[1], WABOT_DRAIN_TIMEOUT=f"{DRAIN:.0f}s") as wabot, Graph(wabot, latency=0.005) as graph:
    wabot.init()
    wabot.echo_agent()
    wabot.device("shop", graph.url)
    server = asyncio.run(load(wabot, graph, wabot.serve()))
    wabot.until_idle()
    ids = [question["id"] for question in questions]
    check_once(wabot, graph, ids)
    check_port_is_refused(wabot)
    ids += check_device_of_another_process(wabot, graph, len(ids))
    check_once(wabot, graph, ids)
    check(server.stop() == 0, "serve ends well")
    wabot.check_integrity()
