#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/value.hpp"
#include "core/contacts/address.hpp"
#include "core/devices/event_weight.hpp"

namespace wabot {

/// A file that a message brought, as its provider describes it; the bytes are to be fetched by its id, or for a few minutes by its url.
struct IncomingMedia {
    std::string media_id;
    std::string mime_type;  // with its parameters: "audio/ogg; codecs=opus"
    std::string sha256;     // base64 or hexadecimal digits, as the provider writes it; may be empty
    std::string filename;   // untrusted: for people to read, never a path
    std::string url;        // may be empty
    bool voice = false;
    bool animated = false;
};

/// What an item does to the message it refers to.
enum class Amendment { none, edit, revoke };

/// A message as its provider delivered it. Everything here is untrusted input: checked for form only.
struct IncomingMessage {
    std::string provider_id;                      // wamid; unique per device
    Address sender;                               // the person: who wrote, or for an echo who was written to
    std::string group_id;                         // empty = a private chat
    std::string sender_name;                      // profile name, may be empty
    std::string message_type;                     // text, image, ..., as the provider says it; "unknown" when it says nothing
    std::optional<std::string> content;           // the human text: body, caption, title, button text; none when there is none
    Time timestamp;                               // the provider's; the time of arrival when it gives none
    std::string reply_to;                         // provider id of the message quoted, reacted to, edited or revoked; or empty
    std::vector<std::string> reply_to_also = {};  // other ids of that same message
    Amendment amends = Amendment::none;
    bool is_echo = false;                // written on the business's own side: stored as outgoing, pauses the agent, never answered
    bool wants_answer = true;            // false for reactions, edits, revokes, system notices and what the provider could not deliver
    std::string raw;                     // the item itself as JSON
    std::string metadata = "{}";         // what else matters of it, a JSON object by the names of messages.metadata; no numbers of persons
    std::optional<IncomingMedia> media;  // also in `metadata`, as "media"
    std::optional<Address> moved_to;     // of a notice that the sender's addresses changed: the new ones
};

/// News of a message of ours.
struct StatusUpdate {
    std::string provider_id;
    std::vector<std::string> provider_id_also = {};  // other ids of the same message
    std::string status;                              // sent, delivered, read, played, failed, or a word we do not know
    std::string recipient;        // E.164 with +, a user id or a group id; in a group the participant, when one is named; may be empty
    bool of_participant = false;  // one of a group's: a failure is not the message's
    Time timestamp;
    std::string callback_token;  // our own id given back (biz_opaque_callback_data); may be empty
    std::string error_code;      // of a failed one, as text; empty otherwise
    std::string error_title;     // without any number of four or more digits but the code
    std::string pricing;         // "service, regular, not billed"; empty when nothing is said of it
};

/// Whether a person wants to be written what is for sale.
struct Preference {
    Address person;
    std::string name;  // empty = none was given
    bool wants_marketing = true;
    Time timestamp;
};

/// What a notice says of a template; an empty text says nothing.
struct TemplateUpdate {
    std::string name;
    std::string language;
    std::string provider_ref;
    std::string status;  // the provider's words, in capitals
    std::string category;
    std::string quality;
    std::string reason;
};

/// Anything else the provider tells us. Of a field that we know it is kept; one that we do not know is counted and shown.
struct Notice {
    std::string field;  // "account_update", "errors", ...
    bool is_known = false;
    std::string event;  // the provider's word, "ACCOUNT_VIOLATION"; may be empty
    EventWeight weight = EventWeight::info;
    std::string own_number;    // E.164, of ours; may be empty
    std::string facts = "{}";  // JSON: the notice without anything that may be a number of a person
    std::string raw;           // JSON, as it came
    Time timestamp;
    std::optional<TemplateUpdate> about;
};

/// An item that cannot be read, among others that can.
struct Broken {
    std::string reason;  // names the field, never its content
};

struct DeliveryItem {
    std::string route;  // the provider's name of our account (phone_number_id); empty = it names none
    std::string kind;   // "message", "status", or the field of a notice
    std::variant<IncomingMessage, StatusUpdate, Preference, Notice, Broken> what;
    std::string account = {};  // the business account (WABA) it came for; may be empty
};

/// A whole body, item by item in its order. `unreadable` says why the body as a whole cannot be read; then there are no items.
struct Delivery {
    std::vector<DeliveryItem> items;
    std::string unreadable;
};

}  // namespace wabot
