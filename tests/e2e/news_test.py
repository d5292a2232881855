"""What WhatsApp tells beside messages reaches whoever operates wabot, through real sockets and the commands: news_test.py WABOT"""
import json
import sys

from wabot import NUMBER_ID, Graph, Wabot, check, deliver, text_message, until, wamid, webhook

ADA, BOB = "12025550117", "12025550118"
WABA = "300000000000001"


def change(field, value, at=1750000000):
    entry = {"id": WABA, "time": at, "changes": [{"field": field, "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def show(wabot, *words):
    return json.loads(wabot.run(*words, "-o", "json"))


def template(event, at, **more):
    return change("message_template_status_update", {"event": event, "message_template_id": 7001, "message_template_name": "order_ready",
                                                     "message_template_language": "en", "message_template_category": "UTILITY", **more}, at)


def check_templates(wabot):
    deliver(wabot, template("APPROVED", 1750000000, reason="NONE"), template("REJECTED", 1750000100, reason="INVALID_FORMAT"),
            template("PENDING", 1750000050))
    wabot.until_idle()
    rows = wabot.rows("template", "list", "--device", "shop")
    check([(row["name"], row["language"], row["status"], row["reason"]) for row in rows] == [("order_ready", "en", "REJECTED", "INVALID_FORMAT")],
          f"templates: {rows}")
    check(show(wabot, "template", "get", "order_ready")["category"] == "UTILITY", "a template is found by its name")
    check(show(wabot, "template", "get", str(rows[0]["id"]))["name"] == "order_ready", "and by its id")
    wabot.run("template", "get", "order_raedy", expect=3)
    wabot.run("template", "get", "order_ready", "--language", "de", expect=3)
    checks = show(wabot, "doctor", "accounts")["checks"]
    check([one["id"] for one in checks] == ["templates"], f"doctor tells of the template: {checks}")


def check_account(wabot, graph):
    deliver(wabot, change("phone_number_quality_update", {"display_phone_number": "15550100001", "event": "FLAGGED", "current_limit": "TIER_1K"}))
    wabot.until_idle()
    device = show(wabot, "device", "get", "shop")
    check((device["quality"], device["messaging_limit"]) == ("FLAGGED", "TIER_1K"), f"the device: {device}")
    check(device["account_events"][0]["field"] == "phone_number_quality_update", f"the newest news: {device['account_events']}")
    check("account.shop" in [one["id"] for one in show(wabot, "doctor", "accounts")["checks"]], "doctor warns")
    deliver(wabot, change("account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}, 1750000200))
    wabot.until_idle()
    device = show(wabot, "device", "get", "shop")
    check((device["status"], device["last_error"]) == ("error", "account: DISABLED_UPDATE"), f"disabled: {device}")
    before = graph.count()
    deliver(wabot, webhook(text_message(ADA, wamid(ADA, "WAITS"), "are you there?")))
    until("reply that waits", lambda: wabot.query("SELECT count(*) FROM sends WHERE state = 'queued'") == [(1,)])
    check(graph.count() == before, "nothing is sent on an account that is disabled")
    deliver(wabot, change("account_update", {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}}, 1750000300))
    until("reply after the account works again", lambda: graph.count() == before + 1)
    wabot.until_idle()
    fields = [event["field"] for event in wabot.rows("device", "events", "shop")]
    check(fields == ["account_update"] * 2 + ["phone_number_quality_update"] + ["message_template_status_update"] * 3, f"all of it is listed: {fields}")


def check_people(wabot):
    both = {**text_message(BOB, wamid(BOB, "BOTH"), "both"), "from_user_id": "US.9001", "from_parent_user_id": "US.ENT.9"}
    alone = {name: value for name, value in both.items() if name != "from"} | {"id": wamid(BOB, "ALONE")}
    value = {"messaging_product": "whatsapp", "metadata": {"display_phone_number": "15550100001", "phone_number_id": NUMBER_ID}}
    deliver(wabot, webhook(text_message(BOB, wamid(BOB, "NUMBER"), "by number")), change("messages", {**value, "messages": [alone]}),
            change("messages", {**value, "messages": [both]}))
    wabot.until_idle()
    by_number, by_user = show(wabot, "contact", "get", f"+{BOB}"), show(wabot, "contact", "get", "US.9001")
    check(by_number["possibly_same"] == [by_user["id"]] and by_user["possibly_same"] == [by_number["id"]], f"{by_number} and {by_user}")
    check({one["kind"] for one in by_user["identities"]} == {"bsuid", "parent"}, f"its addresses: {by_user['identities']}")
    wabot.run("trigger", "whatsapp.user_preferences.stop", "--from", f"+{ADA}", "--to-url",
              f"http://{wabot.address[0]}:{wabot.address[1]}/webhooks/whatsapp/shop", "--expect", "200")
    wabot.until_idle()
    check(show(wabot, "contact", "get", f"+{ADA}")["marketing"] == "stop", "the wish is shown")


def check_amendments(wabot):
    base = {"from": ADA, "timestamp": "1750000400"}
    edit = {"original_message_id": wamid(ADA, "FIRST"), "message": {"type": "text", "text": {"body": "second thoughts"}}}
    deliver(wabot, webhook(text_message(ADA, wamid(ADA, "FIRST"), "first thoughts")), webhook({**base, "id": wamid(ADA, "EDIT"), "type": "edit", "edit": edit}))
    wabot.until_idle()
    first = next(row for row in wabot.rows("message", "list") if row["message_type"] == "text" and row["edited_at"])
    check(first["content"] == "second thoughts" and first["metadata"]["original_content"] == "first thoughts", f"edited: {first}")
    deliver(wabot, webhook({**base, "id": wamid(ADA, "REVOKE"), "type": "revoke", "revoke": {"original_message_id": wamid(ADA, "FIRST")}}))
    wabot.until_idle()
    shown = show(wabot, "message", "get", str(first["id"]))
    check(shown["content"] is None and shown["revoked_at"] and "raw" not in shown, f"taken back: {shown}")
    kept = show(wabot, "message", "get", str(first["id"]), "--reveal")
    check(kept["kept_content"] == "second thoughts" and json.loads(kept["raw"])["text"]["body"] == "first thoughts", f"kept: {kept}")
    check("revoked" in wabot.run("message", "status", str(first["id"])), "its steps say so")


with Wabot(sys.argv[1], WABOT_LEASE="2s") as wabot, Graph(wabot) as graph:
    wabot.init()
    wabot.echo_agent()
    wabot.device("shop", graph.url, waba_id=WABA, more=("--phone", "+15550100001"))
    server = wabot.serve()
    check_templates(wabot)
    check_account(wabot, graph)
    check_people(wabot)
    check_amendments(wabot)
    check(server.stop() == 0, "serve ends well")
