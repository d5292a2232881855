"""The page on services, typed as it stands on this machine: users, groups, owners and modes are real, only systemd is not: service_setup_test.py WABOT SOURCE_FOLDER

It takes root and a mount namespace, in which /etc, /usr/local and /var/lib are layers over the machine's own that vanish at the end; elsewhere it exits with 77.
"""
import os
import pathlib
import stat
import subprocess
import sys
import tempfile

from docs_examples_test import REPLACED, Tools, Visit, steps_of
from wabot import Failed, Graph, Wabot, check

PAGE = "docs/services.md"
LAYERED = ["/etc", "/usr/local", "/var/lib"]
SKIPPED = 77
MODES = {"/etc/wabot": "root wabot 0750", "/etc/wabot/wabot.toml": "root wabot 0640", "/etc/wabot/wabot.key": "root wabot 0640",
         "/var/lib/wabot": "wabot wabot 0750", "/var/lib/wabot/wabot.db": "wabot wabot 0600"}
# sudo is for the user who sits there; the test is root already.
SUDO = '#!/bin/bash\nif [[ $1 == -u ]]; then exec runuser -u "$2" -- "${@:3}"; fi\nexec "$@"\n'


class RealVisit(Visit):
    replaced = {begin: how for begin, how in REPLACED.items() if "systemctl" in begin or "cmake" in begin}
    places = []


def mount(kind, folder, *options):
    """Whether that could be."""
    return subprocess.run(["mount", "-t", kind, kind, folder, *options], capture_output=True).returncode == 0


def layer(folder, upper):
    """What is written to the folder from now on goes to `upper`."""
    for part in ("changes", "work"):
        os.makedirs(f"{upper}/{part}")
    return mount("overlay", folder, "-o", f"lowerdir={folder},upperdir={upper}/changes,workdir={upper}/work")


def prepare(memory):
    """Whether this process has the machine to itself; what it writes is kept in the folder `memory`."""
    if not mount("tmpfs", memory) or not all(layer(folder, f"{memory}/{number}") for number, folder in enumerate(LAYERED)):
        return False
    subprocess.run(["rm", "-rf", "/etc/wabot", "/var/lib/wabot"], check=True)
    return True


def mode_of(path):
    info = os.stat(path)
    return f"{pathlib.Path(path).owner()} {pathlib.Path(path).group()} {stat.S_IMODE(info.st_mode):04o}"


def check_machine():
    """What the page's table says of owners and modes; and that others see nothing."""
    for path, mode in MODES.items():
        check(mode_of(path) == mode, f"{path} is {mode_of(path)}, not {mode}")
    for words in (["cat", "/etc/wabot/wabot.key"], ["/usr/local/bin/wabot", "device", "list"]):
        done = subprocess.run(["runuser", "-u", "nobody", "--", *words], capture_output=True, text=True, cwd="/", env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
        check(done.returncode != 0, f"nobody may run {' '.join(words)}:\n{done.stdout}")


def main(binary, source):
    with Wabot(binary) as wabot, Graph(wabot) as graph:
        tools = Tools(wabot, graph, source)
        os.remove(os.path.join(tools.bin, "wabot"))  # the installed one is meant
        with open(os.path.join(tools.bin, "sudo"), "w") as file:
            file.write(SUDO)
        visit = RealVisit(tools, PAGE)
        visit.environment["PATH"] = f"{tools.bin}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        del visit.environment["WABOT_CONFIG"]
        steps = list(steps_of(pathlib.Path(source, PAGE).read_text()))
        wrong = [f"{PAGE}:{step.line + 1}: $ {step.command}\n{problem}" for step, problem in visit.run(steps)]
        check(not wrong, "\n\n".join(wrong))
        check_machine()
    print(f"ok: {len(steps)} commands")


if __name__ == "__main__":
    if os.getuid() != 0 or subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        sys.exit(SKIPPED)
    if len(sys.argv) == 3:
        with tempfile.TemporaryDirectory(prefix="wabot-layers.") as folder:
            sys.exit(subprocess.run(["unshare", "--mount", sys.executable, "-B", *sys.argv, folder]).returncode)
    if not prepare(sys.argv[3]):
        sys.exit(SKIPPED)
    try:
        main(*sys.argv[1:3])
    except Failed as problem:
        print(f"FAILED: {problem}")
        sys.exit(1)
