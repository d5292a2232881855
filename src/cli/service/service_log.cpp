#include "cli/service/service_log.hpp"

#include "cli/framework/runtime.hpp"
#include "core/base/log.hpp"
#include "core/config/settings.hpp"

namespace wabot::cli {

void set_up_service_log(Runtime& rt) {
    const Settings& settings = rt.settings();
    log::Setup setup{settings.log.level, settings.log.format == LogFormat::json, std::nullopt};
    if (!settings.log.folder.empty()) setup.folder = settings.log.folder;
    if (rt.globals().quiet) setup.level = std::max(setup.level, log::Level::warning);
    log::set_up(setup);
}

}  // namespace wabot::cli
