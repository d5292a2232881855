#include <algorithm>

#include "core/base/text.hpp"
#include "server/http/request_target.hpp"
#include "tests/fuzz/targets.hpp"

namespace wabot::fuzz {

void url(std::string_view input) {
    const RequestTarget target = read_target(input);
    require(!target.segments.empty(), "a path has a segment");
    for (const std::string& segment : target.segments) {
        require(segment != "." && segment != ".." && segment.find_first_of("/\\") == segment.npos, "a segment is a name");
        require(valid_utf8(segment) && std::none_of(segment.begin(), segment.end(), [](char c) { return c >= 0 && c < 0x20; }), "a segment is text");
    }
    require(target.query.size() <= 100, "parameters have a limit");
    for (const auto& [name, value] : target.query) require(valid_utf8(name + value) && (name + value).find('\0') == name.npos, "a parameter is text");
}

}  // namespace wabot::fuzz
