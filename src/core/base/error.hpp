#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wabot {

/// Why something could not be done. Closed: each edge (terminal, HTTP, worker) has one table from these to its own answer.
enum class Errc {
    bad_request,      // cannot be read at all
    invalid,          // readable, but a rule of the domain forbids it
    unauthenticated,  // not signed in
    denied,           // signed in, but not allowed
    not_found,
    conflict,  // exists already, is ambiguous, or is held by someone else
    stale,     // made against an older version of the thing
    too_large,
    rate_limited,
    unavailable,  // database, provider, disk: worth another try
    timeout,
    rejected,   // the provider refused for good
    uncertain,  // handed over, never confirmed
    bug,
};

/// The word of a code, as it stands in JSON errors: "not_found".
std::string_view to_word(Errc code);

/// One rejected field of a document: where, why, and the kind of fault (`missing`, `unknown`, `type`, `length`, `value`, `read_only`).
struct Fault {
    std::string where;
    std::string message;
    std::string kind;
};

/// The one exception type of failures. The message names the thing and the reason, the hint the way out.
/// Neither ever holds a secret or a whole phone number.
class Error : public std::runtime_error {
public:
    Error(Errc code, const std::string& message, std::string hint = {}) : std::runtime_error(message), code_(code), hint_(std::move(hint)) {}

    Error(Errc code, const std::string& message, std::vector<Fault> faults) : std::runtime_error(message), code_(code), faults_(std::move(faults)) {}

    Errc code() const { return code_; }
    const std::string& hint() const { return hint_; }
    /// For `invalid`: every rejected field, not only the first.
    const std::vector<Fault>& faults() const { return faults_; }

private:
    Errc code_;
    std::string hint_;
    std::vector<Fault> faults_;
};

}  // namespace wabot
