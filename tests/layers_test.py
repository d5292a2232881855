"""Includes point one way, cli -> server -> core, and heavy libraries stay where they belong: layers_test.py SOURCE_FOLDER"""
import pathlib
import re
import sys
import tempfile
from functools import cache

MAY_INCLUDE = {"core": {"core"}, "server": {"core", "server"}, "cli": {"core", "server", "cli"}}
# What a header may show to other folders. With anything else in it, a header is private to its folder: it would cost each includer seconds.
CHEAP = ("boost/asio/any_io_executor.hpp", "boost/asio/awaitable.hpp", "boost/pfr/tuple_size.hpp", "fmt/", "nlohmann/json_fwd.hpp", "sys/")
# Who may see a library at all, as folders below src.
HOMES = {
    "boost/beast": ["server"],
    "boost/url": ["core/base", "core/channels", "core/http_client", "server"],
    "CLI/": ["cli"],
    "curl/": ["core/http_client"],
    "sqlite3.h": ["core/database"],
    "pqxx/": ["core/database"],
    "libpq-fe.h": ["core/database"],
    "re2/": ["core/base"],
    "openssl/": ["core/crypto"],
    "spdlog/": ["core/base"],
    "toml++/": ["core/config"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def faults(src):
    """One line of text for each include below `src` that should not be there."""
    files = {str(path.relative_to(src)): INCLUDE.findall(path.read_text()) for path in sorted(src.rglob("*")) if path.suffix in {".cpp", ".hpp", ".ipp"}}
    folder = lambda name: name.rpartition("/")[0]

    @cache
    def weight(header):
        """An expensive library header that including `header` brings along, or None."""
        for bracket, included in files.get(header, []):
            if bracket == "<" and ("/" in included or included.endswith(".h")) and not included.startswith(CHEAP):
                return included
            if bracket == '"' and included.endswith(".hpp") and weight(included):
                return weight(included)
        return None

    for name, includes in files.items():
        layer = name.split("/")[0]
        for bracket, included in includes:
            if bracket == "<":
                for library, homes in HOMES.items():
                    if included.startswith(library) and folder(name) not in homes and not any(name.startswith(home + "/") for home in homes):
                        yield f"{name}: <{included}> belongs in {' or '.join(homes)}"
            elif included.split("/")[0] not in MAY_INCLUDE[layer]:
                yield f'{name}: "{included}" does not belong in {layer}'
            elif included.endswith(".hpp") and folder(included) != folder(name) and weight(included):
                yield f'{name}: "{included}" brings <{weight(included)}> and is private to its folder'


def check_the_check():
    """On a tree with one fault in each file of `wrong`."""
    wrong = {"core/a.cpp": '#include "server/routes.hpp"', "server/b.cpp": '#include "cli/framework/command.hpp"', "cli/c.cpp": '#include "tests/catch.hpp"',
             "core/messaging/d.cpp": "#include <sqlite3.h>", "cli/e.cpp": "# include <boost/beast/http.hpp>", "cli/f.hpp": '#include "core/x/show.hpp"'}
    right = {"core/x/show.hpp": '#include "core/x/heavy.hpp"', "core/x/heavy.hpp": "#include <nlohmann/json.hpp>", "core/x/use.cpp": '#include "core/x/show.hpp"',
             "server/g.cpp": '#include "core/y/light.hpp"\n#include <boost/beast/http.hpp>', "core/y/light.hpp": "#include <vector>\n#include <nlohmann/json_fwd.hpp>"}
    with tempfile.TemporaryDirectory() as tree:
        for name, text in (wrong | right).items():
            path = pathlib.Path(tree, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
        seen = sorted(fault.split(":")[0] for fault in faults(pathlib.Path(tree)))
    if seen != sorted(wrong):
        sys.exit(f"the check itself is broken: it complains about {seen}")


check_the_check()
src = pathlib.Path(sys.argv[1])
found = list(faults(src))
print(*found or ["every include points the right way"], sep="\n")
sys.exit(1 if found or not any(src.rglob("*.cpp")) else 0)
