"""Includes point one way: cli -> server -> core, inside each of them from higher levels to lower ones, and heavy libraries stay where they belong:
layers_test.py SOURCE_FOLDER"""
import pathlib
import re
import sys
import tempfile
from functools import cache

MAY_INCLUDE = {"core": {"core"}, "server": {"core", "server"}, "cli": {"core", "server", "cli"}}
# A folder includes itself and folders of a lower level. A folder that is not listed belongs to the one above it.
LEVELS = {
    "core/base": 0,
    "core/crypto": 1, "core/http_client": 1, "core/telemetry": 1, "core/database": 1,
    "core/audit": 2, "core/config": 2,
    "core/changes": 3,
    "core/queue": 4, "core/inbox": 4, "core/files": 4,
    "core/devices": 5, "core/retention": 5,
    "core/contacts": 6,
    "core/channels": 7, "core/agents": 7,
    "core/messaging": 8, "core/messaging/sending": 9, "core/messaging/answering": 10, "core/messaging/receiving": 10,
    "core/worker": 11,
    "core/operations": 12,
    "server/http": 0, "server": 1,
    "cli/output": 0, "cli/framework": 1, "cli/help": 2, "cli/commands": 2, "cli/service": 2, "cli": 3,
}
SHARED = {"cli/commands.hpp"}  # declares what the folders below it define
# Who may include what is in a folder, beside the folder itself: as files or folders below src.
PRIVATE = {
    "core/config": ["cli"],
    "core/channels/sim": ["core/channels/open_channel.cpp", "server/webhooks", "cli/commands"],
    "core/channels/whatsapp": ["core/channels/open_channel.cpp", "server/webhooks", "cli/commands"],
}
# The headers of core that show coroutines, which cost each includer half a second.
COROUTINES = {
    "core/agents/": ["responder", "selection", "agent_cache", "rule_based"],
    "core/base/": ["blocking", "timers"],
    "core/channels/": ["channel", "media_source", "open_channel", "sim/sim", "whatsapp/check_account", "whatsapp/whatsapp", "whatsapp/media"],
    "core/database/": ["database", "task", "task_queue"],
    "core/files/": ["blob_cleanup", "blob_store"],
    "core/http_client/": ["curl_loop", "curl_transfer", "http_client"],
    "core/inbox/": ["append_queue"],
    "core/messaging/": ["answering/turns", "answering/immediate_turns", "receiving/fetch_media", "receiving/inbox_drain", "sending/read_receipts"],
    "core/operations/": ["service_warnings", "store_probe"],
    "core/queue/": ["job_handler"],
    "core/retention/": ["retention"],
    "core/worker/": ["file_uploader", "job_kinds", "send_dispatcher", "signal", "tools", "worker", "worker_context", "worker_pool"],
}
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
HEADERS = (".hpp", ".ipp")


def is_below(name, place):
    return name == place or name.startswith(place + "/")


def room_of(name):
    """The folder of LEVELS that a file belongs to."""
    folder = name.rpartition("/")[0]
    while folder and folder not in LEVELS:
        folder = folder.rpartition("/")[0]
    return folder


def points_up(name, included):
    """Whether a file includes one of a level that is not below its own."""
    here, there = room_of(name), room_of(included)
    if here.split("/")[0] != there.split("/")[0] or here == there or included in SHARED:
        return False
    return LEVELS[there] >= LEVELS[here]


def faults(src, coroutines=COROUTINES):
    """One line of text for each include below `src` that should not be there."""
    files = {str(path.relative_to(src)): INCLUDE.findall(path.read_text()) for path in sorted(src.rglob("*")) if path.suffix in {".cpp", *HEADERS}}
    folder = lambda name: name.rpartition("/")[0]
    may_show_coroutines = {f"{place}{header}.hpp" for place, headers in coroutines.items() for header in headers}

    @cache
    def weight(header):
        """An expensive library header that including `header` brings along, or None."""
        for bracket, included in files.get(header, []):
            if bracket == "<" and ("/" in included or included.endswith(".h")) and not included.startswith(CHEAP):
                return included
            if bracket == '"' and included.endswith(HEADERS) and weight(included):
                return weight(included)
        return None

    @cache
    def shows_coroutines(header):
        return any(included == "boost/asio/awaitable.hpp" or (bracket == '"' and shows_coroutines(included)) for bracket, included in files.get(header, []))

    for name, includes in files.items():
        layer = name.split("/")[0]
        if layer == "core" and not room_of(name):
            yield f"{name}: its folder has no level"
        if layer == "core" and name.endswith(HEADERS) and shows_coroutines(name) and name not in may_show_coroutines:
            yield f"{name}: shows coroutines and is not among the headers that may"
        for bracket, included in includes:
            if bracket == "<":
                for library, homes in HOMES.items():
                    if included.startswith(library) and not any(is_below(name, home) for home in homes):
                        yield f"{name}: <{included}> belongs in {' or '.join(homes)}"
                continue
            if included.split("/")[0] not in MAY_INCLUDE[layer]:
                yield f'{name}: "{included}" does not belong in {layer}'
            elif points_up(name, included):
                yield f'{name}: "{included}" is not below {room_of(name)}'
            elif included.endswith(HEADERS) and folder(included) != folder(name) and weight(included):
                yield f'{name}: "{included}" brings <{weight(included)}> and is private to its folder'
            for place, includers in PRIVATE.items():
                if is_below(included, place) and not any(is_below(name, one) for one in [place, *includers]):
                    yield f'{name}: "{included}" is for {" and ".join(includers)} only'
    for header in sorted(may_show_coroutines):
        if not shows_coroutines(header):
            yield f"{header}: does not show coroutines and need not be among the headers that may"


