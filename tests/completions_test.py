"""The completions in real shells, each in a terminal of its own: completions_test.py WABOT SOURCE_FOLDER"""
import os
import pathlib
import pty
import re
import select
import sqlite3
import subprocess
import sys
import tempfile
import time

PATIENCE = 30.0
TRIES = 5  # what takes over 50 ms is not answered: on a busy machine that happens
NAMES = ["Ada Lovelace", "O'Brien \"Bob\"", "$HOME money", "-dash", "new\nline", "🦊 Fox", "back\\slash", "Twin", "Twin", "Zoë: x", "50% & (more)", "Quiet`cmd`"]

# What is typed before TAB, and the words that are there after it; None = the line stays as it is.
CASES = [
    ("wabot dev", ["device"]),
    ("wabot conv", ["conversation"]),
    ("wabot device ge", ["device", "get"]),
    ("wabot devices ge", ["devices", "get"]),
    ("wabot device xy", None),
    ("wabot xyz", None),
    ("wabot device get sh", ["device", "get", "shop"]),
    ("wabot -q device get sh", ["-q", "device", "get", "shop"]),
    ("wabot device -q get sh", ["device", "-q", "get", "shop"]),
    ("wabot device get nosuch", None),
    ("wabot device get shop ", None),
    ("wabot device create x --ki", ["device", "create", "x", "--kind"]),
    ("wabot device create x --kind wh", ["device", "create", "x", "--kind", "whatsapp"]),
    ("wabot device create x --kind=wh", ["device", "create", "x", "--kind=whatsapp"]),
    ("wabot device list --kind wh", ["device", "list", "--kind", "whatsapp"]),
    ("wabot device list -o jsonl --kind=wh", ["device", "list", "-o", "jsonl", "--kind=whatsapp"]),
    ("wabot device list --no-head", ["device", "list", "--no-header"]),
    ("wabot device list -o na", ["device", "list", "-o", "name"]),
    ("wabot -o ts", ["-o", "tsv"]),
    ("wabot agent get fa", ["agent", "get", "faq"]),
    ("wabot agent attach faq sh", ["agent", "attach", "faq", "shop"]),
    ("wabot agent list --device=sh", ["agent", "list", "--device=shop"]),
    ("wabot contact get Ada", ["contact", "get", "Ada Lovelace"]),
    ("wabot contact get Ada\\ L", ["contact", "get", "Ada Lovelace"]),
    ("wabot contact get \"Ada L", ["contact", "get", "Ada Lovelace"]),
    ("wabot contact get 'Ada L", ["contact", "get", "Ada Lovelace"]),
    ("wabot contact get Lovel", ["contact", "get", "Ada Lovelace"]),
    ("wabot contact get O", ["contact", "get", "O'Brien \"Bob\""]),
    ("wabot contact get \\$HO", ["contact", "get", "$HOME money"]),
    ("wabot contact get '$HO", ["contact", "get", "$HOME money"]),
    ("wabot contact get 🦊", ["contact", "get", "🦊 Fox"]),
    ("wabot contact get back", ["contact", "get", "back\\slash"]),
    ("wabot contact get 50", ["contact", "get", "50% & (more)"]),
    ("wabot contact get Quiet", ["contact", "get", "Quiet`cmd`"]),
    ("wabot queue pause tu", ["queue", "pause", "turn"]),
    ("wabot config show server.p", ["config", "show", "server.port"]),
    ("wabot help exit", ["help", "exit-codes"]),
    ("wabot help device cr", ["help", "device", "create"]),
    ("wabot explain templ", ["explain", "template"]),
    ("wabot ignore delete 77", ["ignore", "delete", "771"]),
    ("wabot agent create x --rules-file ru", ["agent", "create", "x", "--rules-file", "rules file.json"]),
    ("wabot completion zs", ["completion", "zsh"]),
]


class Failed(Exception):
    pass


class Shell:
    """One shell, in which a key prints the line that stands there and clears it."""

    def __init__(self, name, environment, folder, script):
        self.name = name
        start = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"], "fish": ["fish", "--no-config", "-i"]}[name]
        prepare = {
            "bash": f"PS1=; bind 'set enable-bracketed-paste off'; show() {{ printf '\\n<<%s>>\\n' \"$READLINE_LINE\"; READLINE_LINE=; }}; "
                    f"bind -x '\"\\C-xp\": show'; source '{script}'; echo re''ady",
            "zsh": f"PS1=; unsetopt prompt_cr zle_bracketed_paste; autoload -U compinit; compinit -u -D; source '{script}'; show() {{ zle -I; print -r -- $'\\n'\"<<$BUFFER>>\"; "
                   f"BUFFER=; }}; zle -N show; bindkey '^Xp' show; echo re''ady",
            "fish": f"function fish_prompt; end; function fish_greeting; end; set -g fish_autosuggestion_enabled 0; "
                    f"bind \\cxp 'printf \"\\n<<%s>>\\n\" (commandline); commandline \"\"'; source '{script}'; echo re''ady",
        }[name]
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(start[0], start, environment)
        self.seen = ""
        self.send(prepare + "\r")
        self.wait_for("ready")

    def send(self, text):
        os.write(self.terminal, text.encode())

    def wait_for(self, pattern):
        """The match of what is printed, which is forgotten up to there."""
        end = time.monotonic() + PATIENCE
        while True:
            found = re.search(pattern, self.seen, re.S)
            if found:
                self.seen = self.seen[found.end():]
                return found
            if not select.select([self.terminal], [], [], max(0, end - time.monotonic()))[0]:
                raise Failed(f"{self.name}: no {pattern!r} in {self.seen[-500:]!r}")
            self.seen += os.read(self.terminal, 65536).decode(errors="replace")
            if "\x1b[0c" in self.seen or "\x1b[c" in self.seen:
                self.seen = self.seen.replace("\x1b[0c", "").replace("\x1b[c", "")
                self.send("\x1b[?6c")

    def completed(self, typed):
        self.send(typed + "\t\x18p")
        return self.wait_for("<<(.*?)>>\r?\n").group(1).replace("\r\n", "\n")

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


