#include "core/channels/send_errors.hpp"

#include <fmt/format.h>

#include <charconv>

#include "core/channels/open_channel.hpp"

namespace wabot {

namespace {

using enum RetryClass;

std::string_view consequence_of(RetryClass why) {
    switch (why) {
        case transient: return "tried again";
        case throughput: return "the whole account waits for seconds, longer each time";
        case rate_limited: return "the whole account waits for minutes";
        case quality: return "tried again after minutes; the device sends slowly";
        case recipient_limited: return "this person waits, longer each time";
        case permanent: return "for good";
        case account: return "the device stops until someone acts";
    }
    return "";
}

const SendErrorCode* find_code(std::string_view text) {
    int number = -1;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failed != std::errc() || end != text.data() + text.size() ? nullptr : find_send_error_code(number);
}

}  // namespace

std::string explain_send_error(std::string_view code) {
    if (code == "connect") return "the provider was not reached; tried again";
    if (code.starts_with("http_")) return "an answer that is none of the provider's";
    const SendErrorCode* const known = find_code(code);
    if (known == nullptr) return {};
    const std::string limit = known->tries_max > 0 ? fmt::format(", {} attempts at most", known->tries_max) : "";
    return fmt::format("{} ({}{})", known->means, consequence_of(known->why), limit);
}

bool means_no_marketing(std::string_view code) {
    const SendErrorCode* const known = find_code(code);
    return known != nullptr && known->is_no_marketing;
}

std::string explain_status_error(std::string_view code) {
    const SendErrorCode* const known = find_code(code);
    return known == nullptr ? std::string() : std::string(known->means);
}

}  // namespace wabot