def check_the_check():
    """On a tree with one fault in each file of `wrong`."""
    wrong = {
        "core/base/a.cpp": '#include "server/routes.hpp"', "server/b.cpp": '#include "cli/run.hpp"', "cli/c.cpp": '#include "tests/catch.hpp"',
        "core/messaging/d.cpp": "#include <sqlite3.h>", "cli/e.cpp": "# include <boost/beast/http.hpp>", "cli/f.hpp": '#include "core/telemetry/show.hpp"',
        "core/queue/g.cpp": '#include "core/messaging/lanes.hpp"',         # a higher level
        "core/queue/h.cpp": '#include "core/inbox/inbox.hpp"',             # the same level
        "core/messaging/i.cpp": '#include "core/messaging/sending/sends.hpp"',
        "core/messaging/answering/j.cpp": '#include "core/messaging/receiving/drain.hpp"',
        "core/worker/k.cpp": '#include "core/config/settings.hpp"',
        "core/channels/l.cpp": '#include "core/channels/whatsapp/codes.hpp"',
        "core/agents/m.hpp": '#include "core/base/async.hpp"',             # shows coroutines by way of another
        "core/new_room/n.cpp": "#include <vector>",                        # no level
        "core/telemetry/o.cpp": '#include "core/database/inline.hpp"',     # heavy by way of an .ipp
        "server/http/p.cpp": '#include "server/services.hpp"',
        "cli/output/q.cpp": '#include "cli/framework/runtime.hpp"', "cli/framework/r.cpp": '#include "cli/help/help.hpp"',
        "cli/commands/s.cpp": '#include "cli/service/serve.hpp"', "cli/service/t.cpp": '#include "cli/run.hpp"',
    }
    right = {
        "core/telemetry/show.hpp": '#include "core/telemetry/heavy.hpp"', "core/telemetry/heavy.hpp": "#include <nlohmann/json.hpp>",
        "core/telemetry/use.cpp": '#include "core/telemetry/show.hpp"',
        "server/g.cpp": '#include "core/base/light.hpp"\n#include <boost/beast/http.hpp>', "core/base/light.hpp": "#include <vector>\n#include <nlohmann/json_fwd.hpp>",
        "core/base/async.hpp": "#include <boost/asio/awaitable.hpp>", "core/agents/use.cpp": '#include "core/base/async.hpp"',
        "core/database/inline.hpp": '#include "core/database/inline.ipp"', "core/database/inline.ipp": "#include <boost/asio/io_context.hpp>",
        "core/database/sqlite/use.cpp": '#include "core/database/database.hpp"', "core/worker/use.cpp": '#include "core/messaging/sending/sends.hpp"',
        "core/channels/open_channel.cpp": '#include "core/channels/whatsapp/codes.hpp"', "cli/commands/use.cpp": '#include "cli/commands.hpp"',
        "cli/run.cpp": '#include "cli/help/help.hpp"', "cli/use.cpp": '#include "core/config/settings.hpp"', "server/use.cpp": '#include "server/http/router.hpp"',
    }
    with tempfile.TemporaryDirectory() as tree:
        for name, text in (wrong | right).items():
            path = pathlib.Path(tree, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
        seen = sorted(fault.split(":")[0] for fault in faults(pathlib.Path(tree), {"core/base/": ["async"]}))
        stale = list(faults(pathlib.Path(tree), {"core/base/": ["async", "light"]}))
    if seen != sorted(wrong):
        sys.exit(f"the check itself is broken: it complains about {seen}, not about {sorted(set(wrong) - set(seen))}")
    if not any("need not be" in fault for fault in stale):
        sys.exit("the check itself is broken: it does not notice a header that need not be in its list")


check_the_check()
src = pathlib.Path(sys.argv[1])
found = list(faults(src))
print(*found or ["every include points the right way"], sep="\n")
sys.exit(1 if found or not any(src.rglob("*.cpp")) else 0)
