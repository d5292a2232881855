#include "cli/command.hpp"
#include "cli/config.hpp"
#include "cli/help.hpp"
#include "cli/serve.hpp"
#include "cli/init.hpp"
#include "cli/migrate.hpp"
#include "cli/version.hpp"
#include "cli/worker.hpp"

namespace wabot::cli {

std::span<const Command* const> all_commands() {
    static constexpr const Command* table[] = {
        &init_command,
        &config_show_command,
        &config_check_command,
        &migrate_status_command,
        &migrate_plan_command,
        &migrate_up_command,
        &migrate_down_command,
        &serve_command,
        &worker_command,
        &version_command,
        &help_command,
    };
    return table;
}

}  // namespace wabot::cli