def words_of(shell, line, environment):
    """The words that the shell makes of a line, without the first."""
    show = {"bash": ["bash", "--norc", "-c"], "zsh": ["zsh", "-f", "-c"], "fish": ["fish", "--no-config", "-c"]}[shell]
    done = subprocess.run([*show, "printf '%s\\0' " + line], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, timeout=PATIENCE)
    return done.stdout.decode().split("\0")[1:-1] if done.returncode == 0 else None


def prepare(wabot, folder, environment):
    run = lambda *words: subprocess.run([wabot, *words], check=True, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
    run("init", "--demo")
    run("device", "create", "shop", "--kind", "sim")
    run("ignore", "create", "--keyword", "lottery", "--device", "shop")
    db = sqlite3.connect(f"{folder}/wabot.db")
    columns = [row[1] for row in db.execute("PRAGMA table_info(contacts)") if row[1] != "id"]
    db.execute("DELETE FROM contacts WHERE id > 1 AND id NOT IN (SELECT contact_id FROM conversations)")
    for name in NAMES:
        chosen = ", ".join("?" if column == "name" else column for column in columns)
        db.execute(f"INSERT INTO contacts ({', '.join(columns)}) SELECT {chosen} FROM contacts WHERE id = 1", (name,))
    db.execute("UPDATE contacts SET name = NULL WHERE id = 1")
    db.execute("UPDATE ignore_rules SET id = 771")
    db.commit()
    db.close()
    pathlib.Path(folder, "rules file.json").write_text("[]")


def ten_thousand(wabot, folder, environment):
    """How long an answer over 10,000 contacts takes; and that it is there."""
    db = sqlite3.connect(f"{folder}/wabot.db")
    columns = [row[1] for row in db.execute("PRAGMA table_info(contacts)") if row[1] != "id"]
    chosen = ", ".join("'Person ' || n" if column == "name" else column for column in columns)
    db.execute(f"WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000) "
               f"INSERT INTO contacts ({', '.join(columns)}) SELECT {chosen} FROM contacts, numbers WHERE contacts.id = 1")
    db.commit()
    db.close()
    took, answers = [], []
    for _ in range(20):
        begin = time.monotonic()
        done = subprocess.run([wabot, "__complete", "--", "contact", "get", "Person 99"], env=environment, cwd=folder, capture_output=True, timeout=PATIENCE)
        took.append((time.monotonic() - begin) * 1000)
        if done.returncode != 0 or done.stderr:
            raise Failed(f"__complete ended with {done.returncode} and said {done.stderr!r}")
        answers.append(len(done.stdout.splitlines()))
    print(f"10,000 contacts: {min(took):.1f} ms at best, {sorted(took)[10]:.1f} ms in the middle; answered {sum(a > 1 for a in answers)} of 20")
    if max(answers) < 100:
        raise Failed(f"no full answer over 10,000 contacts within the time: {answers}")
    if sorted(took)[10] > 500:
        raise Failed("an answer takes half a second")


def main(wabot, source):
    wabot = pathlib.Path(wabot).resolve()
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": f"{wabot.parent}:/usr/bin:/bin", "HOME": folder, "LANG": "C.UTF-8", "TERM": "xterm"}
        prepare(wabot, folder, environment)
        for shell, script in {"bash": "wabot.bash", "zsh": "_wabot", "fish": "wabot.fish"}.items():
            session = Shell(shell, environment, folder, pathlib.Path(source, "completions", script).resolve())
            for typed, expected in CASES:
                for _ in range(TRIES):
                    line = session.completed(typed)
                    right = line.strip() == typed.strip() if expected is None else words_of(shell, line, environment) == expected
                    if right:
                        break
                if not right:
                    failures += 1
                    print(f"{shell}: {typed!r} became {line!r}, not {expected or typed!r}")
            session.close()
        print(f"{3 * len(CASES)} cases, {failures} failed")
        ten_thousand(wabot, folder, environment)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
