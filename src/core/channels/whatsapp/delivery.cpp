#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/json_access.hpp"
#include "core/base/redact.hpp"
#include "core/base/text.hpp"
#include "core/channels/whatsapp/content.hpp"
#include "core/channels/whatsapp/message_id.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"

namespace wabot {

namespace {

using namespace whatsapp;

/// What is said of those who write, found by either of their ids.
class People {
public:
    explicit People(const Json& value) {
        const Json& contacts = member(value, "contacts");
        if (!contacts.is_array()) return;
        if (contacts.size() == 1 && have_one_writer(member(value, "messages"))) only_ = &contacts.front();
        for (const Json& contact : contacts) {
            by_number_.emplace(text_at(contact, "wa_id"), &contact);
            by_user_id_.emplace(text_at(contact, "user_id"), &contact);
        }
    }

    /// The first who has one of them; else the only one that all messages can be from, since `from` and `wa_id` need not be the same number (Meta,
    /// webhooks, messages).
    const Json* find_writer(const std::string& wa_id, const std::string& user_id) const {
        const Json* const found = find(wa_id, user_id);
        return found == nullptr ? only_ : found;
    }
    const Json* find(const std::string& wa_id, const std::string& user_id) const {
        const auto by = [](const Ids& ids, const std::string& id) {
            const auto found = id.empty() ? ids.end() : ids.find(id);
            return found == ids.end() ? nullptr : found->second;
        };
        const Json* const number = by(by_number_, wa_id);
        const Json* const user = by(by_user_id_, user_id);
        return number == nullptr || user == nullptr ? (number != nullptr ? number : user) : std::min(number, user);
    }

private:
    static bool have_one_writer(const Json& messages) {
        if (!messages.is_array() || messages.empty()) return false;
        const std::string first = text_at(messages.front(), "from");
        return !first.empty() && std::ranges::all_of(messages, [&](const Json& message) { return text_at(message, "from") == first; });
    }

