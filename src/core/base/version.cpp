#include "core/base/version.hpp"

namespace wabot {

std::string_view version() {
    return WABOT_VERSION;
}

}  // namespace wabot
