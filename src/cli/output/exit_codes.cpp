#include "cli/output/exit_codes.hpp"

namespace wabot::cli {

std::span<const ExitRow> all_exits() {
    static constexpr ExitRow table[] = {
        {0, "ok", "Success, or nothing to do", ""},
        {1, "failed", "Any other failure, such as output that cannot be written", "maybe"},
        {2, "usage", "An unknown command or flag, a bad value, a missing argument", "no"},
        {3, "not_found", "The named object does not exist", "no"},
        {4, "auth", "Permission denied: a login, a file or a port", "no"},
        {5, "conflict", "Already exists, ambiguous name, or not allowed in the current state", "no"},
        {6, "invalid", "Invalid document or value", "no"},
        {7, "partial", "Some objects succeeded and some failed; stderr lists the failures", "what failed"},
        {8, "unavailable", "The database, a server or a provider is unreachable or overloaded", "yes"},
        {9, "timeout", "Time limit exceeded; the message lists what is not finished", "after a look"},
        {10, "differs", "Something changed (--exit-code), or a check found a difference", ""},
        {11, "not_confirmed", "Not confirmed; nothing was changed", "with --yes"},
        {12, "rejected", "The provider refused permanently", "no"},
        {13, "rate_limited", "Rate limit of wabot or of the provider", "later"},
        {14, "uncertain", "A message was handed to the provider and no clear answer came back", "by policy"},
        {70, "bug", "Bug in wabot; please report it", "no"},
        {130, "interrupted", "Ctrl-C (SIGINT)", ""},
        {141, "broken_pipe", "The reader of the output has closed it (SIGPIPE)", ""},
        {143, "terminated", "SIGTERM", ""},
    };
    return table;
}

void usage_error(std::string message, std::string hint, std::string field) {
    throw CommandExit(Exit::usage, std::move(message), std::move(hint), std::move(field));
}

Exit exit_of(Errc code) {
    switch (code) {
        case Errc::bad_request: return Exit::invalid;
        case Errc::invalid: return Exit::invalid;
        case Errc::unauthenticated: return Exit::auth;
        case Errc::denied: return Exit::auth;
        case Errc::not_found: return Exit::not_found;
        case Errc::conflict: return Exit::conflict;
        case Errc::stale: return Exit::conflict;
        case Errc::too_large: return Exit::invalid;
        case Errc::rate_limited: return Exit::rate_limited;
        case Errc::unavailable: return Exit::unavailable;
        case Errc::timeout: return Exit::timeout;
        case Errc::rejected: return Exit::rejected;
        case Errc::uncertain: return Exit::uncertain;
        case Errc::bug: return Exit::bug;
    }
    return Exit::bug;
}

}  // namespace wabot::cli
