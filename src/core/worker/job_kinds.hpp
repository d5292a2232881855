#pragma once

#include <span>

#include "core/queue/job_handler.hpp"

namespace wabot {

/// Every kind of job there is.
std::span<const JobKind> all_job_kinds();

}  // namespace wabot
