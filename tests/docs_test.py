"""Man pages and completions are those of this binary, man pages are clean and whole, and explain says what every field is: docs_test.py WABOT SOURCE_FOLDER"""
import json
import pathlib
import re
import subprocess
import sys

binary, source = sys.argv[1], pathlib.Path(sys.argv[2])
faults = []


def shown(page):
    """A page as a reader sees it."""
    return subprocess.run(["mandoc", "-T", "utf8", "-O", "width=200", page], stdout=subprocess.PIPE, check=True, timeout=60).stdout.decode()


def plain(text):
    return re.sub(".\b", "", text)


if subprocess.run([source / "scripts/docs", "--check", binary], timeout=120).returncode != 0:
    faults.append("something is not up to date")

pages = sorted(page for page in (source / "man").iterdir() if page.is_file())
lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
faults += lint.stdout.decode().splitlines()
for page in pages:
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          env={"MANWIDTH": "80", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}, timeout=120)
    faults += [f"man: {line}" for line in done.stderr.decode().splitlines()]

table = json.loads(subprocess.run([binary, "__commands"], stdout=subprocess.PIPE, check=True, timeout=60).stdout)
for command in table["commands"]:
    noun = command["path"].split()[0]
    page = source / "man" / f"wabot-{noun}.{8 if noun in ('serve', 'worker') else 1}"
    text = plain(shown(page))
    for parameter in command["parameters"] + table["globals"]:
        name = parameter["value"] if parameter["is_argument"] else parameter["name"]
        if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text):
            faults.append(f"{page.name} does not name {name}")
    for row in table["exits"]:
        if not re.search(rf"^\s*{row['code']} \({row['name']}\)", text, re.M):
            faults.append(f"{page.name} does not name exit code {row['code']}")
    for example in command["examples"]:
        if "$ " + example["line"] not in text:
            faults.append(f"{page.name} does not show {example['line']}")


def explained(*words):
    return json.loads(subprocess.run([binary, "explain", *words, "-o", "json"], stdout=subprocess.PIPE, check=True, timeout=60).stdout)


for noun in (row["noun"] for row in explained()["items"]):
    for name, field in explained(noun)["properties"].items():
        if not field.get("description"):
            faults.append(f"explain {noun}.{name} does not say what it is: {field}")

print(*faults or [f"{len(pages)} pages are right"], sep="\n")
sys.exit(1 if faults else 0)
