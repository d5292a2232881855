"""A server, two workers and 400 commands at once share one SQLite file, while webhooks come as fast as they are taken: crowd_test.py WABOT

Nothing may be lost and nobody may find the store locked. How long a command takes is measured with eight at a time and against the same crowd of
`wabot version`, which opens no store: on a machine with few cores most of it is the start of 400 processes and not the wait for the store. The bound
asserted here is a safe one, for a machine that does something else besides; `bench/run` has the strict one.
"""
import asyncio
import collections
import json
import sys
import time

from wabot import PATIENCE, SLOWNESS, Graph, Sender, Wabot, check, seeded, text_message, wamid, webhook

SENDERS = 8
P99_MAX = 2.0 * SLOWNESS  # seconds, beyond twice that of `version`

chance = seeded()
numbers = [f"1555{chance.randrange(10 ** 7):07}" for _ in range(200)]


class Load:
    """Posts messages until it is stopped; `ids` are those of the acknowledged."""

    def __init__(self, wabot):
        self.wabot, self.ids, self.is_over, self.posted = wabot, [], False, 0

    async def work(self):
        sender = Sender(self.wabot)
        while not self.is_over:
            self.posted += 1
            number = chance.choice(numbers)
            question = text_message(number, wamid(number, f"Q{self.posted}"), "a question")
            await sender.deliver(webhook(question))
            self.ids.append(question["id"])
        sender.close()

    async def run(self):
        await asyncio.gather(*(self.work() for _ in range(SENDERS)))


async def command(wabot, *words):
    """How long it took, and its stdout."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(wabot.binary, *words, *(() if words[0] == "version" else ("-c", f"{wabot.dir}/wabot.toml")), "--no-input",
                                                   env=wabot.env, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    out, talk = await asyncio.wait_for(process.communicate(), PATIENCE)
    took = time.monotonic() - began
    check(process.returncode == 0, f"wabot {' '.join(words)}: exit {process.returncode} after {took:.1f} s\n{out.decode()}{talk.decode()}")
    check(b"locked" not in out.lower() + talk.lower(), f"wabot {' '.join(words)}: {out.decode()}{talk.decode()}")
    return took, out.decode()


async def crowd(wabot, commands, at_once):
    """The times of all, in order of length."""
    room = asyncio.Semaphore(at_once)

    async def one(words):
        async with room:
            took, out = await command(wabot, *words)
            if words[1:2] == ("list",):
                check(isinstance(json.loads(out)["items"], list), f"{words} lists something")
            return took

    return sorted(await asyncio.gather(*(one(words) for words in commands)))


def mixed(word):
    """200 commands that write and 200 that read, in no order."""
    commands = [("ignore", "create", "--device", "shop", "--keyword", f"{word}{i}") for i in range(200)]
    commands += [("message", "list", "-o", "json")] * 200
    chance.shuffle(commands)
    return commands


def p99(times):
    return times[len(times) * 99 // 100 - 1]


async def under_load(wabot, graph):
    load = Load(wabot)
    running = asyncio.create_task(load.run())
    while not load.ids:
        await asyncio.sleep(0.01)
    before = len(load.ids)
    all_at_once = await crowd(wabot, mixed("crowd"), 400)
    print(f"400 at once: p99 {p99(all_at_once):.2f} s, {len(load.ids) - before} webhooks acknowledged meanwhile")
    check(len(load.ids) > before, "webhooks are taken while the commands run")
    bare = await crowd(wabot, [("version",)] * 200, 8)
    eight = await crowd(wabot, mixed("eight"), 8)
    print(f"8 at a time: p99 {p99(eight):.3f} s, median {eight[200]:.3f} s; version: p99 {p99(bare):.3f} s, median {bare[100]:.3f} s")
    load.is_over = True
    await running
    check(p99(eight) < P99_MAX + 2 * p99(bare), f"p99 of a command {p99(eight):.2f} s; of one without the store {p99(bare):.2f} s")
    return load.ids


with Wabot(sys.argv[1]) as wabot, Graph(wabot) as graph:
    wabot.init()
    wabot.echo_agent()
    wabot.device("shop", graph.url)
    processes = [wabot.serve("--workers", "0"), wabot.start("worker"), wabot.start("worker")]
    ids = asyncio.run(under_load(wabot, graph))
    wabot.until_idle(2 * PATIENCE)
    stored = collections.Counter(message["whatsapp_message_id"] for message in wabot.rows("message", "list", "--direction", "incoming", "--reveal"))
    check(stored == collections.Counter(ids), f"{stored.total()} messages stored, {len(stored)} different; {len(ids)} were acknowledged")
    answered = collections.Counter(graph.answered())
    check(answered == collections.Counter(ids), f"{answered.total()} answered, {len(answered)} different; {len(ids)} were acknowledged")
    rules = {rule["value"] for rule in wabot.rows("ignore", "list")}
    check(rules == {f"{word}{i}" for word in ("crowd", "eight") for i in range(200)}, f"{len(rules)} rules; expected 400")
    for process in processes:
        check("locked" not in process.text().lower(), f"locked:\n{process.text()}")
        check(process.stop() == 0, f"ends well\n{process.text()}")
    wabot.check_integrity()
