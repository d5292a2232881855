#include "cli/service/service_log.hpp"

#include <fmt/ranges.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "cli/framework/runtime.hpp"
#include "cli/output/exit_codes.hpp"
#include "core/base/log.hpp"
#include "core/config/load_settings.hpp"
#include "core/config/settings.hpp"

namespace wabot::cli {

void set_up_service_log(Runtime& rt) {
    std::signal(SIGPIPE, SIG_IGN);
    const Settings& settings = rt.settings();
    log::Setup setup{.level = settings.log.level, .json = settings.log.format == LogFormat::json, .is_service = true};
    if (!settings.log.folder.empty()) setup.folder = settings.log.folder;
    if (rt.globals().quiet) setup.level = std::max(setup.level, log::Level::warning);
    log::set_up(setup);
    const auto& unused = rt.loaded_settings().without_effect;
    if (!unused.empty()) log::warning("settings without effect", {{"names", fmt::format("{}", fmt::join(unused, ","))}});
}

void announce(Runtime& rt, std::string_view text) {
    constexpr int patience_ms = 100;
    pollfd waited{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (::poll(&waited, 1, patience_ms) <= 0) return;
    try {
        rt.out().say("{}", text);
    } catch (const CommandExit&) {  // it is not read
    }
}

HangUp::HangUp(asio::io_context& context) : set_(context, SIGHUP) {
    wait();
}

void HangUp::wait() {
    set_.async_wait([this](const boost::system::error_code& cancelled, int) {
        if (cancelled) return;
        log::reopen_files();
        log::info("log files opened anew");
        wait();
    });
}

}  // namespace wabot::cli
