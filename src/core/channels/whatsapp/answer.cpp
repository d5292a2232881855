#include <algorithm>
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/json_access.hpp"
#include "core/channels/whatsapp/codes.hpp"
#include "core/channels/whatsapp/content.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"

namespace wabot {

namespace {

using namespace whatsapp;
using enum RetryClass;

/// By the status alone, where Meta's code says nothing.
RetryClass class_of_status(int status) {
    if (status == 429) return throughput;
    return status >= 500 || status == 425 ? transient : permanent;
}

RetryClass classify(const Json& error, const SendErrorCode* known, int status) {
    const Json& flag = member(error, "is_transient");
    const bool may_pass = status >= 500 || (flag.is_boolean() && flag.get<bool>());
    const RetryClass why = known != nullptr ? known->why : class_of_status(status);
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

/// Graph's answer for an object that is not there, or that the token may not see (Graph API, "Handle Errors"): a wrong or deleted phone number id.
constexpr int no_such_object = 33;

bool is_no_such_object(const Json& error) {
    return text_at(error, "code") == "100" && text_at(error, "error_subcode") == std::to_string(no_such_object);
}

/// The id in "Object with ID '...'": what we asked for, and no number of a person.
std::string object_id_of(const Json& error) {
    const std::string text = text_at(error, "message");
    const auto begin = text.find('\''), end = text.find('\'', begin + 1);
    return begin == std::string::npos || end == std::string::npos ? std::string() : text.substr(begin + 1, end - begin - 1);
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
    if (is_no_such_object(error))
        return NotSent{account, retry_after(answer, now), std::to_string(no_such_object), error_text(error, object_id_of(error))};
    const SendErrorCode* const known = find_whatsapp_code(number);
    return NotSent{classify(error, known, answer.status), retry_after(answer, now), code, error_text(error, code),
                   known == nullptr ? 0 : known->tries_max};
}

}  // namespace

SendOutcome read_whatsapp_answer(const HttpAnswer& answer, Time now) {
    const Json body = parsed(answer.body);
    if (answer.status < 200 || answer.status > 299) return read_refusal(answer, body, now);
    const Json& messages = member(body, "messages");
    std::string id = messages.is_array() && !messages.empty() ? text_at(messages.front(), "id") : std::string();
    if (id.empty()) return Uncertain{"HTTP " + std::to_string(answer.status) + " without a message id"};
    const Json& contacts = member(body, "contacts");
    const std::string wa_id = contacts.is_array() && !contacts.empty() ? text_at(contacts.front(), "wa_id") : std::string();
    return Sent{std::move(id), e164_of_wa_id(wa_id).value_or("")};
}

UploadOutcome read_whatsapp_upload_answer(const HttpAnswer& answer, Time now) {
    constexpr auto kept_for = std::chrono::days(30);
    const Json body = parsed(answer.body);
    std::string id = text_at(body, "id");
    const bool is_good = answer.status >= 200 && answer.status <= 299;
    if (is_good && !id.empty()) return Uploaded{std::move(id), kept_for};
    if (!is_good) {
        const SendOutcome refusal = read_refusal(answer, body, now);
        if (const auto* refused = std::get_if<NotSent>(&refusal)) return *refused;
    }
    return NotSent{transient, {}, "http_" + std::to_string(answer.status), "HTTP " + std::to_string(answer.status) + " without a media id"};
}

}  // namespace wabot
