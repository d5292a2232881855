#pragma once

/// Names a place where a test makes this process die, stop or fail, and the order of events is written down. Nothing is left of it in the binary
/// that is shipped: only `wabot-faults` compiles the files that use it with WABOT_FAULTS. tests/faults/README.md says how a point is chosen.
#ifdef WABOT_FAULTS
#include <string_view>
namespace wabot {
void fault_point(std::string_view name, std::string_view detail = {});
}
#define WABOT_FAULT(...) ::wabot::fault_point(__VA_ARGS__)
#else
#define WABOT_FAULT(...) static_cast<void>(0)
#endif
