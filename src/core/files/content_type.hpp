#pragma once

#include <optional>
#include <string>
#include <string_view>

/// What the bytes of a file say that it is.
namespace wabot::content_type {

/// The MIME type that the first bytes show (`BlobFacts::head`): one that we take, or one that we know well enough to name, as "text/html". "" when
/// they show none.
std::string_view of_bytes(std::string_view head);

/// "audio/ogg" of "Audio/OGG; codecs=opus".
std::string base_of(std::string_view declared);

/// Whether files of this declared type are taken at all.
bool is_taken(std::string_view declared);

/// Why a file that was declared to be of a type must not be taken, naming both; nullopt when its bytes agree.
std::optional<std::string> refusal(std::string_view declared, std::string_view head);

/// The type under which a received file is kept: the declared one when its bytes agree; else that of its name's ending or of its bytes, when those
/// agree with a type that we take (systems call a CSV a spreadsheet, and a PDF nothing). `unknown` for everything else: kept as it is, given out as
/// an attachment only, and read by no agent.
inline constexpr std::string_view unknown = "application/octet-stream";
std::string received_type(std::string_view declared, std::string_view name, std::string_view head);

/// Whether the bytes are those of a program or a script, which are not kept.
bool is_program(std::string_view head);

/// ".jpg"; "" for a type that we do not take.
std::string_view extension_of(std::string_view declared);

}  // namespace wabot::content_type
