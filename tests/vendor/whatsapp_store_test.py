"""Every recorded body, on a store of its own, becomes what expected.json says: whatsapp_store_test.py WABOT PAYLOADS"""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from wabot import NUMBER_ID, Graph, Wabot, check, deliver

binary, payloads = sys.argv[1:]


def read(name):
    with open(os.path.join(payloads, name), "rb") as file:
        return file.read()


def prepare(wabot, graph, number_id, stores):
    """The folder of a store whose device has this number id; made once."""
    if number_id not in stores:
        stores[number_id] = wabot.dir = os.path.join(wabot.scratch, f"prepared-{number_id}")
        wabot.init()
        wabot.device("shop", graph.url, number_id=number_id, agent=None)
    return stores[number_id]


def check_message(name, expected, wabot, item):
    message = json.loads(wabot.run("message", "get", str(item["message_id"]), "--reveal", "-o", "json"))
    check(message["message_type"] == expected["type"], f"{name}: type {message['message_type']}, not {expected['type']}")
    check(message["whatsapp_message_id"] == expected["id"], f"{name}: another id")
    check(message["contact_jid"].lstrip("+").split("@")[0] == expected["from"], f"{name}: from {message['contact_jid']}, not {expected['from']}")
    if "text" in expected:
        check(message["content"] == expected["text"], f"{name}: content {message['content']!r}")
    contacts = wabot.rows("contact", "list")
    check([contact["name"] for contact in contacts] == [expected.get("name")], f"{name}: contacts {contacts}")


def check_status(name, expected, wabot):
    rows = wabot.query("SELECT status, timestamp, error_code FROM message_statuses")
    codes = expected.get("error_codes", [])
    check(len(rows) == 1 and rows[0][0] == expected["status"], f"{name}: statuses {rows}")
    check(str(rows[0][1]).startswith(str(expected["timestamp"])), f"{name}: the time of {rows}")
    check(rows[0][2] == (str(codes[0]) if codes else None), f"{name}: the error code of {rows}")


def contents(wabot):
    """Everything that a body can leave behind, apart from the note of the body itself."""
    tables = ("contacts", "conversations", "messages", "message_statuses", "sends")
    return {table: wabot.query(f"SELECT count(*) FROM {table}") for table in tables} | {"messages": wabot.rows("message", "list")}


def check_body(wabot, name, expected):
    body = read(name)
    server = wabot.serve()
    deliver(wabot, body)
    wabot.until_idle()
    events = wabot.rows("event", "list")
    check([event["state"] for event in events] == ["done"], f"{name}: {events}")
    parts = json.loads(wabot.run("event", "get", str(events[0]["id"]), "-o", "json"))["parts"]
    check(len(parts) == len(expected), f"{name}: {len(parts)} items, expected {len(expected)}")
    messages = 0
    for part, one in zip(parts, expected):
        check(part["state"] == "done" and part["error"] is None, f"{name}: {part}")
        if one["kind"] == "message":
            messages += 1
            check_message(name, one, wabot, part)
        elif one["kind"] == "status":
            check_status(name, one, wabot)
        else:
            check(part["kind"] == ("errors" if one["kind"] == "error" else one["field"]), f"{name}: shown as {part['kind']}")
    check(len(wabot.rows("message", "list")) == messages, f"{name}: messages stored, expected {messages}")
    revealed = json.loads(wabot.run("event", "get", str(events[0]["id"]), "--reveal", "-o", "json"))
    check(revealed["body"] is None or revealed["body"].encode() == body, f"{name}: the body is kept as it came")

    before = contents(wabot)
    deliver(wabot, body)
    wabot.until_idle()
    check(len(wabot.rows("event", "list")) == 1, f"{name}: the same body is the same event")
    deliver(wabot, json.dumps(json.loads(body), indent=3).encode())  # the same things in another body
    wabot.until_idle()
    check(contents(wabot) == before, f"{name}: posted again it left something new")
    check(server.stop() == 0, "serve ends well")


with Wabot(binary) as wabot, Graph(wabot) as graph:
    stores = {}
    everything = json.loads(read("expected.json"))
    check(set(everything) == set(os.listdir(payloads)) - {"expected.json"} and len(everything) >= 55, "expected.json speaks of all bodies there")
    for name, expected in sorted(everything.items()):
        number_ids = {one["phone_number_id"] for one in expected if (one.get("phone_number_id") or "").isdigit()} or {NUMBER_ID}
        check(len(number_ids) == 1, f"{name}: one account")
        prepared = prepare(wabot, graph, number_ids.pop(), stores)
        wabot.dir = os.path.join(wabot.scratch, "store")
        shutil.rmtree(wabot.dir, ignore_errors=True)
        shutil.copytree(prepared, wabot.dir)
        check_body(wabot, name, expected)
    print(f"{len(everything)} bodies")
