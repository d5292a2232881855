#pragma once

#include <cstddef>
#include <cstdint>

#include "core/base/error.hpp"
#include "core/base/json.hpp"

namespace wabot {

/// What read_json and read_strict_json throw: Error{bad_request} with the place.
class JsonError : public Error {
public:
    JsonError(const std::string& why, std::size_t byte);
    /// Where it was found, "line:column" in `text`; columns are bytes.
    std::string place_in(std::string_view text) const;
    /// The same of a file that holds `text`, as Error{invalid}: "rules.json:2:7: not JSON at byte 12".
    Error in_file(std::string_view file, std::string_view text, std::string hint = {}) const;

private:
    std::size_t byte_;
};

/// How much of a document there may be.
struct JsonLimits {
    std::size_t depth = 64;
    std::size_t members = SIZE_MAX;  // of one object
    std::size_t bytes = SIZE_MAX;    // of one text or key
    std::size_t digits = SIZE_MAX;   // of one number
    bool is_strict = false;          // no -0, no characters that are none
};
inline constexpr JsonLimits strict_json_limits{.members = 10'000, .bytes = 1024 * 1024, .digits = 64, .is_strict = true};

/// read_json of what a client or a person wrote, who can write it anew: also refuses what is beyond `strict_json_limits`, -0, characters that Unicode
/// keeps for no text, and a byte order mark. What a provider sent, and what is stored already, is never to be lost for any of these.
Json read_strict_json(std::string_view text);

}  // namespace wabot
