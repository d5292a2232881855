#pragma once

#include "core/base/value.hpp"

namespace wabot {

using ContactId = Id<struct Contact>;
using IdentityId = Id<struct ContactIdentity>;
using ContactNoteId = Id<struct ContactNote>;
using IgnoreRuleId = Id<struct IgnoreRule>;

}  // namespace wabot
