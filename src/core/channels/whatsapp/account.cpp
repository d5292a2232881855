#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/json_access.hpp"
#include "core/base/redact.hpp"
#include "core/base/text.hpp"
#include "core/channels/whatsapp/content.hpp"

namespace wabot::whatsapp {

namespace {

constexpr std::size_t fact_max = 1024;        // characters of one
constexpr std::size_t facts_max = 16 * 1024;  // bytes of all
constexpr std::size_t number_digits = 7;      // what has fewer digits is no number of a person

/// The fields whose news are kept, and the property that says what happened.
struct KnownField {
    std::string_view field;
    std::string_view event;
};
constexpr KnownField known_fields[] = {
    {"account_alerts", "alert_type"},
    {"account_review_update", "decision"},
    {"account_update", "event"},
    {"business_capability_update", ""},
    {"flows", "event"},
    {"message_template_components_update", ""},
    {"message_template_quality_update", "new_quality_score"},
    {"message_template_status_update", "event"},
    {"partner_solutions", "event"},
    {"payment_configuration_update", "status"},
    {"phone_number_name_update", "decision"},
    {"phone_number_quality_update", "event"},
    {"security", "event"},
    {"template_category_update", "new_category"},
};

/// What an event of a field means; the first row that fits decides.
struct Weighed {
    std::string_view field;
    std::string_view event;
    EventWeight weight;
};
constexpr Weighed weights[] = {
    {"account_update", "ACCOUNT_DELETED", EventWeight::stops},        {"account_update", "ACCOUNT_RESTRICTION", EventWeight::warning},
    {"account_update", "ACCOUNT_VIOLATION", EventWeight::warning},    {"account_update", "DISABLED_UPDATE", EventWeight::warning},
    {"account_review_update", "REJECTED", EventWeight::warning},      {"account_review_update", "APPROVED", EventWeight::lifts},
    {"phone_number_name_update", "REJECTED", EventWeight::warning},   {"phone_number_name_update", "APPROVED", EventWeight::lifts},
    {"phone_number_quality_update", "FLAGGED", EventWeight::warning}, {"phone_number_quality_update", "DOWNGRADE", EventWeight::warning},
    {"phone_number_quality_update", "UNFLAGGED", EventWeight::lifts}, {"phone_number_quality_update", "UPGRADE", EventWeight::lifts},
    {"security", "PIN_RESET_REQUEST", EventWeight::warning},
};

/// A text that may be a number of a person loses it.
std::string fact_text(const std::string& text) {
    return first_characters(redact_long_numbers(sanitize_utf8(text).value_or(text)), fact_max);
}

/// The value without ids and numbers; null where nothing is left. Times are numbers too, and stay.
Json facts_of(const Json& value, std::string_view name) {
    if (value.is_string()) return fact_text(value.get_ref<const std::string&>());
    if (value.is_number_integer()) {
        const bool is_time = name.ends_with("time") || name.ends_with("timestamp") || name == "expiration";
        return is_time || value.dump().size() < number_digits ? value : Json();
    }
    if (!value.is_structured()) return value;
    Json out = value.is_array() ? Json::array() : Json::object();
    for (const auto& [key, one] : value.items()) {
        if (value.is_object() && (key.ends_with("_id") || key == "id" || key == "metadata")) continue;
        Json fact = facts_of(one, value.is_array() ? name : std::string_view(key));
        if (fact.is_null()) continue;
        if (value.is_array())
            out.push_back(std::move(fact));
        else
            out[sanitize_utf8(key).value_or(key)] = std::move(fact);
    }
    return out;
}

/// A text, or the first of a list of them.
std::string word_at(const Json& object, std::string_view name) {
    const Json& value = member(object, name);
    if (value.is_array() && !value.empty() && value.front().is_string()) return value.front().get<std::string>();
    return text_at(object, name);
}

/// An alert stands in the value, or in an object of its own.
const Json& alert_of(const Json& value) {
    const Json& alert = member(value, "alert_info");
    return alert.is_object() ? alert : value;
}

bool may_not_answer(const Json& value) {
    const Json& restrictions = member(value, "restriction_info");
    return restrictions.is_array() && std::ranges::any_of(restrictions, [](const Json& one) {
               return text_at(one, "restriction_type") == "RESTRICTED_CUSTOMER_INITIATED_MESSAGING";
           });
}

EventWeight weight_of(const std::string& field, const std::string& event, const Json& value) {
    if (field == "account_update" && event == "DISABLED_UPDATE") {
        const std::string state = word_at(member(value, "ban_info"), "waba_ban_state");
        if (state == "DISABLE") return EventWeight::stops;
        if (state == "REINSTATE") return EventWeight::lifts;
    }
    if (field == "account_update" && event == "ACCOUNT_RESTRICTION" && may_not_answer(value)) return EventWeight::stops;
    if (field == "account_alerts") {
        const std::string severity = text_at(alert_of(value), "alert_severity");
        return severity == "CRITICAL" || severity == "WARNING" ? EventWeight::warning : EventWeight::info;
    }
    for (const Weighed& row : weights)
        if (row.field == field && row.event == event) return row.weight;
    return EventWeight::info;
}

std::optional<TemplateUpdate> template_news(const std::string& field, const Json& value) {
    TemplateUpdate news{.name = text_at(value, "message_template_name"),
                        .language = text_at(value, "message_template_language"),
                        .provider_ref = first_characters(text_at(value, "message_template_id"), 100)};
    if (news.name.empty() || news.language.empty() || count_code_points(news.name) > 512 || count_code_points(news.language) > 30)
        return std::nullopt;
    const auto word = [&](std::string_view name) { return first_characters(text_at(value, name), 60); };
    if (field == "message_template_status_update") {
        news.status = word("event");
        news.category = word("message_template_category");
        news.reason = fact_text(text_at(value, "reason"));
        if (news.reason == "NONE") news.reason.clear();
    }
    if (field == "message_template_quality_update") news.quality = word("new_quality_score");
    if (field == "template_category_update") news.category = word("new_category");
    return news;
}

std::string limited(const Json& facts) {
    std::string text = write_json(facts);
    return text.size() <= facts_max ? std::move(text) : "{}";
}

}  // namespace

Notice notice_of(const std::string& field, const Json& value, Time at) {
    Notice notice{.field = field, .timestamp = at};
    const auto* const known = std::ranges::find(known_fields, field, &KnownField::field);
    if (known == std::end(known_fields) || !value.is_object()) return notice;
    notice.is_known = true;
    notice.event =
        first_characters(known->event.empty() ? "" : fact_text(text_at(field == "account_alerts" ? alert_of(value) : value, known->event)), 100);
    notice.weight = weight_of(field, notice.event, value);
    std::string number = text_at(value, "display_phone_number");
    if (number.empty()) number = text_at(value, "phone_number");
    std::erase_if(number, [](char c) { return c < '0' || c > '9'; });
    notice.own_number = e164_of_wa_id(number).value_or("");
    notice.facts = limited(facts_of(value, ""));
    notice.raw = write_json(value);
    notice.about = template_news(field, value);
    return notice;
}

Notice error_notice(const Json& error, Time at) {
    Notice notice{.field = "errors", .timestamp = at};
    if (!error.is_object()) return notice;
    notice.is_known = true;
    notice.event = first_characters(text_at(error, "code"), 30);
    notice.weight = EventWeight::warning;
    notice.facts = limited(facts_of(error, ""));
    notice.raw = write_json(error);
    return notice;
}

}  // namespace wabot::whatsapp
