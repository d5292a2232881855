"""HTTP messages as they should and as they should not be, each with its answer: what `serve` must make of every one, and of the request behind it.

A message is (what, bytes, statuses, goes_on): the statuses it is answered with (one, or none when its end never comes), and whether a request that follows on
the same connection is answered. If it is and should not be, or is not and should be, the two ends do not agree on where the message ends: that is smuggling.
"""
from collections import namedtuple

Message = namedtuple("Message", "what raw_bytes statuses goes_on")

HOOK = "/webhooks/whatsapp"  # takes bodies; without a signature that fits it answers 401, once it has the whole
LINE_MAX, HEAD_MAX, HEADERS_MAX = 8 * 1024, 32 * 1024, 100
BODY_MAX = 1024 * 1024
HOOK_BODY_MAX = 5 * 1024 * 1024  # server.webhook_body_max of the test, which is not what it is by itself


def raw_bytes(text):
    return text if isinstance(text, bytes) else text.encode("latin-1")


def head(*headers, line="GET / HTTP/1.1", host="Host: wabot"):
    return b"".join(raw_bytes(part) + b"\r\n" for part in (line, *([host] if host else []), *headers)) + b"\r\n"


def post(*headers, body=b""):
    return head(*headers, line=f"POST {HOOK} HTTP/1.1") + raw_bytes(body)


def chunked(body, *headers):
    return post("Transfer-Encoding: chunked", *headers, body=body)


def served(what, message, status=200):
    return Message(what, message, [status], True)


def last(what, message, status):
    """Answered, and the connection is over."""
    return Message(what, message, [status], False)


def unended(what, message):
    """Its end never comes: the other side closes first, and is told nothing."""
    return Message(what, message, [], False)


