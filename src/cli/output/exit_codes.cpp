#include "cli/output/exit_codes.hpp"

namespace wabot::cli {

std::span<const ExitRow> all_exits() {
    static constexpr ExitRow table[] = {
        {0, "ok", "It is done, or there was nothing to do", ""},
        {1, "failed", "Anything that is not listed here, such as output that cannot be written", "maybe"},
        {2, "usage", "An unknown command or flag, a bad value, a missing argument", "no"},
        {3, "not_found", "The named object is not there", "no"},
        {4, "auth", "A login is refused, or a file or port may not be used", "no"},
        {5, "conflict", "It exists already, the name is ambiguous, or its state does not allow it", "no"},
        {6, "invalid", "A document or value breaks the rules of what it is for", "no"},
        {7, "partial", "Of several, some were done and some failed; stderr names the failures", "what failed"},
        {8, "unavailable", "The store, a server or a provider cannot be reached or is overloaded", "yes"},
        {9, "timeout", "The time ran out; the message says what is still open", "after a look"},
        {10, "differs", "Something changed under --exit-code, or a check found a difference", ""},
        {11, "not_confirmed", "A confirmation was refused or could not be asked for; nothing changed", "with --yes"},
        {12, "rejected", "The provider refuses for good", "no"},
        {13, "rate_limited", "A limit was met, ours or the provider's", "later"},
        {14, "uncertain", "A send was handed over and no clear answer came", "by policy"},
        {70, "bug", "A fault of wabot itself; please report it", "no"},
        {130, "interrupted", "Ctrl-C (SIGINT)", ""},
        {141, "broken_pipe", "Nobody reads the output any more (SIGPIPE)", ""},
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
