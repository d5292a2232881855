#include "core/files/content_type.hpp"

#include <algorithm>
#include <array>

#include "core/base/text.hpp"

namespace wabot::content_type {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view text = "text/plain";
constexpr std::string_view ole = "application/x-ole-storage";
constexpr std::string_view ooxml = "application/vnd.openxmlformats-officedocument";

/// Bytes at a place in the file, which are those of a type.
struct Signature {
    std::size_t at;
    std::string_view bytes;
    std::string_view type;
};

// The first that fits is it: the longer ones stand before those that they begin with.
constexpr Signature signatures[] = {
    {0, "\xFF\xD8\xFF"sv, "image/jpeg"},
    {0, "\x89PNG\r\n\x1A\n"sv, "image/png"},
    {8, "WEBP"sv, "image/webp"},  // behind RIFF and a length
    {0, "GIF8"sv, "image/gif"},
    {0, "BM"sv, "image/bmp"},
    {0, "#!AMR"sv, "audio/amr"},
    {28, "OpusHead"sv, "audio/ogg"},
    {28, "\x01vorbis"sv, "audio/ogg"},
    {0, "OggS"sv, "application/ogg"},
    {0, "ID3"sv, "audio/mpeg"},
    {8, "WAVE"sv, "audio/wav"},
    {8, "AVI "sv, "video/x-msvideo"},
    {0, "%PDF-"sv, "application/pdf"},
    {0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, ole},
    {0, "MZ"sv, "application/x-msdownload"},
    {0,
     "\x7F"
     "ELF"sv,
     "application/x-executable"},
    {0, "#!"sv, "text/x-shellscript"},
    {0, "\x1F\x8B"sv, "application/gzip"},
    {0, "Rar!"sv, "application/vnd.rar"},
    {0, "7z\xBC\xAF\x27\x1C"sv, "application/x-7z-compressed"},
};

/// The brands of ISO media files ("ftyp" at 4), by their beginning.
constexpr Signature brands[] = {
    {8, "M4A"sv, "audio/mp4"},  {8, "M4B"sv, "audio/mp4"},  {8, "3g"sv, "video/3gpp"},  {8, "qt  "sv, "video/quicktime"}, {8, "hei"sv, "image/heic"},
    {8, "hev"sv, "image/heic"}, {8, "mif"sv, "image/heic"}, {8, "msf"sv, "image/heic"}, {8, "avif"sv, "image/avif"},      {8, ""sv, "video/mp4"},
};

/// How text begins that a browser would run or draw, in lower case.
constexpr Signature markups[] = {
    {0, "<!doctype html"sv, "text/html"}, {0, "<html"sv, "text/html"},   {0, "<head"sv, "text/html"},    {0, "<body"sv, "text/html"},
    {0, "<script"sv, "text/html"},        {0, "<iframe"sv, "text/html"}, {0, "<svg"sv, "image/svg+xml"}, {0, "<!doctype svg"sv, "image/svg+xml"},
    {0, "<?xml"sv, "application/xml"},    {0, "<?php"sv, "text/x-php"},  {0, "<!--"sv, "text/html"},
};

bool has(std::string_view head, const Signature& signature) {
    return head.size() >= signature.at + signature.bytes.size() && head.substr(signature.at, signature.bytes.size()) == signature.bytes;
}

template <std::size_t N>
std::string_view first_of(const Signature (&table)[N], std::string_view head) {
    const auto* const found = std::ranges::find_if(table, [&](const Signature& signature) { return has(head, signature); });
    return found == std::end(table) ? "" : found->type;
}

unsigned byte(std::string_view head, std::size_t at) {
    return static_cast<unsigned char>(head[at]);
}

/// A frame of MPEG audio without a tag before it: eleven bits set, then version and layer; layer 0 is what AAC calls itself.
std::string_view frame_of(std::string_view head) {
    if (head.size() < 4 || byte(head, 0) != 0xFF || (byte(head, 1) & 0xE0U) != 0xE0U) return "";
    const unsigned layer = byte(head, 1) & 0x06U;
    if (layer == 0x06U) return "";  // layer I, which is not in use: this is how UTF-16 begins
    if (layer == 0) return (byte(head, 1) & 0xF0U) == 0xF0U ? "audio/aac" : "";
    const bool is_plausible = (byte(head, 1) & 0x18U) != 0x08U && (byte(head, 2) & 0xF0U) != 0xF0U && (byte(head, 2) & 0x0CU) != 0x0CU;
    return is_plausible ? "audio/mpeg" : "";
}

/// An office document is a ZIP archive whose first entry is one of its own.
std::string_view zip_of(std::string_view head) {
    if (!head.starts_with("PK\x03\x04"sv)) return "";
    static constexpr std::array entries{"[Content_Types].xml"sv, "_rels/"sv, "docProps/"sv, "customXml/"sv, "word/"sv, "xl/"sv, "ppt/"sv};
    const std::string_view name = head.size() > 30 ? head.substr(30) : "";
    return std::ranges::any_of(entries, [&](std::string_view entry) { return name.starts_with(entry); }) ? ooxml : "application/zip"sv;
}

std::string_view text_of(std::string_view head) {
    if (head.starts_with("\xFF\xFE"sv) || head.starts_with("\xFE\xFF"sv)) return text;  // UTF-16
    if (head.starts_with("\xEF\xBB\xBF"sv)) head.remove_prefix(3);
    const auto is_binary = [](char c) {
        const auto o = static_cast<unsigned char>(c);
        return o < 0x20 && o != '\t' && o != '\n' && o != '\r' && o != '\f' && o != 0x1B;
    };
    if (head.empty() || std::ranges::any_of(head, is_binary)) return "";
    head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n\f"), head.size()));
    const std::string_view markup = first_of(markups, fold_case(head.substr(0, 64)));
    return markup.empty() ? text : markup;
}

/// A type that we take, the ending of its files, and what its bytes may look like.
struct Taken {
    std::string_view declared;
    std::string_view extension;
    std::array<std::string_view, 3> bytes;
};

// What can be told of the ISO media files is the brand, which says little about whether there is a picture.
constexpr Taken taken[] = {
    {"image/jpeg", ".jpg", {"image/jpeg"}},
    {"image/png", ".png", {"image/png"}},
    {"image/webp", ".webp", {"image/webp"}},
    {"video/mp4", ".mp4", {"video/mp4", "video/3gpp"}},
    {"video/3gpp", ".3gp", {"video/3gpp", "video/mp4"}},
    {"audio/ogg", ".ogg", {"audio/ogg"}},
    {"audio/opus", ".ogg", {"audio/ogg"}},
    {"audio/mpeg", ".mp3", {"audio/mpeg"}},
    {"audio/mp4", ".m4a", {"audio/mp4", "video/mp4", "video/3gpp"}},
    {"audio/aac", ".aac", {"audio/aac", "audio/mp4"}},
    {"audio/amr", ".amr", {"audio/amr"}},
    {"application/pdf", ".pdf", {"application/pdf"}},
    {"application/msword", ".doc", {ole}},
    {"application/vnd.ms-excel", ".xls", {ole}},
    {"application/vnd.ms-powerpoint", ".ppt", {ole}},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx", {ooxml}},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx", {ooxml}},
    {"application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx", {ooxml}},
    {"text/plain", ".txt", {text}},
    {"text/csv", ".csv", {text}},
};

