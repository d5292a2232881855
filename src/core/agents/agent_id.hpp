#pragma once

#include "core/base/value.hpp"

namespace wabot {

using AgentId = Id<struct AgentRow>;
using BindingId = Id<struct AgentBinding>;

}  // namespace wabot
