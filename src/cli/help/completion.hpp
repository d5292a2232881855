#pragma once

#include <string>

#include "cli/framework/command.hpp"
#include "core/base/value.hpp"

namespace wabot {

WABOT_ENUM(ShellName, bash, zsh, fish)

namespace cli {

/// The completion script of a shell: what `__complete` would answer without looking at the store, and how to ask it for the rest.
std::string completion_script(ShellName shell);

}  // namespace cli
}  // namespace wabot
