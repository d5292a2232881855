#pragma once

#include "core/base/value.hpp"

namespace wabot {

using ContactId = Id<struct Contact>;
using IdentityId = Id<struct ContactIdentity>;
using IgnoreRuleId = Id<struct IgnoreRule>;

}  // namespace wabot
