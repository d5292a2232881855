"""What message send --wait ends with, as it goes with the message: sent, read, refused, limited, uncertain, or nothing yet: waits_test.py WABOT"""
import json
import signal
import subprocess
import sys

from wabot import APP_SECRET, PATIENCE, Graph, Wabot, check, until

TEMPLATE = ("--template", "order_ready", "--language", "en")  # which goes at any time


def start(wabot, to, device, *words):
    return subprocess.Popen([wabot.binary, "message", "send", to, "--device", device, *TEMPLATE, "-o", "json", "-c", f"{wabot.dir}/wabot.toml", *words],
                            env=wabot.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def send(wabot, code, to, device, *words):
    """What it printed: the message, or the error."""
    process = start(wabot, to, device, *words)
    out, talk = process.communicate(timeout=PATIENCE)
    check(process.returncode == code, f"{words} on {device}: exit {process.returncode}, not {code}\n{out}{talk}")
    if code == 0:
        return json.loads(out)
    check(out == "", f"{words} on {device}: stdout holds {out}")
    error = json.loads(talk.splitlines()[-1])["error"]
    check(error["exit"] == code, f"{error}")
    return error


def main():
    with Wabot(sys.argv[1]) as wabot, Graph(wabot) as graph:
        wabot.init()
        for number, (key, fault) in enumerate([("shop", ""), ("vague", "/no_id"), ("refused", "/permanent"), ("limited", "/code_80007")]):
            wabot.device(key, graph.url + fault, number_id=f"20000000000010{number}", agent=None)
        server = wabot.serve()
        graph.control(plan={"statuses": {"address_file": wabot.address_file, "app_secret": APP_SECRET}})

        sent = send(wabot, 0, "+12025550117", "shop", "--wait")
        check(sent["status"] in ("sent", "delivered", "read") and sent["changed"], f"{sent}")
        read = send(wabot, 0, "+12025550118", "shop", "--wait=read", "--idempotency-key", "once")
        check(read["status"] == "read", f"{read}")
        again = send(wabot, 0, "+12025550118", "shop", "--wait=read", "--idempotency-key", "once")
        check(again["id"] == read["id"] and not again["changed"], f"{again}")
        check(send(wabot, 0, "+12025550119", "shop", "--wait", "-n")["dry_run"], "a rehearsal waits for nothing")

        error = send(wabot, 12, "+12025550117", "refused", "--wait")
        check(error["code"] == "rejected" and "131026" in error["message"], f"{error}")
        error = send(wabot, 14, "+12025550117", "vague", "--wait=delivered")
        check(error["code"] == "uncertain" and not error["retryable"], f"{error}")
        error = send(wabot, 13, "+12025550117", "limited", "--wait")
        check(error["code"] == "rate_limited" and error["retryable"] and error["retry_after"] > 5, f"{error}")

        check(server.stop() == 0, "serve ends well")
        wabot.run("queue", "pause", "send")  # which one that runs sees a moment later
        server = wabot.serve()
        error = send(wabot, 9, "+12025550120", "shop", "--wait", "--timeout", "1s", "--idempotency-key", "later")
        check("is queued and not yet sent" in error["message"] and "wabot queue resume send" in error["message"], f"{error}")
        # Ctrl-C ends the wait and not the message.
        process = start(wabot, "+12025550121", "shop", "--wait")
        until("queued message", lambda: len(wabot.query("SELECT id FROM messages WHERE status = 'queued'")) == 3)  # with the limited one
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
        check(process.returncode in (130, -signal.SIGINT), f"Ctrl-C: exit {process.returncode}")
        wabot.run("queue", "resume", "send")
        later = send(wabot, 0, "+12025550120", "shop", "--wait", "--idempotency-key", "later")
        check(not later["changed"], "the same message, which was on its way")
        until("both of them", lambda: len({body["to"] for body in graph.accepted()} & {"+12025550120", "+12025550121"}) == 2)
        check(server.stop() == 0, "serve ends well")
        check(len([body for body in graph.accepted() if body["to"] == "+12025550120"]) == 1, "it went once")
        wabot.check_integrity()
    print("message send --wait: each end has its exit code")


main()
