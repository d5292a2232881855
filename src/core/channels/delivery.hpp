#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/value.hpp"

namespace wabot {

/// Who wrote or is written to, as the provider names them. Either may be missing, never both; a group has neither.
struct Address {
    std::string phone;    // E.164 with +; empty = the provider gave none
    std::string user_id;  // business-scoped user id ("US.1349..."); empty = none
    std::string parent_user_id;
    bool empty() const { return phone.empty() && user_id.empty(); }
};

/// A message as its provider delivered it. Everything here is data of strangers: checked for form, never trusted.
struct IncomingMessage {
    std::string provider_id;             // wamid; unique per device
    Address sender;                      // the person: who wrote, or for an echo who was written to
    std::string group_id;                // empty = a private chat
    std::string sender_name;             // profile name, may be empty
    std::string message_type;            // text, image, ..., as the provider says it; "unknown" when it says nothing
    std::optional<std::string> content;  // the human text: body, caption, title, button text; none when there is none
    Time timestamp;                      // the provider's; the time of arrival when it gives none
    std::string reply_to;                // provider id of the quoted message, or empty
    bool is_echo = false;                // written on the business's own side: stored as outgoing, pauses the agent, never answered
    bool wants_answer = true;            // false for reactions, edits, revokes, system notices and what the provider could not deliver
    std::string raw;                     // the item itself as JSON
};

/// News of a message of ours.
struct StatusUpdate {
    std::string provider_id;
    std::string status;        // sent, delivered, read, played, failed, or a word we do not know
    std::string recipient;     // E.164 with +, a user id, of a group's message the participant, else the group's id; may be empty
    bool is_of_group = false;  // each participant has statuses of his own
    Time timestamp;
    std::string opaque;       // our own id given back (biz_opaque_callback_data); may be empty
    std::string error_code;   // of a failed one, as text; empty otherwise
    std::string error_title;  // without any number of four or more digits but the code
    std::string pricing;      // "service, regular, not billed"; empty when nothing is said of it
};

/// Anything else the provider tells us: kept, counted, shown; nothing follows from it.
struct Notice {
    std::string field;  // "account_update", "errors", ...
};

/// An item that cannot be read, among others that can.
struct Broken {
    std::string reason;  // names the field, never its content
};

struct DeliveryItem {
    std::string route;  // the provider's name of our account (phone_number_id); empty = it names none
    std::string kind;   // "message", "status", or the field of a notice
    std::variant<IncomingMessage, StatusUpdate, Notice, Broken> what;
};

/// A whole body, item by item in its order. `unreadable` says why the body as a whole cannot be read; then there are no items.
struct Delivery {
    std::vector<DeliveryItem> items;
    std::string unreadable;
};

}  // namespace wabot
