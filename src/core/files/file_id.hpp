#pragma once

#include "core/base/value.hpp"

namespace wabot {

using FileId = Id<struct File>;

}  // namespace wabot
