"""Includes point one way, cli -> server -> core, and heavy libraries stay where they belong: layers_test.py SOURCE_FOLDER"""
import pathlib
import re
import sys
import tempfile

MAY_INCLUDE = {"core": {"core"}, "server": {"core", "server"}, "cli": {"core", "server", "cli"}}
# What a header of ours may show its includers; everything else costs each of them seconds.
CHEAP = ("boost/asio/any_io_executor.hpp", "boost/asio/awaitable.hpp", "boost/pfr/tuple_size.hpp", "fmt/", "nlohmann/json_fwd.hpp")
# Who may see a library at all, as folders or files below src.
HOMES = {
    "boost/beast": ["server"],
    "boost/url": ["server", "core/http_client", "core/base", "core/channels"],
    "CLI/": ["cli"],
    "curl/": ["core/http_client"],
    "sqlite3.h": ["core/database"],
    "re2/": ["core/agents"],
    "openssl/": ["core/base"],
    "prometheus/": ["core/telemetry"],
    "spdlog/": ["core/base"],
    "toml++/": ["core/base"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def faults(src):
    """One line of text for each include below `src` that should not be there."""
    for file in sorted(path for path in src.rglob("*") if path.suffix in {".cpp", ".hpp", ".ipp"}):
        name = file.relative_to(src)
        for bracket, included in INCLUDE.findall(file.read_text()):
            layer = included.split("/")[0]
            if bracket == '"':
                if layer not in MAY_INCLUDE[name.parts[0]]:
                    yield f'{name}: "{included}" does not belong in {name.parts[0]}'
                continue
            if file.suffix == ".hpp" and ("/" in included or included.endswith(".h")) and not included.startswith(CHEAP + ("sys/",)):
                yield f"{name}: <{included}> is too much for a header; move it into the .cpp"
            for library, homes in HOMES.items():
                if included.startswith(library) and not any(str(name).startswith(home) for home in homes):
                    yield f"{name}: <{included}> belongs in {' or '.join(homes)}"


def finds_what_it_should():
    """The check itself, on a tree with one fault a file."""
    wrong = {"core/a.cpp": '#include "server/routes.hpp"', "server/b.cpp": '#include "cli/command.hpp"', "cli/c.cpp": '#include "tests/catch.hpp"',
             "core/d.hpp": "#include <nlohmann/json.hpp>", "core/messaging/e.cpp": "#include <sqlite3.h>", "cli/f.cpp": "# include <boost/beast/http.hpp>"}
    right = {"server/g.cpp": '#include "core/base/error.hpp"\n#include <boost/beast/http.hpp>', "core/h.hpp": "#include <vector>\n#include <nlohmann/json_fwd.hpp>"}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (wrong | right).items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
        found = {fault.split(":")[0] for fault in faults(pathlib.Path(folder))}
        return found == set(wrong)


if not finds_what_it_should():
    sys.exit("the check no longer sees wrong includes")
src = pathlib.Path(sys.argv[1])
found = list(faults(src))
print(*found or ["every include points the right way"], sep="\n")
sys.exit(1 if found or not list(src.rglob("*.cpp")) else 0)
