#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json.hpp"
#include "core/base/value.hpp"
#include "core/channels/delivery.hpp"

/// What the items of a delivery hold, whatever their shape.
namespace wabot::whatsapp {

/// What the person wrote or chose: body, caption, title, name. None where nothing was written, and for system notices, which hold numbers.
std::optional<std::string> content_of(const Json& message);
/// Whose contact card it is: `formatted_name`, else first and last name, else FN of the vCard, else the company; empty when it says none of them.
std::string card_name(const Json& card);
/// The file it brought.
std::optional<IncomingMedia> media_of(const Json& message);
/// What else matters of it, by the names of messages.metadata: file, place, order, choice, advertisement. Without numbers of persons.
Json metadata_of(const Json& message);
/// The id of the message quoted, reacted to, edited or revoked; empty when there is none.
std::string refers_to(const Json& message);
/// Whether it edits or revokes that one.
Amendment amends(const Json& message);
/// The new addresses that a system notice tells of.
std::optional<Address> moved_to(const Json& message);
/// Whether the person says something that waits for an answer: no reaction, edit, revocation or notice, and nothing undeliverable.
bool wants_answer(const Json& message);

/// What an error object says, of an answer or of a status: its message or title, and the details; without numbers of persons and tokens, but
/// with `keep`.
std::string error_text(const Json& error, std::string_view keep);

/// What a change tells of the account, its numbers and its templates: of any field but those of messages. `at` is the entry's time.
Notice notice_of(const std::string& field, const Json& value, Time at);
/// The same of an error that stands in no message.
Notice error_notice(const Json& error, Time at);

}  // namespace wabot::whatsapp
