#pragma once

#include "core/base/error.hpp"
#include "core/base/json.hpp"

namespace wabot {

/// What read_json and read_strict_json throw: Error{bad_request} with the place.
class JsonError : public Error {
public:
    JsonError(const std::string& why, std::size_t octet);
    /// Where it was found, "line:column" in `text`; columns are octets.
    std::string place_in(std::string_view text) const;
    /// The same of a file that holds `text`, as Error{invalid}: "rules.json:2:7: not JSON at octet 12".
    Error in_file(std::string_view file, std::string_view text, std::string hint = {}) const;

private:
    std::size_t octet_;
};

/// read_json of what a client or a person wrote, who can write it anew: also refuses more than 10,000 members of one object, keys and texts of more
/// than 1 MiB, numbers of more than 64 digits and -0, characters that Unicode keeps for no text, and a byte order mark. What a provider sent, and
/// what is stored already, is never to be lost for any of these.
Json read_strict_json(std::string_view text);

}  // namespace wabot
