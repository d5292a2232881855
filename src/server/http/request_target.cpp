#include "server/http/request_target.hpp"

#include <algorithm>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace wabot {

namespace {

constexpr std::size_t parameters_max = 100;

[[noreturn]] void refuse_target(const char* why) {
    throw Error(Errc::bad_request, std::string("the path or query ") + why);
}

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    return std::nullopt;
}

/// The byte that the escape at the beginning of `text` stands for, or nothing when there is no whole escape.
std::optional<char> escape_at(std::string_view text) {
    if (text.size() < 3 || text[0] != '%') return std::nullopt;
    const auto high = hex_digit(text[1]), low = hex_digit(text[2]);
    if (!high || !low) return std::nullopt;
    return static_cast<char>(*high * 16 + *low);
}

std::string decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            const auto byte = escape_at(text.substr(i));
            if (!byte) refuse_target("holds a broken escape");
            out += *byte;
            i += 2;
        } else {
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    if (out.find('\0') != out.npos) refuse_target("holds a NUL");
    if (!valid_utf8(out)) refuse_target("is not UTF-8");
    return out;
}

std::string decode_segment(std::string_view raw) {
    std::string out = decode(raw, false);
    if (out == "." || out == "..") refuse_target("holds a dot segment");
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto c = static_cast<unsigned char>(out[i]);
        if (c < 0x20 || c == 0x7F) refuse_target("holds a control character");
        if (c == '/' || c == '\\') refuse_target("holds a slash inside a name");
        if (escape_at(std::string_view(out).substr(i))) refuse_target("is escaped twice");
    }
    return out;
}

/// "http://host/path" -> "/path"; other forms unchanged.
std::string_view without_authority(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!target.starts_with(scheme)) continue;
        target.remove_prefix(scheme.size());
        const std::size_t end = target.find_first_of("/?");
        if (end == target.npos) return "/";
        target.remove_prefix(end);
        break;
    }
    return target;
}

}  // namespace

RequestTarget read_target(std::string_view target) {
    target = without_authority(target);
    if (!target.starts_with('/')) refuse_target("does not begin with a slash");
    const auto is_foreign = [](char c) { return c <= 0x20 || c == 0x7F || c == '#'; };  // char is signed: above ASCII is below zero
    if (std::any_of(target.begin(), target.end(), is_foreign)) refuse_target("holds a byte that must be escaped");

    RequestTarget out;
    const std::size_t mark = std::min(target.find('?'), target.size());
    std::string_view path = target.substr(1, mark - 1);
    for (;;) {
        const std::size_t slash = path.find('/');
        out.segments.push_back(decode_segment(path.substr(0, slash)));
        if (slash == path.npos) break;
        path.remove_prefix(slash + 1);
    }

    std::string_view query = target.substr(std::min(mark + 1, target.size()));
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.empty()) continue;
        if (out.query.size() == parameters_max) refuse_target("holds too many parameters");
        const std::size_t equals = std::min(pair.find('='), pair.size());
        out.query.emplace_back(decode(pair.substr(0, equals), true), decode(pair.substr(std::min(equals + 1, pair.size())), true));
    }
    return out;
}

}  // namespace wabot
