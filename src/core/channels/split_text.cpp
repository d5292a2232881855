#include "core/channels/split_text.hpp"

#include "core/base/error.hpp"

namespace wabot {

namespace {

constexpr std::string_view white = " \t\r\n";

bool starts_character(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

/// Where character `count` of `text` begins, in bytes; its size when it has no more than `count`.
std::size_t bytes_of(std::string_view text, std::size_t count) {
    std::size_t at = 0;
    while (at < text.size()) {
        if (starts_character(text[at])) {
            if (count == 0) return at;
            --count;
        }
        ++at;
    }
    return at;
}

/// Where to end the first part, of at most `limit` bytes. A boundary in its first half would leave a needlessly short part, unless it is all
/// there is.
std::size_t cut_at(std::string_view text, std::size_t limit) {
    const std::string_view window = text.substr(0, limit + 1);
    for (const std::string_view boundary : {"\n\n", "\n", " "})
        if (const std::size_t at = window.rfind(boundary); at != std::string_view::npos && at >= limit / 2) return at;
    const std::size_t any = window.find_last_of(white);
    return any != std::string_view::npos && any > 0 ? any : limit;
}

}  // namespace

std::vector<std::string> split_text(std::string_view text, std::size_t max) {
    if (max == 0) throw Error(Errc::bug, "a part of a text needs room for a character");
    std::vector<std::string> parts;
    if (const std::size_t all = bytes_of(text, max); all == text.size()) {
        if (text.find_first_not_of(white) != std::string_view::npos) parts.emplace_back(text);
        return parts;
    }
    while (true) {
        const std::size_t begin = text.find_first_not_of(white);
        if (begin == std::string_view::npos) return parts;
        text.remove_prefix(begin);
        const std::size_t limit = bytes_of(text, max);
        const std::size_t end = limit == text.size() ? limit : cut_at(text, limit);
        const std::string_view part = text.substr(0, end);
        parts.emplace_back(part.substr(0, part.find_last_not_of(white) + 1));
        text.remove_prefix(end);
    }
}

}  // namespace wabot
