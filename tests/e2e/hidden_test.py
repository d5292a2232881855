"""No phone number is to be read in the store's files, the logs or on stderr, whatever comes in: hidden_test.py WABOT"""
import base64
import json
import os
import sys
import time

from wabot import NUMBER_ID, Graph, Wabot, check, deliver, post, seeded, text_message, until, wamid, webhook

chance = seeded()
OWN = "15550177001"  # the device's
# Of different lengths, so that they stand differently in the base64 of a wamid.
senders = [f"1555{chance.randrange(10 ** 7):07}", f"4915{chance.randrange(10 ** 9):09}", f"86{chance.randrange(10 ** 11):011}"]
mentioned, group_member, recipient, broken, stranger = (f"3361{chance.randrange(10 ** 8):08}" for _ in range(5))
numbers = [OWN, *senders, mentioned, group_member, recipient, broken, stranger]


def traces(number):
    """The bytes that would give it away: its digits with and without country code, their hex, and their base64 wherever they may stand in it."""
    digits = number[-10:].encode()
    yield digits
    yield digits.hex().encode()
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + digits)
        yield text[-(-shift * 8 // 6):(shift + len(digits)) * 8 // 6]


def files(folder):
    for path, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(path, name), "rb") as file:
                yield os.path.join(path, name), file.read()


def check_hidden(where, places):
    """Returns all that was looked at."""
    seen = b""
    for path, content in places:
        seen += content
        for number in numbers:
            for trace in traces(number):
                at = content.find(trace)
                check(at < 0, f"{where}: {os.path.basename(path)} shows a number as {trace.decode()}: {content[max(0, at - 60):at + 60]!r}")
    return seen


def change(field, value):
    entry = {"id": "300000000000001", "time": 1750000000, "changes": [{"field": field, "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def news():
    """What is told of accounts, wishes, and messages that were there before."""
    about_us = {"messaging_product": "whatsapp", "metadata": {"display_phone_number": OWN, "phone_number_id": NUMBER_ID}}
    number = senders[0]
    edit = {"original_message_id": wamid(number, "TEXT0"), "message": {"type": "text", "text": {"body": "another text"}}}
    yield webhook({"from": number, "id": wamid(number, "EDIT"), "timestamp": "1750000009", "type": "edit", "edit": edit})
    yield webhook({"from": number, "id": wamid(number, "REVOKE"), "timestamp": "1750000009", "type": "revoke",
                   "revoke": {"original_message_id": wamid(number, "QUOTE0")}})
    yield webhook({"from": number, "id": wamid(number, "EARLY"), "timestamp": "1750000009", "type": "revoke",
                   "revoke": {"original_message_id": wamid(number, "NOT_YET")}})
    card = {"name": {"formatted_name": f"+{mentioned}"}, "org": {"company": mentioned}, "phones": [{"phone": mentioned}]}
    yield webhook({"from": number, "id": wamid(number, "NAMELESS"), "type": "contacts", "contacts": [card]})
    yield change("user_preferences", {**about_us, "contacts": [{"wa_id": recipient}],
                                      "user_preferences": [{"wa_id": recipient, "detail": f"User {recipient} wants no more",
                                                            "category": "marketing_messages", "value": "stop", "timestamp": 1750000000}]})
    yield change("smb_message_echoes", {**about_us, "message_echoes": [{"from": OWN, "to": recipient, "id": wamid(recipient, "ECHO"), "type": "text",
                                                                        "text": {"body": "typed in the app"}}]})
    for field, value in [("account_alerts", {"alert_type": "SOME", "alert_description": f"Ask +{mentioned} or {mentioned}."}),
                         ("account_update", {"event": "VERIFIED_ACCOUNT", "phone_number": OWN}),
                         ("phone_number_quality_update", {"display_phone_number": OWN, "event": "FLAGGED", "current_limit": "TIER_1K"}),
                         ("phone_number_name_update", {"display_phone_number": f"+{OWN}", "decision": "APPROVED"}),
                         ("security", {"display_phone_number": int(OWN), "event": "PIN_CHANGED", "requester": mentioned}),
                         ("telepathy", {"from": mentioned})]:
        yield change(field, value)


def bodies():
    """What may hold a number: texts, media, contact cards, system notices, groups, statuses of ours and others, what is broken, what is nobody's."""
    for i, number in enumerate(senders):
        yield webhook(text_message(number, wamid(number, f"TEXT{i}"), "a text without any number"), display=OWN)
        yield webhook(text_message(number, wamid(number, f"REFUSE{i}"), "please refuse me"), display=OWN)
        quote = {**text_message(number, wamid(number, f"QUOTE{i}"), "quoting"), "context": {"from": OWN, "id": wamid(OWN, "EARLIER")}}
        yield webhook(quote, display=OWN)
    number = senders[0]
    base = {"from": number, "timestamp": str(int(time.time()))}
    card = {"name": {"formatted_name": "A friend"}, "phones": [{"phone": f"+{mentioned}", "wa_id": mentioned, "type": "CELL"}]}
    yield webhook({**base, "id": wamid(number, "CARD"), "type": "contacts", "contacts": [card]})
    yield webhook({**base, "id": wamid(number, "SYSTEM"), "type": "system",
                   "system": {"body": f"User A changed from {number} to {mentioned}", "wa_id": mentioned, "type": "user_changed_number"}})
    yield webhook({**base, "id": wamid(number, "GROUP"), "group_id": "Y2FwaV9ncm91cDp0ZXN0", "from": group_member, "type": "text", "text": {"body": "to all"}})
    yield webhook({**base, "id": wamid(number, "ODD"), "type": "unsupported", "errors": [{"code": 131051, "title": f"Message type of {number} is unknown"}]})
    yield webhook({**base, "id": wamid(number, "REACTION"), "type": "reaction", "reaction": {"message_id": wamid(number, "TEXT0"), "emoji": "👍"}})
    for word in ("sent", "delivered", "failed"):
        yield webhook(statuses=[{"id": wamid(recipient, "NOT_OURS"), "status": word, "timestamp": "1750000001", "recipient_id": recipient,
                                 "errors": [{"code": 131026, "title": f"No WhatsApp at {recipient}", "error_data": {"details": f"+{recipient}"}}]}])
    yield webhook({"from": broken, "id": 12, "type": "text", "text": {"body": 7}})
    yield webhook({"from": f"{broken}x", "id": wamid(broken, "FROM"), "timestamp": broken, "type": "text", "text": broken})
    yield f'{{"broken by {broken}'.encode()
    yield webhook(text_message(stranger, wamid(stranger, "NOBODY"), "to an account of nobody"), number_id="200000000000009")


def look(wabot, graph):
    """Commands, as a person would look; without --reveal they show no number."""
    for words in (["message", "list"], ["event", "list"], ["contact", "list"], ["conversation", "list"], ["device", "list"], ["device", "events"]):
        text = wabot.run(*words, "--all", "-o", "json")
        check_hidden(" ".join(words), [("stdout", text.encode())])
        check(json.loads(text)["items"], f"{' '.join(words)} shows something")
    revealed = wabot.run("message", "list", "--all", "--reveal", "-o", "json")
    check(all(number in revealed for number in senders), "message list --reveal shows the numbers of those who wrote")


with Wabot(sys.argv[1], WABOT_LOG="debug", WABOT_LEASE="2s", WABOT_UNCERTAIN_WINDOW="1s") as wabot, Graph(wabot) as graph:
    logs = os.path.join(wabot.scratch, "logs")
    wabot.env["AI_MESSAGE_LOGS_FOLDER"] = logs
    wabot.init()
    rules = wabot.file("rules.json", json.dumps([{"pattern": "refuse", "response": "This the provider will refuse."}]))
    wabot.run("agent", "create", "echo", "--type", "rule_based", "--rules-file", rules, "--fallback", "Noted.", "--quote")
    wabot.device("shop", graph.url, more=("--phone", f"+{OWN}"))
    wabot.run("ignore", "create", "--device", "shop", "--contact", f"+{mentioned}")

    server = wabot.serve("--workers", "2")
    deliver(wabot, *bodies(), *news())
    post(wabot, webhook(text_message(stranger, wamid(stranger, "FORGED"), "forged")), app_secret="not-ours")
    wabot.until_idle()
    check(graph.count() >= 2 * len(senders), "the senders were answered")
    # Statuses of our own sends, whose ids hold the numbers too.
    deliver(wabot, *(webhook(statuses=[{"id": wamid(number, f"OUT{i}"), "status": "read", "timestamp": "1750000002", "recipient_id": number}])
                     for number in senders for i in range(1, 12)))
    wabot.until_idle()
    wabot.run("message", "send", f"+{recipient}", "--device", "shop", "--template", "greeting", "--language", "en", "--var", "1=typed by a person")
    until("typed message", lambda: any(body.get("template", {}).get("name") == "greeting" for body in graph.accepted()))
    wabot.until_idle()
    look(wabot, graph)
    states = {row["state"] for row in wabot.rows("event", "list")}
    check(states == {"done", "quarantined", "unrouted"}, f"the bodies cover all that can become of one: {states}")

    seen = check_hidden("the running server's store", [*files(wabot.dir), *wabot.store.dump()])
    server.kill()
    check_hidden("the store after a kill", [*files(wabot.dir), *wabot.store.dump()])
    server = wabot.serve()
    wabot.until_idle()
    check(server.stop() == 0, "serve ends well")
    check_hidden("the store after a stop", [*files(wabot.dir), *wabot.store.dump()])
    seen_logs = check_hidden("the logs", files(logs))
    stderr = check_hidden("stderr", [(process.log, process.text().encode()) for process in wabot.processes])
    # What was searched is what there is to see, and the search finds what it looks for.
    check(b"a text without any number" in seen and NUMBER_ID.encode() in seen, "the store's files were read")
    check(b"send refused" in stderr, "stderr says something")
    print(f"{len(seen_logs)} bytes of logs, {sorted(os.listdir(logs))}")
    for number in numbers:
        planted = wamid(number, "PLANTED").encode()
        check(any(trace in planted for trace in traces(number)), "a number in a wamid is found")
