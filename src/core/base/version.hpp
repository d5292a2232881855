#pragma once

#include <string_view>

namespace wabot {

/// The release, as CMake's project() states it: "1.2.0".
std::string_view version();

}  // namespace wabot