def request_lines():
    yield served("a GET", head())
    yield served("a HEAD", head(line="HEAD / HTTP/1.1"))
    yield served("an absolute target", head(line="GET http://wabot/ HTTP/1.1"))
    yield served("an absolute target without a path", head(line="GET http://wabot HTTP/1.1"))
    yield served("an absolute target of another host", head(line="GET https://elsewhere.example/health/live HTTP/1.1"))
    yield served("a query", head(line="GET /?a=1&b=%20&c HTTP/1.1"))
    yield served("an empty query", head(line="GET /? HTTP/1.1"))
    yield served("an empty line before", b"\r\n" + head())
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        yield served(f"a {method} where there is only GET", head(line=f"{method} / HTTP/1.1"), 405)
    yield served("a CONNECT", head(line="CONNECT wabot:80 HTTP/1.1"), 405)
    for method in ("FOO", "get", "Get", "GETX", "PROPFIND", "M-SEARCH", "!#$%&'*+-.^_`|~"):
        yield served(f"the method {method}", head(line=f"{method} / HTTP/1.1"), 501)
    yield served("a path that is not there", head(line="GET /nowhere HTTP/1.1"), 404)
    yield served("an asterisk for a target", head(line="OPTIONS * HTTP/1.1"), 400)
    yield last("HTTP/0.9", b"GET /\r\n", 400)
    yield last("HTTP/0.9 with two line ends", b"GET /\r\n\r\n", 400)
    yield last("HTTP/1.0 closes", head(line="GET / HTTP/1.0"), 200)
    yield last("HTTP/1.0 needs no Host", head(line="GET / HTTP/1.0", host=None), 200)
    yield served("HTTP/1.0 that stays", head("Connection: keep-alive", line="GET / HTTP/1.0"))
    yield last("HTTP/2's preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)
    for version in ("HTTP/9.9", "HTTP/2.0", "HTTP/1.2", "HTTP/0.9"):
        yield last(f"the version {version}", head(line=f"GET / {version}"), 505)
    for version in ("http/1.1", "HTTP/1", "HTTP/11", "HTTP/1.10", "HTTP/1.1.1", "HTTP/+1.1", "HTTP/1,1", "HTTP/ 1.1", "HTTPS/1.1", "HTTP/1.1 ", "HTTP/1.1\t", "HTP/1.1", "HTTP/a.b"):
        yield last(f"the version {version!r}", head(line=f"GET / {version}"), 400)
    for what, line in [("two spaces before the target", "GET  / HTTP/1.1"), ("two spaces after it", "GET /  HTTP/1.1"), ("a tab before the target", "GET\t/ HTTP/1.1"),
                       ("a tab after it", "GET /\tHTTP/1.1"), ("a space within the target", "GET /a b HTTP/1.1"), ("a space before the method", " GET / HTTP/1.1"),
                       ("no target", "GET HTTP/1.1"), ("no target but its spaces", "GET  HTTP/1.1"), ("no method", "/ HTTP/1.1"), ("a bare CR in it", "GET /\r HTTP/1.1"),
                       ("a NUL in it", "GET /\0 HTTP/1.1"), ("a bracket in the method", "G(T / HTTP/1.1"), ("a colon in the method", "GET: / HTTP/1.1"),
                       ("a header for a line", "Host: wabot"), ("an answer", "HTTP/1.1 200 OK"), ("a vertical tab", "GET\x0b/ HTTP/1.1")]:
        yield last(f"a line with {what}", head(line=line), 400)
    yield last("two empty lines before", b"\r\n\r\n" + head(), 400)
    yield last("an empty line of LF before", b"\n" + head(), 400)
    yield last("TLS's ClientHello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 2, 400)
    yield last("the greeting of SSH", b"SSH-2.0-OpenSSH_9.2\r\n", 400)
    yield last("PROXY protocol 1", b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n" + head(), 400)
    yield last("PROXY protocol 2", b"\r\n\r\n\0\r\nQUIT\n" + head(), 400)
    yield last("noughts", b"\0" * 64, 400)


def paths():
    """The path cannot be read: 400, and the connection goes on, since its end is beyond doubt."""
    for path in ("/../../etc/passwd", "/%2e%2e%2fetc/passwd", "/%2e%2e/etc/passwd", "/..%5cetc", "/%252e%252e/", "/%c0%ae%c0%ae/", "/%c0%af", "/%e0%80%af", "/%ed%a0%80",
                 "/%f4%90%80%80", "/%00", "/a%00b", "/%zz", "/%", "/%4", "/%u002e", "/.", "/..", "/a/./b", "/a/../b", "/health/..;/live", "/a%2fb", "/a%5Cb", "/a\\b",
                 "/a%0d%0ab", "/a%0ab", "/a%09b", "/a%7fb", "/a#b", "/?a=%zz", "/?a=%00", "/?%ff=1", "//..", "health", "ftp://wabot/", "http:/health", "/" + "?" + "&".join(["a=1"] * 101)):
        yield served(f"path: {path[:40]}", head(line=f"GET {path} HTTP/1.1"), 404 if path == "/health/..;/live" else 400)
    yield served("path: of 7 KiB", head(line=f"GET /{'x' * 7 * 1024} HTTP/1.1"), 404)
    for what, raw_byte in [("a byte beyond ASCII", b"\xe9"), ("UTF-8 in clear", "é".encode()), ("a byte 255", b"\xff")]:
        yield served(f"path: {what}", head(line=b"GET /" + raw_byte + b" HTTP/1.1"), 400)


def headers():
    yield served("header: no space after the colon", head("X-Word:a"))
    yield served("header: spaces and tabs around the value", head("X-Word: \t a b \t "))
    yield served("header: empty", head("X-Word:"))
    yield served("header: bytes beyond ASCII in the value", head(b"X-Word: \xe9\xff"))
    yield served("header: a name of every character there may be", head("!#$%&'*+-.^_`|~aZ09: x"))
    yield served("header: the same twice", head("X-Word: a", "X-Word: b"))
    yield served("header: a host with a port", head(host="Host: wabot:8000"))
    yield served("header: a host of IPv6", head(host="Host: [2001:db8::1]:8000"))
    yield served("header: an empty host", head(host="Host:"))
    yield served("header: HOST in capitals", head(host="HOST: wabot"))
    yield served("header: a hundred", head(*["X-Word: a"] * (HEADERS_MAX - 1)))
    yield last("header: a hundred and one", head(*["X-Word: a"] * HEADERS_MAX), 431)
    room = HEAD_MAX - len(head("X-Word: "))
    yield served("header: a head of 32 KiB", head("X-Word: " + "x" * room))
    yield last("header: a head of 32 KiB and a byte", head("X-Word: " + "x" * (room + 1)), 431)
    yield last("header: one of 40 KiB", head("X-Word: " + "x" * 40 * 1024), 431)
    yield last("header: one of 1 MiB", head("X-Word: " + "x" * 1024 * 1024), 431)
    room = LINE_MAX - len("GET / HTTP/1.1")
    yield served("header: a request line of 8 KiB", head(line=f"GET /{'x' * room} HTTP/1.1"), 404)
    yield last("header: a request line of 8 KiB and a byte", head(line=f"GET /{'x' * (room + 1)} HTTP/1.1"), 414)
    yield last("header: a target of 10 KiB", head(line=f"GET /{'x' * 10 * 1024} HTTP/1.1"), 414)
    yield last("header: a target of 1 MiB", head(line=f"GET /{'x' * 1024 * 1024} HTTP/1.1"), 414)
    yield last("header: no host", head(host=None), 400)
    yield last("header: two hosts", head("Host: wabot"), 400)
    yield last("header: two different hosts", head("Host: elsewhere"), 400)
    for host in ("wa bot", "wabot, elsewhere", "wabot/path", "user@wabot", "wabot\\", "wabot?x", "wabot#x", "wa\tbot"):
        yield last(f"header: the host {host!r}", head(host=f"Host: {host}"), 400)
    for what, line in [("a space before the colon", "X-Word : a"), ("a tab before the colon", "X-Word\t: a"), ("no colon", "X-Word"), ("no name", ": a"), ("a space in the name", "X Word: a"),
                       ("a fold of a space", "X-Word: a\r\n b"), ("a fold of a tab", "X-Word: a\r\n\tb"), ("a space before the first", " X-Word: a"), ("a bare CR in the value", "X-Word: a\rb"),
                       ("a bare LF in the value", "X-Word: a\nb: c"), ("a NUL in the value", "X-Word: a\0b"), ("a NUL in the name", "X-W\0rd: a"), ("a CR in the name", "X-W\rrd: a"),
                       ("a bare CR at the end", "X-Word: a\r"), ("byte 1 in the value", "X-Word: a\x01b"), ("byte 127 in the value", "X-Word: a\x7fb"), ("byte 11 in the value", "X-Word: a\x0bb"),
                       ("an escape in the value", "X-Word: \x1b[31m")]:
        yield last(f"header: {what}", head(line), 400)
    for mark in '()<>@,;\\"/[]?={}':
        yield last(f"header: {mark} in the name", head(f"X{mark}Word: a"), 400)
    yield last("header: a name beyond ASCII", head(b"X-W\xe9rd: a"), 400)
    yield last("header: lines that end with LF alone", head().replace(b"\r\n", b"\n"), 400)
    yield last("header: lines that end with CR alone", head().replace(b"\r\n", b"\r"), 400)
    yield last("header: a last line that ends with LF alone", head()[:-2] + b"\n", 400)
    yield last("header: one line that ends with LF alone", head().replace(b"wabot\r\n", b"wabot\n"), 400)
    yield unended("header: an end that never comes", head("X-Word: a")[:-4])


def connections():
    yield last("connection: close", head("Connection: close"), 200)
    yield last("connection: CLOSE", head("Connection: CLOSE"), 200)
    yield last("connection: close among others", head("Connection: keep-alive, close"), 200)
    yield served("connection: keep-alive", head("Connection: keep-alive"))
    yield served("connection: a word nobody knows", head("Connection: x-word", "X-Word: a"))
    yield served("connection: Host is no hop's own", head("Connection: Host"))
    upgrade = ("Connection: Upgrade", "Upgrade: websocket")
    yield served("upgrade to a WebSocket is ignored", head(*upgrade, "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="))
    yield served("upgrade to a WebSocket of no key and version", head(*upgrade))
    yield served("upgrade to a WebSocket of a foreign origin", head(*upgrade, "Origin: https://elsewhere.example"))
    yield served("upgrade to HTTP/2 is ignored", head("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"))
    yield served("upgrade to TLS is ignored", head("Connection: Upgrade", "Upgrade: TLS/1.2"))
    yield served("codings of the answer are ignored", head("TE: trailers, gzip;q=1", "Accept-Encoding: gzip", "Range: bytes=0-0"))


def lengths():
    hidden = head(line="GET /health/live HTTP/1.1")  # what smuggles
    yield served("length: a body of five bytes", post("Content-Length: 5", body="hello"), 401)
    yield served("length: a request for a body", post(f"Content-Length: {len(hidden)}", body=hidden), 401)
    yield served("length: nought", post("Content-Length: 0"), 401)
    yield served("length: none is nought", post(), 401)
    yield served("length: noughts before it", post("Content-Length: 0005", body="hello"), 401)
    yield served("length: spaces around it", post("Content-Length:   5  ", body="hello"), 401)
    yield served("length: a GET may have a body", head("Content-Length: 5") + b"hello")
    yield served("length: a HEAD may have a body", head("Content-Length: 5", line="HEAD / HTTP/1.1") + b"hello")
    yield last("length: the body of a request without a route is not read", head("Content-Length: 5", line="POST /nowhere HTTP/1.1") + b"hello", 404)
    yield last("length: the body of a wrong method is not read", head("Content-Length: 5", line="PUT / HTTP/1.1") + b"hello", 405)
    yield unended("length: a byte too few", post("Content-Length: 600", body="x" * 300))
    for length in ("+5", "-1", "-0", "0x5", "5, 5", "5,5", "5 5", "5;5", "5.0", "5e0", "five", "", "٥".encode().decode("latin-1"), "5\0", "\t5", "5\t", "\x0b5", "'5'", str(2**63), str(2**64), str(2**64 + 5),
                   "9" * 40, "1_0"):
        yield last(f"length: {length[:24]!r}", post(f"Content-Length: {length}", body="hello"), 400)
    for pair in (("5", "5"), ("5", "6"), ("6", "5"), ("0", "5"), ("5", ""), ("5", "x")):
        yield last(f"length: {pair[0]!r} and {pair[1]!r}", post(f"Content-Length: {pair[0]}", f"Content-Length: {pair[1]}", body="hello"), 400)
    yield last("length: two in different letters", post("Content-Length: 5", "content-length: 5", body="hello"), 400)
    yield served("length: a header that only looks like it", post("Content_Length: 5", "X-Content-Length: 5", "Content-Length-: 7"), 401)
    for name in ("Content-Length ", "Content-Length\t", " Content-Length", "Content-\0Length", "Content-Length\x0b"):
        yield last(f"length: named {name!r}", post(f"{name}: 5", body="hello"), 400)
    yield served("length: the most there may be", post(f"Content-Length: {HOOK_BODY_MAX}", body="x" * HOOK_BODY_MAX), 401)
    yield last("length: a byte more", post(f"Content-Length: {HOOK_BODY_MAX + 1}", body="x" * 1000), 413)
    yield served("length: the most there may be where no webhooks come", head(f"Content-Length: {BODY_MAX}") + b"x" * BODY_MAX)
    yield last("length: a byte more where no webhooks come", head(f"Content-Length: {BODY_MAX + 1}"), 413)
    yield last("length: of an exabyte", post(f"Content-Length: {10**18 - 1}", body="x" * 1000), 413)
    yield last("length: too large, and asked for first", post(f"Content-Length: {HOOK_BODY_MAX + 1}", "Expect: 100-continue"), 413)
    yield served("expectation: of a body that is here already", post("Content-Length: 5", "Expect: 100-continue", body="hello"), 401)
    yield served("expectation: without a body", head("Expect: 100-continue"))
    yield last("expectation: of something else", head("Expect: 200-ok"), 417)
    for coding in ("gzip", "deflate", "br", "zstd", "gzip, identity", "x-gzip", "compress"):
        yield last(f"coding: {coding}", post(f"Content-Encoding: {coding}", "Content-Length: 5", body="hello"), 415)
    yield served("coding: none", post("Content-Encoding: identity", "Content-Length: 5", body="hello"), 401)


def codings():
    hidden = head(line="GET /health/live HTTP/1.1")
    end = b"0\r\n\r\n"
    yield served("chunks: one", chunked(b"5\r\nhello\r\n" + end), 401)
    yield served("chunks: none", chunked(end), 401)
    yield served("chunks: several", chunked(b"1\r\nh\r\n2\r\nel\r\n2\r\nlo\r\n" + end), 401)
    yield served("chunks: small letters", chunked(b"a\r\n0123456789\r\n" + end), 401)
    yield served("chunks: capitals", chunked(b"A\r\n0123456789\r\n" + end), 401)
    yield served("chunks: noughts before the size", chunked(b"0005\r\nhello\r\n" + end), 401)
    yield served("chunks: noughts for the last", chunked(b"5\r\nhello\r\n000\r\n\r\n"), 401)
    yield served("chunks: an extension", chunked(b"5;name=value\r\nhello\r\n" + end), 401)
    yield served("chunks: an extension without a value", chunked(b"5;name\r\nhello\r\n" + end), 401)
    yield served("chunks: a quoted extension", chunked(b'5;name="a b"\r\nhello\r\n' + end), 401)
    yield served("chunks: an extension of the last", chunked(b"5\r\nhello\r\n0;name=value\r\n\r\n"), 401)
    yield served("chunks: trailers", chunked(b"5\r\nhello\r\n0\r\nX-Word: a\r\nX-More: b\r\n\r\n"), 401)
    yield served("chunks: a trailer that would name another host", chunked(b"5\r\nhello\r\n0\r\nHost: elsewhere\r\nX-Hub-Signature-256: sha256=00\r\n\r\n"), 401)
    yield last("chunks: a trailer that would say another length", chunked(b"5\r\nhello\r\n0\r\nContent-Length: 50\r\n\r\n"), 400)
    yield served("chunks: a trailer that is folded", chunked(b"5\r\nhello\r\n0\r\nX-Word: a\r\n b\r\n\r\n"), 401)  # dropped, and its end is in no doubt
    yield served("chunks: a request for a body", chunked(b"%x\r\n%s\r\n" % (len(hidden), hidden) + end), 401)
    yield served("chunks: an end within a chunk", chunked(b"5\r\n0\r\n\r\n\r\n" + end), 401)
    yield served("chunks: the name in capitals", post("TRANSFER-ENCODING: CHUNKED", body=end), 401)
    yield served("chunks: spaces around the coding", post("Transfer-Encoding:   chunked  ", body=end), 401)
    for coding in ("xchunked", "chunkedx", "chunked, identity", "identity, chunked", "identity", "gzip, chunked", "chunked, chunked", "chunked;q=1", "\"chunked\"", "'chunked'", "chun ked", "chunked,", ",chunked", "gzip",
                   "cow", ""):
        yield last(f"chunks: the coding {coding!r}", post(f"Transfer-Encoding: {coding}", body=end), 501)
    for coding in ("\tchunked", "chunked\t", "\x0bchunked", "chunked\x0b", "\0chunked", "chunked\0", "\x0cchunked", "chunked\r", "\x7fchunked", "chun\tked"):
        yield last(f"chunks: the coding {coding!r}", post(f"Transfer-Encoding: {coding}", body=end), 400)
    for coding in ("\xa0chunked", "chunked\x85", "ch\xfcnked"):
        yield last(f"chunks: the coding {coding!r}", post(f"Transfer-Encoding: {coding}", body=end), 501)
    for name in ("Transfer-Encoding ", "Transfer-Encoding\t", " Transfer-Encoding", "Transfer Encoding", "Transfer-Encoding\0", "X: a\nTransfer-Encoding", "X: a\rTransfer-Encoding", "X: a\r\n Transfer-Encoding"):
        yield last(f"chunks: named {name!r}", post(f"{name}: chunked", body=end), 400)
    yield last("chunks: a coding that is folded", post("Transfer-Encoding:\r\n chunked", body=end), 400)
    yield last("chunks: two codings", post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=end), 400)
    yield last("chunks: two different codings", post("Transfer-Encoding: chunked", "Transfer-Encoding: identity", body=end), 400)
    yield last("chunks: in HTTP/1.0", head("Transfer-Encoding: chunked", "Connection: keep-alive", line=f"POST {HOOK} HTTP/1.0") + end, 400)
    for what, pair in [("before", ("Content-Length: 5", "Transfer-Encoding: chunked")), ("after", ("Transfer-Encoding: chunked", "Content-Length: 5")),
                       ("before a coding nobody knows", ("Content-Length: 5", "Transfer-Encoding: x")), ("of nought", ("Content-Length: 0", "Transfer-Encoding: chunked")),
                       ("twice", ("Content-Length: 5", "Content-Length: 5", "Transfer-Encoding: chunked"))]:
        yield last(f"chunks: with a length {what}", post(*pair, body=end + hidden), 400)
    for what, body in [("a size of 17 digits", b"FFFFFFFFFFFFFFFFF\r\n"), ("a size below nought", b"-1\r\n"), ("a size with a sign", b"+5\r\nhello\r\n"), ("a size of 0x", b"0x5\r\nhello\r\n"),
                       ("a size of a word", b"five\r\nhello\r\n"), ("no size", b"\r\nhello\r\n"), ("a space before the size", b" 5\r\nhello\r\n"), ("a space after the size", b"5 \r\nhello\r\n"),
                       ("a tab after the size", b"5\t\r\nhello\r\n"), ("a size in another script", b"\xd9\xa5\r\nhello\r\n"), ("a NUL in the size", b"5\0\r\nhello\r\n"), ("two sizes", b"5,5\r\nhello\r\n"),
                       ("a size with an underscore", b"1_0\r\n" + b"x" * 16 + b"\r\n"), ("a line of LF after the size", b"5\nhello\r\n"), ("a line of CR after the size", b"5\rhello\r\n"),
                       ("no line end after the bytes", b"5\r\nhello"), ("more bytes than said", b"5\r\nhello!\r\n"), ("fewer bytes than said", b"5\r\nhell\r\n"), ("a line of LF after the bytes", b"5\r\nhello\n"),
                       ("a line of CR after the bytes", b"5\r\nhello\r"), ("an extension of 300 bytes", b"5;" + b"x" * 300 + b"\r\nhello\r\n"), ("a LF in an extension", b"5;a\nb\r\nhello\r\n"),
                       ("a bare CR in an extension", b"5;a\rb\r\nhello\r\n"), ("a NUL in an extension", b"5;a\0b\r\nhello\r\n"), ("an extension ended by LF", b"5;a\nhello\r\n"),
                       ("an extension that is no name", b"5;=\r\nhello\r\n"), ("a line end in a quoted extension", b'5;a="b\r\nhello"\r\nhello\r\n'),
                       ("a LF in a quoted extension", b'5;a="b\nc"\r\nhello\r\n'), ("a line end in the quoted extension of the last", b'5\r\nhello\r\n0;a="\r\n\r\nGET / HTTP/1.1"\r\n\r\n')]:
        yield last(f"chunks: {what}", chunked(body + end), 400)
    for what, trailer in [("no colon", b"X-Word\r\n"), ("a LF", b"X-Word: a\n"), ("a NUL", b"X-Word: a\0b\r\n"), ("a space before the colon", b"X-Word : a\r\n"),
                          ("a bare CR", b"X-Word: a\rb\r\n"), ("no name", b": a\r\n"), ("a request line", b"GET /health/live HTTP/1.1\r\n")]:
        yield last(f"chunks: a trailer with {what}", chunked(b"5\r\nhello\r\n0\r\n" + trailer + b"\r\n"), 400)
    yield last("chunks: trailers of 1 MiB", chunked(b"5\r\nhello\r\n0\r\n" + b"X-Word: a\r\n" * (1 << 17)), 400)
    yield last("chunks: an extension of 1 MiB", chunked(b"5;" + b"x" * (1 << 20)), 400)
    yield last("chunks: a size of sixteen F", chunked(b"FFFFFFFFFFFFFFFF\r\n" + end), 413)  # well written, and too large
    yield last("chunks: a size of more than a webhook may have", chunked(b"%x\r\nhello\r\n" % (HOOK_BODY_MAX + 1)), 413)
    yield last("chunks: noughts without end before the size", chunked(b"0" * (1 << 20)), 400)
    yield last("chunks: many small ones beyond what a GET may have", head("Transfer-Encoding: chunked") + b"1000\r\n" + (b"x" * 0x1000 + b"\r\n1000\r\n") * 257, 413)
    yield unended("chunks: an end that never comes", chunked(b"5\r\nhello\r\n"))
    yield unended("chunks: trailers that never end", chunked(b"5\r\nhello\r\n0\r\nX-Word: a\r\n"))


def messages():
    return [*request_lines(), *paths(), *headers(), *connections(), *lengths(), *codings()]
