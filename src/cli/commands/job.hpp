#pragma once

#include "cli/framework/command.hpp"

namespace wabot::cli {

extern const Command job_list_command;
extern const Command job_get_command;
extern const Command job_retry_command;
extern const Command job_cancel_command;
extern const Command job_resolve_command;

}  // namespace wabot::cli
