#include "cli/command.hpp"
#include "cli/help.hpp"
#include "cli/version.hpp"

namespace wabot::cli {

std::span<const Command* const> all_commands() {
    static constexpr const Command* table[] = {
        &version_command,
        &help_command,
    };
    return table;
}

}  // namespace wabot::cli
