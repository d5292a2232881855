#pragma once

#include <span>

namespace wabot {

struct Migration;

/// The files under `migrations/`, as the build found them.
std::span<const Migration> embedded_migrations();

}  // namespace wabot
