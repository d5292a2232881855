#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/agents/question.hpp"
#include "core/base/cause.hpp"
#include "core/base/ids.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

using MediaId = Id<struct Media>;
WABOT_ENUM(MediaState, waiting, fetched, blocked, gone, failed)

/// What came with a message, beside its words.
struct Media {
    MediaId id;
    MessageId message_id;
    std::string kind;
    std::string provider_media_id;
    std::string mime_type;
    std::optional<std::string> sha256;
    std::optional<std::string> file_name;
    std::string blob_key;
    MediaState state;
    std::optional<FileId> file_id;
    std::optional<std::int64_t> file_size;
    std::optional<std::string> error;
    Time created_at;
    Time updated_at;
};
WABOT_DESCRIBE(Media, FIELD(id, .key = true), FIELD(message_id), FIELD(kind), FIELD(provider_media_id, .wide = true),
               FIELD(mime_type, .doc = "MIME type as declared"), FIELD(sha256, .wide = true), FIELD(file_name), FIELD(blob_key, .secret = true),
               FIELD(state), FIELD(file_id), FIELD(file_size, .doc = "Bytes"), FIELD(error, .doc = "Why the file is not fetched (yet)"),
               FIELD(created_at, .wide = true), FIELD(updated_at, .wide = true))

/// README.md has the states.
namespace media {

inline constexpr std::string_view job_kind = "fetch_media";

struct New {
    std::string_view kind;  // image, voice, ...: the message's type
    std::string_view provider_media_id;
    std::string_view mime_type;
    std::string_view sha256;     // in whatever form the provider writes it
    std::string_view file_name;  // untrusted; may be empty
    std::string_view blob_key;   // new_blob_key
};
/// Notes it and puts the job in line that fetches it.
void add(Transaction& tx, MessageId message, const New& medium);
/// The turn of the message waits for what came with it, at most until then.
void wait_for(Transaction& tx, MessageId message, Time until);

std::optional<Media> find(Snapshot& db, MediaId id);
std::vector<Media> of_message(Snapshot& db, MessageId message);
/// The same as an agent is told of it.
std::vector<QuestionFile> as_question(Snapshot& db, MessageId message);
/// "not fetched: its URL answers HTTP 500; tried again": in a word or a line.
std::string told_state(const Media& medium);

/// Whether it is still to be fetched: waiting, or failed and wanted once more.
bool is_open(const Media& medium);
/// The same in the unit that settles it, which holds the message's conversation from here on.
bool hold_open(Transaction& tx, const Media& medium);
/// What came of it, for who holds it; the turn of its message waits no longer.
void settle(Transaction& tx, const Cause& cause, const Media& medium, MediaState state, std::optional<FileId> file,
            const std::optional<std::string>& error);
/// It was tried in vain, and is tried again.
void note_failure(Transaction& tx, MediaId id, std::string_view error);

}  // namespace media

}  // namespace wabot
