#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.hpp"
#include "core/base/value.hpp"

namespace wabot {

/// Longest text that one send of any channel here may carry, in characters.
inline constexpr std::size_t text_part_max = 4096;

/// What a message may be, by the words that providers have for it.
enum class ContentKind { text, image, video, audio, document, sticker, location, contacts, reaction, interactive, template_ };
inline constexpr std::string_view content_kind_words[] = {"text",     "image",    "video",    "audio",       "document", "sticker",
                                                          "location", "contacts", "reaction", "interactive", "template"};
template <>
inline constexpr std::span<const std::string_view> words_of<ContentKind> = content_kind_words;

/// What is said in one message. `object` is JSON, of the form that the Cloud API has for the kind: {"body"}, {"link", "caption"}, {"name",
/// "language", "components"}, a list of cards, and so on (the tables in content_shapes.cpp). It differs where that helps: media may name a `file` of
/// ours by its id, numbers are numbers, and the message that a reaction is for stands beside it, as the one that a reply quotes.
struct Content {
    ContentKind kind = ContentKind::text;
    JsonText object;
};

/// The type and size of a file, as its bytes say.
struct FileFacts {
    std::string mime_type;
    std::int64_t size = 0;
    bool is_animated = false;  // of a sticker
};

namespace content {

Content text(std::string_view body, bool preview_url = false);
/// The object of any kind; Error{invalid} as `check` has it.
Content make(ContentKind kind, const Json& object);

bool is_media(ContentKind kind);

/// Error{invalid} lists what is missing, unknown, of another form or over a limit, by its place: "buttons[3].reply.title". Texts may be of any
/// length, they are split. Limits count code points.
void check(const Content& content);
/// The MIME types of media of that kind.
std::span<const std::string_view> media_types(ContentKind kind);
/// The same of a file for media of that kind: its type, and no more bytes than the provider takes.
void check_file(ContentKind kind, const FileFacts& file);

/// What people read of it in a list: the text, a caption, a template's name and values, buttons, names; never a number of a contact card.
/// Empty when nothing was written.
std::string readable(const Content& content);

/// The files of ours that the provider must have before it is sent, in order, each once.
std::vector<std::int64_t> files_of(std::string_view object);
/// The same object with the provider's media id in place of a file.
JsonText with_media_id(std::string_view object, std::int64_t file, std::string_view media_id);

/// The object as the Cloud API takes it; all its files have been replaced. `refers_to`: the provider's id of the message that a reaction is for.
Json whatsapp_object(ContentKind kind, std::string_view object, std::string_view refers_to);

}  // namespace content

}  // namespace wabot
