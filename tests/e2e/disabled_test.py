"""A disabled device stores what comes and answers nothing, its sends wait and go when it is enabled: disabled_test.py WABOT"""
import sys

from wabot import Graph, Wabot, check, deliver, text_message, until, wamid, webhook

ADA = "15557010001"


def outgoing(wabot):
    return wabot.query("SELECT status FROM messages WHERE direction = 'outgoing'")


with Wabot(sys.argv[1]) as wabot:
    wabot.init()
    wabot.echo_agent()
    with Graph(wabot) as graph:
        wabot.device("shop", graph.url)
        wabot.serve()
        wabot.run("device", "disable", "shop")
        deliver(wabot, webhook(text_message(ADA, wamid(ADA, "Q1"), "anyone there?")))
        wabot.until_idle()
        check(wabot.query("SELECT content FROM messages") == [("anyone there?",)], "the message is stored, and has no answer")
        wabot.run("message", "send", "1", "--device", "shop", "--text", "one moment")
        check(outgoing(wabot) == [("queued",)], "a send waits")
        check("device enable shop" in wabot.run("message", "status", "2"), "message status names the way out")
        check(not graph.accepted(), "nothing was sent")
        wabot.run("device", "enable", "shop")
        until("the send to go", lambda: outgoing(wabot) == [("sent",)])
        check(len(graph.accepted()) == 1, "what waited is sent once")
