#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wabot {

/// A request target taken apart and decoded once.
struct RequestTarget {
    std::vector<std::string> segments;  // "/a/b" -> {"a", "b"}; "/" -> {""}; a trailing slash gives an empty last one
    std::vector<std::pair<std::string, std::string>> query;
};

/// Reads the origin form (`/path?query`) or the absolute form (`http://host/path?query`). Error{bad_request} for everything that could be
/// read in two ways: dot segments, escaped slashes, backslashes, control characters, broken or doubled escapes, bytes that are not UTF-8.
RequestTarget read_target(std::string_view target);

}  // namespace wabot
