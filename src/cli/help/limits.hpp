#pragma once

#include <string>
#include <vector>

namespace wabot::cli {

/// A bound that holds whatever is asked, and what becomes of more.
struct LimitRow {
    std::string what;
    std::string most;
    std::string beyond;
};
std::vector<LimitRow> all_limits();
/// All of them, for people.
std::string limits_text(std::size_t width);

}  // namespace wabot::cli
