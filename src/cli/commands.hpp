#pragma once

#include <span>

#include "cli/framework/command.hpp"

/// The commands of each file, in the order of the overview.
namespace wabot::cli {

std::span<const Command> init_commands();
std::span<const Command> doctor_commands();
std::span<const Command> serve_commands();
std::span<const Command> worker_commands();
std::span<const Command> chat_commands();
std::span<const Command> device_commands();
std::span<const Command> agent_commands();
std::span<const Command> agent_test_commands();
std::span<const Command> ignore_commands();
std::span<const Command> contact_commands();
std::span<const Command> conversation_commands();
std::span<const Command> message_commands();
std::span<const Command> template_commands();
std::span<const Command> file_commands();
std::span<const Command> event_commands();
std::span<const Command> queue_commands();
std::span<const Command> job_commands();
std::span<const Command> retention_commands();
std::span<const Command> audit_commands();
std::span<const Command> tail_commands();
std::span<const Command> listen_commands();
std::span<const Command> trigger_commands();
std::span<const Command> config_commands();
std::span<const Command> migrate_commands();
std::span<const Command> version_commands();
std::span<const Command> explain_commands();
std::span<const Command> completion_commands();
std::span<const Command> help_commands();

/// Every command there is, in that order.
std::span<const Command* const> all_commands();

}  // namespace wabot::cli
