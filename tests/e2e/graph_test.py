"""The simulator of the Graph API does what its page says: graph_test.py"""
import http.client
import json
import sys
import tempfile
import time
import types

from graph import CODES, RESETS, UNCLEAR
from wabot import Graph, check

MESSAGE = {"messaging_product": "whatsapp", "to": "+15551230001", "type": "text", "text": {"body": "hello"}}
REPLACED = {"messaging_product": "sms", "to": "", "type": "song", "text": {}}  # one at a time


def call(graph, method, path, body=b"", token="good", kind="application/json"):
    """The status and the bytes; None when there was no whole answer."""
    connection = http.client.HTTPConnection("127.0.0.1", graph.port, timeout=10)
    try:
        connection.request(method, path, body, {"Content-Type": kind, **({"Authorization": f"Bearer {token}"} if token else {})})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (http.client.HTTPException, OSError):
        return None
    finally:
        connection.close()


def send(graph, opaque="1.1.1", prefix="", token="good", **changes):
    body = {**MESSAGE, "biz_opaque_callback_data": opaque, **changes}
    return call(graph, "POST", f"{prefix}/v24.0/2000/messages", json.dumps(body), token)


def code_of(answer):
    return json.loads(answer[1])["error"]["code"]


def check_codes(graph):
    for code, (status, _) in CODES.items():
        graph.control(next=[f"code_{code}"])
        answer = send(graph, f"{code}.1.1")
        check((answer[0], code_of(answer)) == (status, code), f"{code} is answered with {answer}")
    check(graph.count() == 0 and len(graph.noted_as("refused")) == len(CODES), "each is noted as refused")


def check_faults(graph):
    taken = graph.count()
    quick = [fault for fault in UNCLEAR if fault not in ("swallow", "drip")]  # those never end
    for number, fault in enumerate(quick):
        answer = send(graph, f"{1000 + number}.1.1", prefix=f"/{fault}")
        check(answer is None or b'"id"' not in answer[1], f"{fault} says nothing clear: {answer}")
        check(graph.accepted()[-1]["fault"] == fault, f"{fault} is noted with what it met")
        check(send(graph, f"{1000 + number}.1.2", prefix=f"/{fault}")[0] == 200, f"the second attempt meets no {fault}")
    check(graph.count() == taken + 2 * len(quick), "they were taken all the same")
    graph.control(next=[*RESETS, "slow"])
    for fault in RESETS:
        check(send(graph, "5000.1.1") is None, f"{fault} is no answer")
    check([line.get("fault") for line in graph.noted_as("refused")][-3:] == list(RESETS) and graph.count() == taken + 2 * len(quick), "they were not taken")
    answer = send(graph, "5000.1.1")
    check(answer[0] == 200 and json.loads(answer[1])["messages"][0]["id"] == graph.accepted()[-1]["id"], "a slow answer is a good one")


def check_validation(graph):
    for name, value in REPLACED.items():
        answer = send(graph, **{name: value})
        check(code_of(answer) == 100, f"{name} {value} is refused: {answer}")
    check(code_of(call(graph, "POST", "/v24.0/2000/messages", b"{")) == 100, "so is what is no JSON")
    check(len(graph.noted_as("invalid")) == len(REPLACED) + 1, "and noted")
    check(code_of(send(graph, token="")) == 190, "without a token")
    graph.control(revoke="good")
    check(code_of(send(graph)) == 190, "with a revoked one")
    graph.control(admit="good")
    check(send(graph)[0] == 200, "with a good one")
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.X"}
    check(json.loads(call(graph, "POST", "/v24.0/2000/messages", json.dumps(read))[1]) == {"success": True}, "read")


def check_media(graph):
    raw_bytes = bytes(range(256)) * 100
    part = 'Content-Disposition: form-data; name="{}"{}\r\n\r\n'
    body = b"".join([b"--edge\r\n" + part.format("messaging_product", "").encode() + b"whatsapp\r\n",
                     b"--edge\r\n" + part.format("file", '; filename="a.bin"\r\nContent-Type: image/png').encode() + raw_bytes + b"\r\n", b"--edge--\r\n"])
    id = json.loads(call(graph, "POST", "/v24.0/2000/media", body, kind="multipart/form-data; boundary=edge")[1])["id"]
    described = json.loads(call(graph, "GET", f"/v24.0/{id}?phone_number_id=2000")[1])
    check((described["mime_type"], described["file_size"]) == ("image/png", len(raw_bytes)), f"{described}")
    path = described["url"].removeprefix(graph.url)
    check(call(graph, "GET", path)[1] == raw_bytes, "the same bytes come back")
    check(code_of(call(graph, "GET", path, token="")) == 190, "not without a token")
    check(json.loads(call(graph, "DELETE", f"/v24.0/{id}")[1]) == {"success": True} and call(graph, "GET", path)[0] == 404, "deleted")
    check(code_of(call(graph, "GET", f"/v24.0/{id}?phone_number_id=2000")) == 100, "nor described any more")
    check(json.loads(call(graph, "GET", "/v24.0/2000?fields=id")[1]) == {"id": "2000"}, "an account is there")
    check(code_of(call(graph, "POST", "/v24.0/2000/media", b"--edge--\r\n", kind="multipart/form-data; boundary=edge")) == 100, "nothing is uploaded by nothing")


def check_chance(folder):
    """The same seed meets the same faults, as often as they should come."""
    runs = []
    for processes in ("1", "22"):
        with Graph(types.SimpleNamespace(scratch=folder, processes=processes), seed=7, faults={"no_id": 0.1, "temporary": 0.2}) as graph:
            for number in range(200):
                send(graph, f"{number}.1.1")
            runs.append([(line["kind"], line.get("fault")) for line in graph.noted_as("accepted") + graph.noted_as("refused")])
    check(runs[0] == runs[1], "a plan is repeated")
    unclear = sum(1 for _, fault in runs[0] if fault == "no_id")
    check(10 <= unclear <= 30 and 25 <= len([kind for kind, _ in runs[0] if kind == "refused"]) <= 55, f"{unclear} of 200 were unclear")


with tempfile.TemporaryDirectory() as scratch:
    with Graph(types.SimpleNamespace(scratch=scratch, processes=[])) as simulator:
        began = time.monotonic()
        check_codes(simulator)
        check_faults(simulator)
        check_validation(simulator)
        check_media(simulator)
        check_chance(scratch)
        print(f"{len(CODES)} codes, {len(UNCLEAR)} unclear answers, {time.monotonic() - began:.1f} s", file=sys.stderr)