    using Ids = std::map<std::string, const Json*>;
    Ids by_number_, by_user_id_;
    const Json* only_ = nullptr;
};

/// The parts of a change's value that its items share.
struct Envelope {
    std::string route;
    std::string own_number;  // digits
    People people;
    Time received_at;
};

std::string phone_of(const Json& object, std::string_view name) {
    return e164_of_wa_id(text_at(object, name)).value_or("");
}

/// "+1 202-555-0100" as `from` writes it.
std::string digits_of(std::string text) {
    std::erase_if(text, [](char c) { return c < '0' || c > '9'; });
    return text;
}

/// The person at the other end: the writer, or for an echo the one written to.
void read_person(IncomingMessage& message, const Json& item, const Envelope& envelope) {
    const std::string_view side = message.is_echo && item.contains("to") ? "to" : "from";
    Address& person = message.sender;
    person.phone = phone_of(item, side);
    person.user_id = text_at(item, std::string(side) + "_user_id");
    person.parent_user_id = text_at(item, std::string(side) + "_parent_user_id");
    const Json* const contact = message.is_echo ? envelope.people.find(text_at(item, side), person.user_id)
                                                : envelope.people.find_writer(text_at(item, side), person.user_id);
    if (contact == nullptr) return;
    const std::string other = phone_of(*contact, "wa_id");
    if (person.phone.empty()) person.phone = other;
    if (other != person.phone) person.other_phone = other;
    if (person.user_id.empty()) person.user_id = text_at(*contact, "user_id");
    if (person.parent_user_id.empty()) person.parent_user_id = text_at(*contact, "parent_user_id");
    message.sender_name = text_at(member(*contact, "profile"), "name");
}

/// Untrusted text may have any length: the stored text has a limit and is marked when cut. The item keeps it whole.
void limit_content(IncomingMessage& message, Json& metadata) {
    constexpr std::size_t content_max = 65'536;  // characters
    if (!message.content || message.content->size() <= content_max) return;
    const std::size_t characters = count_code_points(*message.content);
    if (characters <= content_max) return;
    message.content = first_characters(*message.content, content_max - 1) + "…";
    metadata["truncated"] = Json{{"characters", characters}};
}

DeliveryItem read_message(const Json& item, const Envelope& envelope, bool is_echo) {
    DeliveryItem out{envelope.route, "message", Broken{}};
    if (!item.is_object()) {
        out.what = Broken{"message is not an object"};
        return out;
    }
    IncomingMessage message;
    message.provider_id = text_at(item, "id");
    message.is_echo = is_echo || (!envelope.own_number.empty() && text_at(item, "from") == envelope.own_number);
    read_person(message, item, envelope);
    if (message.provider_id.empty()) {
        out.what = Broken{"message has no id"};
        return out;
    }
    if (message.sender.empty()) {
        out.what = Broken{is_echo ? "message has no recipient" : "message has no sender"};
        return out;
    }
    message.group_id = text_at(item, "group_id");
    message.message_type = text_at(item, "type");
    if (message.message_type.empty()) message.message_type = "unknown";
    message.content = content_of(item);
    message.timestamp = time_at(item, "timestamp").value_or(envelope.received_at);
    message.reply_to = refers_to(item);
    message.reply_to_also = other_ids(message.reply_to, message.sender);
    message.amends = amends(item);
    message.moved_to = moved_to(item);
    message.wants_answer = !message.is_echo && wants_answer(item);
    message.raw = write_json(item);
    message.media = media_of(item);
    Json metadata = metadata_of(item);
    limit_content(message, metadata);
    message.metadata = write_json(metadata);
    out.what = std::move(message);
    return out;
}

/// A number, else the id as it stands.
std::string address_of(const Json& item, std::string_view id_name, std::string_view user_id_name) {
    const std::string id = text_at(item, id_name);
    if (const auto phone = e164_of_wa_id(id)) return *phone;
    return id.empty() ? text_at(item, user_id_name) : id;
}

void read_recipient(StatusUpdate& status, const Json& item) {
    const bool is_group = text_at(item, "recipient_type") == "group";
    status.recipient = address_of(item, "recipient_participant_id", "recipient_participant_user_id");
    status.of_participant = is_group && !status.recipient.empty();
    if (is_group && !status.of_participant) status.recipient = text_at(item, "recipient_id");
    if (!is_group) status.recipient = address_of(item, "recipient_id", "recipient_user_id");
}

/// What the provider takes for the message, in its own words.
std::string pricing_of(const Json& item) {
    constexpr std::size_t word_max = 40;
    const Json& pricing = member(item, "pricing");
    if (!pricing.is_object()) return {};
    std::string text;
    for (const std::string_view name : {"category", "type"})
        if (const std::string word = text_at(pricing, name); !word.empty()) text += first_characters(word, word_max) + ", ";
    const Json& billable = member(pricing, "billable");
    if (billable.is_boolean()) return text + (billable.get<bool>() ? "billed" : "not billed");
    return text.substr(0, text.empty() ? 0 : text.size() - 2);
}

DeliveryItem read_status(const Json& item, const Envelope& envelope) {
    DeliveryItem out{envelope.route, "status", Broken{}};
    StatusUpdate status;
    status.provider_id = text_at(item, "id");
    status.status = text_at(item, "status");
    if (status.provider_id.empty() || status.status.empty()) {
        out.what = Broken{!item.is_object() ? "status is not an object" : status.provider_id.empty() ? "status has no id" : "status has no status"};
        return out;
    }
    read_recipient(status, item);
    status.provider_id_also = other_ids(status.provider_id, {.phone = phone_of(item, "recipient_id"), .user_id = text_at(item, "recipient_user_id")});
    status.pricing = pricing_of(item);
    status.timestamp = time_at(item, "timestamp").value_or(envelope.received_at);
    status.callback_token = text_at(item, "biz_opaque_callback_data");
    if (const Json& errors = member(item, "errors"); errors.is_array() && !errors.empty()) {
        status.error_code = text_at(errors.front(), "code");
        status.error_title = error_text(errors.front(), status.error_code);
    }
    out.what = std::move(status);
    return out;
}

DeliveryItem read_preference(const Json& item, const Envelope& envelope) {
    DeliveryItem out{envelope.route, "user_preferences", Broken{}};
    const std::string category = text_at(item, "category"), value = text_at(item, "value");
    if (category != "marketing_messages" || (value != "stop" && value != "resume")) {
        out.what = Notice{"user_preferences"};  // a wish that came up later than this was written
        return out;
    }
    Preference wish;
    wish.person = {.phone = phone_of(item, "wa_id"), .user_id = text_at(item, "user_id"), .parent_user_id = text_at(item, "parent_user_id")};
    if (const Json* const contact = envelope.people.find(text_at(item, "wa_id"), wish.person.user_id)) {
        if (wish.person.user_id.empty()) wish.person.user_id = text_at(*contact, "user_id");
        wish.name = text_at(member(*contact, "profile"), "name");
    }
    if (wish.person.empty()) {
        out.what = Broken{"preference has no person"};
        return out;
    }
    wish.wants_marketing = value == "resume";
    wish.timestamp = time_at(item, "timestamp").value_or(envelope.received_at);
    out.what = std::move(wish);
    return out;
}

/// Applies `read` to each item of the list called `name`; one that is no list is broken as a whole.
template <class Read>
bool each_of(Delivery& delivery, const Json& value, const Envelope& envelope, std::string_view name, std::string_view kind, Read read) {
    const Json& list = member(value, name);
    if (list.is_null()) return false;
    if (list.is_array())
        for (const Json& item : list) delivery.items.push_back(read(item));
    else
        delivery.items.push_back({envelope.route, std::string(kind), Broken{std::string(name) + " is not a list"}});
    return true;
}

void read_change(Delivery& delivery, const Json& change, Time entry_at, Time received_at) {
    const Json& value = member(change, "value");
    const Json& metadata = member(value, "metadata");
    const Envelope envelope{text_at(metadata, "phone_number_id"), digits_of(text_at(metadata, "display_phone_number")), People(value), received_at};
    const std::string field = text_at(change, "field");
    if (!change.is_object() || field.empty()) {
        delivery.items.push_back({envelope.route, "change", Broken{"change has no field"}});
        return;
    }
    bool known = false;
    if (field == "messages") {
        known |= each_of(delivery, value, envelope, "messages", "message", [&](const Json& item) { return read_message(item, envelope, false); });
        known |= each_of(delivery, value, envelope, "statuses", "status", [&](const Json& item) { return read_status(item, envelope); });
        known |= each_of(delivery, value, envelope, "errors", "errors", [&](const Json& error) {
            return DeliveryItem{envelope.route, "errors", error_notice(error, entry_at)};
        });
    } else if (field == "smb_message_echoes") {
        known |=
            each_of(delivery, value, envelope, "message_echoes", "message", [&](const Json& item) { return read_message(item, envelope, true); });
    } else if (field == "user_preferences") {
        known |= each_of(delivery, value, envelope, field, field, [&](const Json& item) { return read_preference(item, envelope); });
    }
    if (!known) delivery.items.push_back({envelope.route, field, notice_of(field, value, entry_at)});
}

void read_entry(Delivery& delivery, const Json& entry, Time received_at) {
    const Json& changes = member(entry, "changes");
    if (!entry.is_object() || (!changes.is_array() && !changes.is_null())) {
        delivery.items.push_back({"", "entry", Broken{"entry has no list of changes"}});
        return;
    }
    // Some news have no time of their own: the day they came on tells them apart.
    const Time entry_at = time_at(entry, "time").value_or(std::chrono::floor<std::chrono::days>(received_at));
    const std::size_t first = delivery.items.size();
    for (const Json& change : changes) read_change(delivery, change, entry_at, received_at);
    for (std::size_t i = first; i < delivery.items.size(); ++i) delivery.items[i].account = text_at(entry, "id");
}

Delivery unreadable(std::string reason) {
    return {{}, std::move(reason)};
}

}  // namespace

Delivery read_whatsapp_delivery(std::string_view body, Time received_at) try {
    const Json root = read_json(body);
    if (!root.is_object()) return unreadable("not a JSON object");
    if (text_at(root, "object") != "whatsapp_business_account") return unreadable("object is not whatsapp_business_account");
    const Json& entries = member(root, "entry");
    if (!entries.is_array() && !entries.is_null()) return unreadable("entry is not a list");
    Delivery delivery;
    for (const Json& entry : entries) read_entry(delivery, entry, received_at);
    return delivery;
} catch (const std::exception& error) {
    return unreadable(error.what());
}

}  // namespace wabot
