#pragma once

#include "core/base/value.hpp"

namespace wabot {

using DeviceId = Id<struct Device>;

}  // namespace wabot
