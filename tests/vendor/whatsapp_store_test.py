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


def names_of(message):
    """What is stored and shown of a message, by the names of expected.json; numbers of cards and system notices stand in its sealed item alone."""
    kind, metadata, raw = message["message_type"], message["metadata"], json.loads(message["raw"])
    shown = {"id": message["whatsapp_message_id"], "type": kind, "from": message["contact_jid"].split("@")[0]}
    if kind in ("text", "image", "video", "document", "button", "interactive") and message["content"]:
        shown["text"] = message["content"]
    if "media" in metadata:
        shown["media"] = {"id" if name == "media_id" else name: value for name, value in metadata["media"].items()}
    if "location" in metadata:
        shown["location"] = {name: value for name, value in metadata["location"].items() if name != "url"}  # which expected.json does not name
    if "order" in metadata:
        shown["order"] = {"catalog_id": metadata["order"]["catalog_id"], "items": metadata["order"]["count"]}
    if "referral" in metadata:
        shown["referral_source_id"] = metadata["referral"]["source_id"]
    if "button" in metadata:
        shown["payload"] = metadata["button"]["payload"]
    if "interactive" in metadata:
        shown |= {"interactive_type": metadata["interactive"]["type"], "payload": metadata["interactive"]["id"]}
    if kind == "reaction":
        shown["reaction"] = {"message_id": raw["reaction"]["message_id"], "emoji": metadata["reaction"]["emoji"]}
    if kind == "contacts":
        shown["contacts"] = [{"name": card["name"], "phones": [phone["phone"] for phone in full["phones"]]}
                             for card, full in zip(metadata["contacts"], raw["contacts"])]
    if kind == "system":
        shown["system"] = {"type": metadata["system"]["type"], "wa_id": raw["system"]["wa_id"], "body": raw["system"]["body"]}
    if "errors" in metadata:
        shown["error_codes"] = [error["code"] for error in metadata["errors"]]
    if "id" in raw.get("context", {}):
        shown["reply_to"] = raw["context"]["id"]  # the message itself is not here, so there is no parent
    return shown


def check_message(name, expected, wabot, item):
    message = json.loads(wabot.run("message", "get", str(item["message_id"]), "--reveal", "-o", "json"))
    shown = names_of(message)
    if expected["type"] == "system":  # told of a new number: replies go there from now on
        check(shown.pop("from") == expected["system"]["wa_id"], f"{name}: written to at {message['contact_jid']}")
        shown["from"] = expected["from"]
    contacts = wabot.rows("contact", "list")
    check(len(contacts) == 1, f"{name}: contacts {contacts}")
    if contacts[0]["name"] is not None:
        shown["name"] = contacts[0]["name"]
    device = json.loads(wabot.run("device", "get", str(message["device_id"]), "-o", "json"))
    shown |= {"kind": "message", "field": "messages", "phone_number_id": device["provider_ref"], "waba_id": expected["waba_id"]}
    stamp = wabot.query("SELECT timestamp FROM messages WHERE id = ?", message["id"])[0][0]
    shown["timestamp"] = stamp // 1_000_000
    check(shown == expected, f"{name}: shown as {shown}, expected {expected}")
    hidden = json.dumps(json.loads(wabot.run("message", "get", str(item["message_id"]), "-o", "json")))
    check("16505551234" not in hidden and "raw" not in json.loads(hidden), f"{name}: without --reveal no number is shown")


def check_status(name, expected, wabot):
    rows = wabot.query("SELECT status, timestamp, error_code FROM message_statuses")
    codes = expected.get("error_codes", [])
    check(len(rows) == 1 and rows[0][0] == expected["status"], f"{name}: statuses {rows}")
    check(str(rows[0][1]).startswith(str(expected["timestamp"])), f"{name}: the time of {rows}")
    check(rows[0][2] == (str(codes[0]) if codes else None), f"{name}: the error code of {rows}")


KEPT = {"account_update", "message_template_status_update", "messages", "phone_number_quality_update"}  # fields whose news are rows of their own


def check_notice(name, expected, wabot):
    """News of an account are shown beside the device; a wish beside its contact; other fields stay in the webhook."""
    kept = [(event["waba_id"], "messages" if event["field"] == "errors" else event["field"]) for event in wabot.rows("device", "events")]
    due = [(expected["waba_id"], expected["field"])] if expected["field"] in KEPT else []
    check(kept == due, f"{name}: kept {kept}, expected {due}")
    if expected["kind"] == "error":
        check(wabot.rows("device", "events")[0]["event"] == str(expected["error_code"]), f"{name}: the error's code")
    if expected["field"] == "user_preferences":
        check([contact["marketing"] for contact in wabot.rows("contact", "list")] == ["resume"], f"{name}: the wish is kept")
    if expected["field"] == "message_template_status_update":
        templates = [(one["name"], one["language"], one["status"], one["category"]) for one in wabot.rows("template", "list")]
        check(templates == [("order_confirmation", "en-US", "APPROVED", "UTILITY")], f"{name}: {templates}")


def contents(wabot):
    """Everything that a body can leave behind, apart from the note of the body itself."""
    tables = ("contacts", "contact_identities", "contact_notes", "conversations", "messages", "message_statuses", "sends", "account_events", "templates")
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
            check_notice(name, one, wabot)
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


with Wabot(binary, WABOT_MEDIA_WAIT="0s") as wabot, Graph(wabot) as graph:  # nobody has the files
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
