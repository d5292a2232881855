#include <algorithm>
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/channels/whatsapp.hpp"
#include "core/channels/whatsapp_content.hpp"
#include "core/channels/without_numbers.hpp"

namespace wabot {

namespace {

using namespace whatsapp;
using enum RetryClass;

struct CodeRange {
    int first, last;
    RetryClass why;
};

/// Meta's "Error codes" page. The code decides, neither title nor HTTP status; what is not listed here is decided by `is_transient` and status.
constexpr CodeRange code_classes[] = {
    {0, 0, account},                      // authentication
    {1, 2, transient},                    // unknown error, service down
    {3, 3, account},                      // capability missing (comes with 500)
    {4, 4, rate_limited},                 // of the app
    {10, 10, account},                    // permission
    {33, 33, permanent},                  // no such number id
    {100, 100, permanent},                // parameter
    {190, 190, account},                  // token
    {200, 299, account},                  // permission
    {368, 368, account},                  // blocked for policy violations
    {80007, 80007, rate_limited},         // of the account
    {130429, 130429, rate_limited},       // throughput
    {130472, 130472, permanent},          // part of an experiment
    {130497, 130497, account},            // restricted from this country
    {131000, 131000, transient},          // something went wrong
    {131005, 131005, account},            // access denied
    {131008, 131009, permanent},          // parameter missing, invalid
    {131016, 131016, transient},          // service unavailable
    {131021, 131021, permanent},          // recipient is the sender
    {131026, 131026, permanent},          // undeliverable
    {131030, 131030, permanent},          // recipient not in the allowed list
    {131031, 131031, account},            // locked
    {131037, 131037, account},            // display name not approved
    {131042, 131042, account},            // payment
    {131045, 131045, account},            // not registered
    {131047, 131047, permanent},          // more than 24 hours since the person wrote
    {131048, 131048, rate_limited},       // quality
    {131049, 131050, permanent},          // kept back by Meta; person stopped marketing
    {131051, 131053, permanent},          // message type, media
    {131056, 131056, recipient_limited},  // too many to this person
    {131057, 131057, transient},          // maintenance
    {131062, 131062, permanent},          // recipient
    {131064, 131064, rate_limited},       // quality
    {132000, 132999, permanent},          // templates
    {133004, 133004, transient},          // server unavailable
    {133010, 133010, account},            // number not registered
    {133016, 133016, rate_limited},       // registrations
    {134011, 134011, account},            // payments terms
    {135000, 135000, transient},          // generic user error, worth another try
};
static_assert(std::ranges::is_sorted(code_classes, {}, &CodeRange::first));

std::optional<RetryClass> class_of(int code) {
    for (const CodeRange& range : code_classes)
        if (code >= range.first && code <= range.last) return range.why;
    return std::nullopt;
}

/// By the status alone, where Meta's code says nothing.
RetryClass class_of_status(int status) {
    if (status == 429) return rate_limited;
    return status >= 500 || status == 425 ? transient : permanent;
}

RetryClass classify(const Json& error, int code, int status) {
    const Json& flag = member(error, "is_transient");
    const bool may_pass = status >= 500 || (flag.is_boolean() && flag.get<bool>());
    const RetryClass why = class_of(code).value_or(class_of_status(status));
    return why == permanent && may_pass ? transient : why;
}

/// Retry-After: seconds, or a date as RFC 9110 5.6.7 writes it.
std::optional<std::chrono::seconds> retry_after(const HttpAnswer& answer, Time now) {
    constexpr std::chrono::seconds longest = std::chrono::hours(1);
    const auto header = std::ranges::find(answer.headers, "retry-after", &std::pair<std::string, std::string>::first);
    if (header == answer.headers.end()) return std::nullopt;
    const std::string& text = header->second;
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size()) {
        std::tm date{};
        const char* const rest = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
        if (rest == nullptr || *rest != '\0') return std::nullopt;
        seconds = timegm(&date) - std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    }
    return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, longest.count()));
}

std::string detail_of(const Json& error, const std::string& code) {
    std::string detail = text_at(error, "message");
    const Json& data = member(error, "error_data");
    const std::string more = data.is_string() ? data.get<std::string>() : text_at(data, "details");
    if (!more.empty()) detail += (detail.empty() ? "" : ": ") + more;
    return without_numbers(detail, code);
}

Json parsed(const std::string& body) {
    try {
        return read_json(body);
    } catch (const Error&) {
        return {};
    }
}

SendOutcome read_refusal(const HttpAnswer& answer, const Json& body, Time now) {
    const Json& error = member(body, "error");
    const std::string code = text_at(error, "code");
    int number = -1;
    const auto [end, failed] = std::from_chars(code.data(), code.data() + code.size(), number);
    if (code.empty() || failed != std::errc() || end != code.data() + code.size()) {
        const std::string status = std::to_string(answer.status);
        // Something between us gave up: Meta may have taken the message all the same.
        if (answer.status >= 500 || answer.status == 408) return Uncertain{"HTTP " + status + " without an error of the Graph API"};
        return NotSent{class_of_status(answer.status), retry_after(answer, now), "http_" + status,
                       "HTTP " + status + " without an error of the Graph API"};
    }
    return NotSent{classify(error, number, answer.status), retry_after(answer, now), code, detail_of(error, code)};
}

}  // namespace

SendOutcome read_whatsapp_answer(const HttpAnswer& answer, Time now) {
    const Json body = parsed(answer.body);
    if (answer.status < 200 || answer.status > 299) return read_refusal(answer, body, now);
    const Json& messages = member(body, "messages");
    std::string id = messages.is_array() && !messages.empty() ? text_at(messages.front(), "id") : std::string();
    if (id.empty()) return Uncertain{"HTTP " + std::to_string(answer.status) + " without a message id"};
    return Sent{std::move(id)};
}

}  // namespace wabot
