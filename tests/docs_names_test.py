"""README.md and docs/ name only commands, flags, settings and variables that wabot has: docs_names_test.py WABOT SOURCE_FOLDER

What is looked at is the code in running text, such as `wabot job retry`, `--filter`, `store.dir` and `WABOT_CONFIG`; blocks are typed by docs_examples_test.py.
"""
import json
import pathlib
import re
import subprocess
import sys

# Until merged: names of changes that are still being made.
UNTIL_MERGED = {"wabot message resend", "metrics.token", "security.allow_unsigned_webhooks", "WABOT_METRICS_TOKEN", "WABOT_ALLOW_UNSIGNED_WEBHOOKS"}
# Names that are not wabot's own.
FOREIGN = {"WABOT_BINARY"}

binary, source = sys.argv[1], pathlib.Path(sys.argv[2])
table = json.loads(subprocess.run([binary, "__commands"], stdout=subprocess.PIPE, check=True, timeout=60).stdout)
commands = {command["path"]: {p["name"] for p in command["parameters"]} | {p["short"] for p in command["parameters"]} for command in table["commands"]}
global_flags = {p["name"] for p in table["globals"]} | {p["short"] for p in table["globals"]}
nouns = {path.split()[0] for path in commands}
settings = {setting["name"] for setting in table["settings"]} | {setting["name"] + "_file" for setting in table["settings"] if setting["may_come_from_file"]}
sections = {name.split(".")[0] for name in settings}
variables = {name for setting in table["settings"] for name in setting["env"]} | {name for variable in table["variables"] for name in variable["name"].split(", ")}
flags = global_flags.union(*commands.values())


def path_of(words):
    """The command that the words begin with."""
    return next((path for path in (" ".join(words[:2]), words[0]) if path in commands), None)


def problems_of(code):
    words = re.sub(r"<<.*|\|.*|>\S+", "", code).split()
    if words[:1] == ["wabot"]:
        words.pop(0)
        if words and not words[0].isupper() and words[0][0] != "-" and not (len(words) == 1 and words[0] in nouns):
            path = path_of(words)
            if path is None:
                yield f"no command {' '.join(words[:2])}"
            else:
                yield from (f"{path} has no flag {word}" for word in flags_in(words) if word not in commands[path] | global_flags)
    elif " ".join(words[:2]) in commands:  # `job retry`
        yield from (f"{' '.join(words[:2])} has no flag {word}" for word in flags_in(words) if word not in commands[" ".join(words[:2])] | global_flags)
    elif words and words[0].startswith("--"):
        yield from (f"no flag {word}" for word in flags_in(words) if word not in flags)
    elif re.fullmatch(rf"({'|'.join(sections)})\.[a-z_]+", code) and code not in settings:
        yield f"no setting {code}"
    for name in re.findall(r"\b(?:WABOT|WHATSAPP)_[A-Z_]+\b", code):
        if name not in variables | FOREIGN and name.removesuffix("_FILE") not in variables:
            yield f"no variable {name}"


def flags_in(words):
    return [word.split("=")[0].split("[")[0].split("|")[0] for word in words if re.match(r"--?[a-z]", word)]


index = (source / "docs/README.md").read_text()
faults, seen = [f"docs/README.md does not name {noun}" for noun in sorted(nouns) if f"`{noun}`" not in index], 0
for page in [source / "README.md", *sorted((source / "docs").glob("*.md"))]:
    text = re.sub(r"^ *```.*?^ *```$", lambda block: "\n" * block[0].count("\n"), page.read_text(), flags=re.M | re.S)
    for number, line in enumerate(text.splitlines(), 1):
        for code in re.findall(r"`([^`]+)`", line):
            seen += 1
            if not any(name in code for name in UNTIL_MERGED):
                faults += [f"{page.relative_to(source)}:{number}: `{code}`: {problem}" for problem in problems_of(code.replace("\\|", "|"))]
print(*faults or [f"{seen} names are known"], sep="\n")
sys.exit(1 if faults else 0)
