"""Who gets the metrics: access_test.py WABOT"""
import json
import sys
import urllib.error
import urllib.request

from wabot import Wabot, check, until

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


with Wabot(sys.argv[1]) as wabot:
    wabot.init()
    check_metrics_without_token(wabot)
    check_metrics_with_token(wabot)
print("metrics go to this machine, or to the token")
