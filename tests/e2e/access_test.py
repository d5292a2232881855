"""Who gets the metrics, and who may leave a signature out: access_test.py WABOT"""
import json
import sys
import urllib.error
import urllib.request

from wabot import NUMBER_ID, Wabot, check, sign, text_message, until, wamid, webhook

TOKEN = "gate-" + "5d1c" * 6


def ask(wabot, path, body=None, **headers):
    """Status, headers and text of an answer."""
    request = urllib.request.Request(f"http://{wabot.address[0]}:{wabot.address[1]}{path}", data=body,
                                     headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def doctor(wabot):
    """The findings of the check `security` by their ids."""
    return {finding["id"]: finding for finding in json.loads(wabot.run("doctor", "security", "-o", "json"))["checks"]}


def check_metrics_without_token(wabot):
    server = wabot.serve("--workers", "0")
    check(ask(wabot, "/metrics")[0] == 200, "this machine gets the metrics")
    check(doctor(wabot) == {}, "nothing is exposed")
    for headers in ({"X_Forwarded_For": "127.0.0.1"}, {"Via": "1.1 edge"}, {"Forwarded": "for=192.0.2.7"}, {"X_Real_IP": "192.0.2.7"}):
        status, _, text = ask(wabot, "/metrics", **headers)
        check(status == 403 and "metrics.token" in text, f"through a proxy: {status} {text}")
    found = until("doctor's warning", lambda: doctor(wabot).get("security.metrics"))
    check(found["status"] == "warn" and "metrics.token" in found["hint"], f"{found}")
    until("the log's warning", lambda: "metrics refused" in server.text())
    check(server.stop() == 0, "serve stops")


def check_metrics_with_token(wabot):
    wabot.env["WABOT_METRICS_TOKEN_FILE"] = wabot.file("metrics.token", TOKEN + "\n")
    server = wabot.serve("--workers", "0")
    del wabot.env["WABOT_METRICS_TOKEN_FILE"]
    status, headers, _ = ask(wabot, "/metrics")
    check(status == 401 and headers["WWW-Authenticate"] == "Bearer", f"no token: {status} {headers}")
    check(ask(wabot, "/metrics", Authorization="Bearer " + TOKEN[:-1])[0] == 401, "a wrong token")
    for more in ({}, {"X_Forwarded_For": "192.0.2.7"}):
        status, _, text = ask(wabot, "/metrics", Authorization="Bearer " + TOKEN, **more)
        check(status == 200 and "wabot_http_requests_total" in text, f"the token, {more}: {status}")
    check(server.stop() == 0, "serve stops")
    check(TOKEN not in server.text(), "the log does not have the token")


def hello(word, number_id=NUMBER_ID):
    return webhook(text_message("12025550143", wamid("12025550143", word), "hello"), number_id=number_id)


def check_unsigned_refused(wabot):
    server = wabot.serve("--workers", "0")
    check(ask(wabot, "/webhooks/whatsapp", hello("REFUSED"))[0] == 401, "an unsigned webhook is refused")
    check("security" not in ask(wabot, "/health")[2], "health has nothing to say of it")
    check(server.stop() == 0 and "unsigned" not in server.text(), "nor has the log")
    check("security.unsigned_webhooks" not in doctor(wabot), "nor doctor")


def check_unsigned_accepted(wabot):
    wabot.env["WABOT_ALLOW_UNSIGNED_WEBHOOKS"] = "true"
    check(doctor(wabot)["security.unsigned_webhooks"]["status"] == "warn", "doctor warns of the setting")
    server = wabot.serve()
    del wabot.env["WABOT_ALLOW_UNSIGNED_WEBHOOKS"]
    check("allow_unsigned_webhooks" in doctor(wabot)["security.unsigned_webhooks"]["hint"], "doctor warns of a server with the setting")
    check(server.text().count("unsigned webhooks from this machine are accepted") == 2, "standard error and the log say it at the start")
    checks = {one["name"]: one for one in json.loads(ask(wabot, "/health")[2])["checks"]}
    check(checks["security"]["status"] == "warning" and "unsigned" in checks["security"]["detail"], f"health says it: {checks}")

    foreign = hello("FOREIGN")
    for headers in ({"X_Forwarded_For": "127.0.0.1"}, {"Via": "1.1 edge"}, {"Origin": "https://page.example"}, {"X_Hub_Signature_256": sign(foreign, "wrong")},
                    {"X_Hub_Signature_256": ""}):
        check(ask(wabot, "/webhooks/whatsapp", foreign, **headers)[0] == 401, f"refused with {headers}")
    check(ask(wabot, "/webhooks/whatsapp/nobody", foreign)[0] == 404, "no such device")
    signed = hello("SIGNED")
    for path, body, headers in (("/webhooks/whatsapp", hello("ANY"), {}), ("/webhooks/whatsapp/shop", hello("ONE"), {}),
                                ("/webhooks/whatsapp", signed, {"X_Hub_Signature_256": sign(signed)}),
                                ("/webhooks/whatsapp/shop", hello("OTHER", "730000000000009"), {})):
        check(ask(wabot, path, body, **headers)[0] == 200, f"accepted at {path} with {headers}")
    wabot.until_idle()
    states = sorted(state for state, in wabot.query("SELECT state FROM inbox"))
    check(states == ["done"] * 3 + ["unrouted"], f"a device's own path serves that device only: {states}")
    check(server.stop() == 0, "serve stops")


with Wabot(sys.argv[1]) as wabot:
    wabot.init()
    wabot.device("shop", "http://127.0.0.1:9", agent=None)
    check_metrics_without_token(wabot)
    check_metrics_with_token(wabot)
    check_unsigned_refused(wabot)
    check_unsigned_accepted(wabot)
print("metrics go to this machine or to the token, unsigned webhooks come from this machine or not at all")
