"""No secret is to be read anywhere but where it was put, whatever is done and whatever goes wrong; and no process leaves a core: canaries_test.py WABOT

Every secret that wabot takes is planted, in each way that it takes it, as a text that stands nowhere else. Then commands, a server and a worker go through
what they have, good and bad, against a provider that tells in its errors whatever it was sent. All that they say is searched, and the bytes of the store.
"""
import base64
import ctypes
import http.server
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import urllib.parse
import urllib.request

from wabot import Wabot, check, deliver, post, until, text_message, wamid, webhook

planted = {}  # name -> text
said = []  # (where, bytes)


def plant(name, text=None):
    """A secret; each is unlike every other text."""
    planted[name] = text or f"canary{len(planted):02}x" + os.urandom(12).hex()
    return planted[name]


def plant_key(name):
    return plant(name, os.urandom(32).hex())


def plant_number(name):
    return plant(name, f"1202555{int.from_bytes(os.urandom(2), 'big') % 9000 + 1000}")


def forms(text):
    """How it might be shown."""
    raw_bytes = text.encode()
    yield raw_bytes
    if len(text) > 9:
        yield raw_bytes.hex().encode()
        for shift in range(3):
            coded = base64.b64encode(b"\0" * shift + raw_bytes)
            yield coded[-(-shift * 8 // 6):(shift + len(raw_bytes)) * 8 // 6]
        if len(text) == 64 and not text.startswith("canary"):
            yield bytes.fromhex(text)  # a key as it is used


def search(places, but=()):
    found = []
    for where, raw_bytes in places:
        for name, text in planted.items():
            if name in but:
                continue
            for form in forms(text):
                at = raw_bytes.find(form)
                if at >= 0:
                    found.append(f"{where} tells {name}: {raw_bytes[max(0, at - 150):at + len(form) + 20]!r}")
    check(not found, f"{len(found)} hits\n" + "\n".join(found[:20]))


def tell(wabot, *words, config=None, codes=range(0, 15), **env):
    """Runs a command for what it says, whether or not it succeeds."""
    done = subprocess.run([wabot.binary, *words, "-c", config or f"{wabot.dir}/wabot.toml", "--no-input"], env={**wabot.env, **env}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    check(done.returncode in codes, f"{' '.join(words)} ends with {done.returncode}: {done.stdout.decode()}")
    said.append((f"{' '.join(words)} with {sorted(env)}", done.stdout))
    return done.stdout


class Echo(http.server.BaseHTTPRequestHandler):
    """A provider that refuses everything and says why in too many words."""
    answers = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        check(token in planted.values(), f"the token is sent: {token}")
        code, status = [(190, 401), (100, 400), (131009, 400), (2, 503), (131026, 400)][Echo.answers % 5]
        Echo.answers += 1
        text = f"Error validating access token {token} in {self.path}: {self.headers} {body.decode(errors='replace')}"
        raw_bytes = json.dumps({"error": {"message": text, "type": f"OAuth {token}", "code": code, "error_data": {"details": text}, "fbtrace_id": token}}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw_bytes)))
        self.end_headers()
        self.wfile.write(raw_bytes)

    do_GET = do_POST

    def log_message(self, *_):
        pass


def settings_of_every_way(wabot):
    """(setting, variable, its secret) in each way: what config show, config check, doctor and a command that fails make of it."""
    kinds = [("security.master_key", "WABOT_MASTER_KEY", plant_key), ("whatsapp.access_token", "WHATSAPP_ACCESS_TOKEN", plant),
             ("whatsapp.app_secret", "WHATSAPP_APP_SECRET", plant), ("whatsapp.verify_token", "WHATSAPP_VERIFY_TOKEN", plant), ("metrics.token", "WABOT_METRICS_TOKEN", plant),
             ("database.url", "DATABASE_URL", lambda name: f"postgresql://ana:{plant(name)}@127.0.0.1:1/nowhere?password={plant(name + ' again')}")]
    for way in ("environment", "file", "env file", "toml", "toml file", "credential"):
        toml, env, dotenv, folder = "", {}, "", os.path.join(wabot.scratch, f"by {way}")
        os.makedirs(folder)
        for setting, variable, make in kinds:
            text = make(f"{setting} by {way}")
            table, key = setting.split(".")
            file = os.path.join(folder, variable)
            with open(file, "w") as out:
                out.write(text + "\n")
            os.chmod(file, 0o600)
            if way == "environment":
                env[variable] = text
            elif way == "file":
                env[variable + "_FILE"] = file
            elif way == "env file":
                dotenv += f"{variable}='{text}'\n"
            elif way == "toml":
                toml += f'[{table}]\n{key} = "{text}"\n' if table != "whatsapp" or "[whatsapp]" not in toml else f'{key} = "{text}"\n'
            elif way == "toml file":
                toml += f'[{table}]\n{key}_file = "{file}"\n' if table != "whatsapp" or "[whatsapp]" not in toml else f'{key}_file = "{file}"\n'
            else:
                env["CREDENTIALS_DIRECTORY"] = folder
        config = wabot.file(f"{way}.toml", toml)
        flags = ["--env-file", wabot.file(f"{way}.env", dotenv)] if dotenv else []
        shown = tell(wabot, "config", "show", "--origin", *flags, config=config, **env, codes=(0,)).decode()
        check(shown.count("sha256:") == 5 and "••••••@127.0.0.1:1/nowhere" in shown, f"by {way} they are set: {shown}")
        for words in (["config", "show", "-o", "json"], ["config", "check"], ["doctor", "config", "database", "key"], ["device", "list", "-vv", "--log-format", "json"],
                      ["migrate", "status", "-vv"], ["worker", "--until-empty"]):
            tell(wabot, *words, *flags, config=config, **env)
        # And beside a fault that is told of.
        bad = wabot.file(f"{way}-bad.toml", toml + "\n[odd]\nkey = 1\n")
        tell(wabot, "config", "check", bad, *flags, **env, codes=(6,))
    for setting, value in [("master_key", plant("a bad master key")), ("master_key", plant_key("a master key with more") + "0")]:
        tell(wabot, "config", "check", wabot.file("key.toml", f'[security]\n{setting} = "{value}"\n'))
        tell(wabot, "config", "show", WABOT_MASTER_KEY=value, codes=(6,))
    tell(wabot, "config", "check", wabot.file("quote.toml", f'[security]\nmaster_key = "{plant("an open quote")}\n'), codes=(6,))
    tell(wabot, "config", "check", wabot.file("type.toml", f'[server]\nport = "{plant("a secret in the wrong place")}"\n'), codes=(6,))
    tell(wabot, "config", "show", "--env-file", wabot.file("quote.env", f"WHATSAPP_APP_SECRET='{plant('an open quote in an env file')}\n"), codes=(6,))


def devices(wabot, url):
    for key, number in (("shop", "200000000000001"), ("other", "200000000000002")):
        words = ["device", "create", key, "--kind", "whatsapp", "--no-verify", "--agent", "echo", "--option", f"phone_number_id={number}", "--option", f"graph_url={url}",
                 "--option", "rate_per_s=0", "--option", "loop_limit=0"]
        for name in ("access_token", "app_secret", "verify_token"):
            words += ["--secret-from", f"{name}={wabot.file(name, plant(f'{name} of {key}'))}"]
        tell(wabot, *words, "-o", "json", "-vv", codes=(0,))
    from_stdin = plant("app_secret from stdin")
    for how, codes in (([], (4, 8, 12)), (["--no-verify"], (0,))):  # the provider is asked, and tells; it is not
        given = subprocess.run([wabot.binary, "device", "update", "other", "--secret-from", "app_secret=-", "-c", f"{wabot.dir}/wabot.toml", "-vv", *how], env=wabot.env,
                               input=from_stdin.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        check(given.returncode in codes, f"a secret from stdin: exit {given.returncode}: {given.stdout}")
        said.append(("device update from stdin", given.stdout))
    for name, text in (("with a blank", "a blank"), ("with a control character", "a\x07bell")):
        tell(wabot, "device", "update", "other", "--secret-from", f"access_token={wabot.file('bad', plant(name) + text)}", codes=(6,))
    tell(wabot, "device", "update", "other", "--secret-from", f"acces_token={wabot.file('bad', plant('of a wrong name'))}", codes=(6,))


def get(wabot, target):
    try:
        with urllib.request.urlopen(f"http://{wabot.address[0]}:{wabot.address[1]}{target}", timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()


def traffic(wabot, number):
    """Webhooks of each kind, and what is asked beside them."""
    secret = planted["app_secret of shop"]
    words = plant("text of a message")
    for i in range(6):
        deliver(wabot, webhook(text_message(number, wamid(number, f"T{i}"), f"{words} {i}")), app_secret=secret)
    check(post(wabot, webhook(text_message(number, wamid(number, "FORGED"), words)), app_secret=plant("a wrong app secret")) == 401, "a forged webhook is refused")
    deliver(wabot, f'{{"broken": "{words} {number}'.encode(), app_secret=secret)
    deliver(wabot, webhook(text_message(number, wamid(number, "NOBODY"), words), number_id="200000000000009"), app_secret=secret)
    deliver(wabot, webhook(statuses=[{"id": wamid(number, "X"), "status": "failed", "recipient_id": number, "errors": [{"code": 131026, "title": f"No {number}"}]}]),
            app_secret=secret)
    for token, status in ((planted["verify_token of shop"], 200), (plant("a wrong verify token"), 403), (plant("a verify token, twice") + "&hub.verify_token=x", 403)):
        query = f"hub.mode=subscribe&hub.challenge=17&hub.verify_token={token}"
        answer = get(wabot, f"/webhooks/whatsapp?{query}")
        check(answer[0] == status, f"a verification: {answer}")
        said.append(("a verification", answer[1]))
    for target in ("/health", "/ready", "/metrics", "/", f"/nowhere?token={planted['a wrong verify token']}", "/webhooks/whatsapp/nobody"):
        said.append((target, get(wabot, target)[1]))


def look(wabot):
    """Every command that shows something, in several forms."""
    for words in (["device", "list"], ["device", "get", "shop"], ["device", "events"], ["agent", "list"], ["contact", "list"], ["conversation", "list"], ["message", "list"],
                  ["event", "list"], ["job", "list"], ["queue", "list"], ["audit", "list"], ["file", "list"], ["template", "list"], ["retention", "show"], ["config", "show"],
                  ["doctor"], ["tail", "--no-follow", "-N", "1000"], ["version"], ["explain", "device"], ["explain", "message"], ["migrate", "status"]):
        forms_of = ("jsonl", "table") if words[0] == "tail" else ("json", "table")
        for form in forms_of:
            tell(wabot, *words, "-o", form, "-vv", codes=(0, 1))
    for kind in ("event", "audit"):
        rows = wabot.rows(kind, "list")
        check(rows, f"{kind} list shows something")
        for row in rows[:5]:
            tell(wabot, kind, "get", str(row["id"]), "-o", "json")
    for row in wabot.rows("job", "list")[:8]:
        tell(wabot, "job", "get", row["id"] if isinstance(row["id"], str) else str(row["id"]), "-o", "json")
    for shell in ("bash", "zsh", "fish"):
        tell(wabot, "completion", shell, codes=(0,))
    for line in (["device", "get", ""], ["device", "update", "shop", "--secret-from", ""], ["config", "show", "whatsapp."], ["contact", "get", ""]):
        said.append(("completion", subprocess.run([wabot.binary, "__complete", "--", *line], env={**wabot.env, "WABOT_CONFIG": f"{wabot.dir}/wabot.toml"}, stdin=subprocess.DEVNULL,
                                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60).stdout))
    tell(wabot, "trigger", "whatsapp.message.text", "--device", "shop", "--to-url", f"http://{wabot.address[0]}:{wabot.address[1]}/webhooks/whatsapp", "-vv")
    tell(wabot, "trigger", "whatsapp.message.text", "--device", "shop", "--to-url", f"http://{wabot.address[0]}:{wabot.address[1]}/webhooks/whatsapp", "--bad-signature", "-vv")
    tell(wabot, "message", "send", "+" + planted["number of a recipient"], "--device", "shop", "--text", planted["text of a message"], "--idempotency-key",
         plant("an idempotency key"), "-vv", "-o", "none")


def command_lines(wabot):
    for process in wabot.processes:
        if process.is_alive():
            with open(f"/proc/{process.process.pid}/cmdline", "rb") as file:
                yield f"the command line of {process.process.pid}", file.read()


def files(folder):
    for path, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(path, name), "rb") as file:
                yield os.path.join(path, name), file.read()


def dies_without_a_core(wabot):
    """Of a server that is killed as a fault would kill it, beside a process that does leave one."""
    def allow_cores():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    folder = os.path.join(wabot.scratch, "cores")
    os.makedirs(folder)
    control = subprocess.Popen([sys.executable, "-c", "import os; os.abort()"], preexec_fn=allow_cores, cwd=folder, stderr=subprocess.DEVNULL)
    leaves_core = os.WCOREDUMP(os.waitpid(control.pid, 0)[1])
    victim = subprocess.Popen([wabot.binary, "serve", "--listen", "127.0.0.1:0", "--workers", "1", "-c", f"{wabot.dir}/wabot.toml"], env=wabot.env, preexec_fn=allow_cores,
                              cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    for line in victim.stderr:
        if b"serves http" in line:
            break
    made = set(os.listdir(folder))
    owner = os.stat(f"/proc/{victim.pid}/mem").st_uid
    victim.send_signal(signal.SIGABRT)  # which no sanitizer takes for itself
    victim.stderr.read()
    status = os.waitpid(victim.pid, 0)[1]
    check(os.WIFSIGNALED(status) and not os.WCOREDUMP(status) and set(os.listdir(folder)) == made, "a process that holds keys leaves no core")
    print(f"core of a plain process: {leaves_core}, of wabot: {os.WCOREDUMP(status)}; /proc/PID/mem belongs to {owner}")


def is_dumpable(wabot):
    """In builds that search for leaks they are: there the search attaches to the process."""
    with open(wabot.binary, "rb") as file:
        return b"__asan_init" in file.read()


provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
threading.Thread(target=provider.serve_forever, daemon=True).start()
with Wabot(sys.argv[1], WABOT_SEND_ATTEMPTS="2", WABOT_UNCERTAIN_WINDOW="1s") as wabot:
    wabot.init()
    key_file = next(path for path, raw_bytes in files(wabot.dir) if len(raw_bytes.strip()) == 64)
    with open(key_file) as file:
        planted["the store's master key"] = file.read().strip()
    settings_of_every_way(wabot)
    wabot.echo_agent()
    devices(wabot, f"http://127.0.0.1:{provider.server_port}")
    number = plant_number("number of a contact")
    plant_number("number of a recipient")

    for form, process in (("json", "serve"), ("text", "worker")):
        wabot.env.update(WABOT_LOG="debug", WABOT_LOG_FORMAT=form, AI_MESSAGE_LOGS_FOLDER=os.path.join(wabot.scratch, f"logs of {process}"))
        wabot.serve("--workers", "0") if process == "serve" else wabot.start("worker")
    traffic(wabot, number)
    until("refusals", lambda: Echo.answers >= 3)
    wabot.env.update(WABOT_LOG="warning")
    look(wabot)
    said.extend(command_lines(wabot))
    check(len(said) > 100 and len(planted) >= 40, f"{len(planted)} secrets were planted and {len(said)} answers read")
    store = [*files(wabot.dir), *wabot.store.dump()]
    for process in wabot.processes:
        process.stop()
        said.append((process.log, process.text().encode()))
    for folder in ("logs of serve", "logs of worker"):
        said.extend(files(os.path.join(wabot.scratch, folder)))
    # A text is what a store is for, and people look for it there.
    texts = ("text of a message",)
    talk = [(where, raw_bytes) for where, raw_bytes in said if not any(word in where for word in ("message list", "message get", "conversation list", "tail", "event get"))]
    search(talk)
    search(said, but=texts)
    search([(where, raw_bytes) for where, raw_bytes in [*store, *files(wabot.dir)] if where != key_file], but=(*texts, "an idempotency key"))
    check(any(planted["text of a message"].encode() in raw_bytes for _, raw_bytes in store), "the search finds what is there")
    if not is_dumpable(wabot):
        dies_without_a_core(wabot)
    print(f"{len(planted)} secrets, {len(said)} answers of {sum(len(raw_bytes) for _, raw_bytes in said)} bytes, {sum(len(raw_bytes) for _, raw_bytes in store)} of the store: 0 hits")
provider.shutdown()