const Taken* find_taken(std::string_view declared) {
    const std::string base = base_of(declared);
    const auto* const found = std::ranges::find(taken, base, &Taken::declared);
    return found == std::end(taken) ? nullptr : found;
}

}  // namespace

std::string_view of_bytes(std::string_view head) {
    if (head.size() >= 12 && head.substr(4, 4) == "ftyp") return first_of(brands, head);
    for (const auto look : {zip_of, frame_of})
        if (const std::string_view type = look(head); !type.empty()) return type;
    const std::string_view type = first_of(signatures, head);
    const bool needs_riff = type == "image/webp" || type == "audio/wav" || type == "video/x-msvideo";
    const bool needs_page = type == "audio/ogg";
    if (!type.empty() && (!needs_riff || head.starts_with("RIFF")) && (!needs_page || head.starts_with("OggS"))) return type;
    return text_of(head);
}

std::string base_of(std::string_view declared) {
    std::string_view base = declared.substr(0, declared.find(';'));
    while (!base.empty() && base.back() == ' ') base.remove_suffix(1);
    while (!base.empty() && base.front() == ' ') base.remove_prefix(1);
    return fold_case(base);
}

bool is_taken(std::string_view declared) {
    return find_taken(declared) != nullptr;
}

std::optional<std::string> refusal(std::string_view declared, std::string_view head) {
    const std::string_view is = of_bytes(head);
    const std::string looks_like = is.empty() ? "nothing known" : std::string(is);
    const std::string base = first_characters(base_of(declared), 100);
    const Taken* const known = find_taken(declared);
    if (known == nullptr) return "files of type \"" + base + "\" are not taken; this one looks like " + looks_like;
    if (is.empty() || std::ranges::find(known->bytes, is) == known->bytes.end()) return "is declared as " + base + ", and looks like " + looks_like;
    return std::nullopt;
}

std::string received_type(std::string_view declared, std::string_view name, std::string_view head) {
    if (!refusal(declared, head)) return base_of(declared);
    const std::string_view is = of_bytes(head);
    const auto agrees = [&](const Taken& type) { return std::ranges::find(type.bytes, is) != type.bytes.end(); };
    const std::string lower = fold_case(name);
    if (is.empty()) return std::string(unknown);
    for (const Taken& type : taken)
        if (lower.ends_with(type.extension) && agrees(type)) return std::string(type.declared);
    for (const Taken& type : taken)
        if (type.declared == is && agrees(type)) return std::string(type.declared);
    return std::string(unknown);
}

bool is_program(std::string_view head) {
    static constexpr std::string_view programs[] = {"application/x-msdownload", "application/x-executable", "text/x-shellscript", "text/x-php"};
    return std::ranges::find(programs, of_bytes(head)) != std::end(programs);
}

std::string_view extension_of(std::string_view declared) {
    const Taken* const known = find_taken(declared);
    return known == nullptr ? "" : known->extension;
}

}  // namespace wabot::content_type
