#include "cli/output/display.hpp"

#include <fmt/format.h>
#include <locale.h>
#include <wchar.h>

#include <algorithm>
#include <cstdint>

namespace wabot::cli {

CodePoint first_code_point(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t lead = byte(0);
    if (lead < 0x80) return {lead, 1, true};
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
    char32_t value = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return {};
        value = (value << 6) | (byte(i) & 0x3FU);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < least[length] || value > 0x10FFFF || surrogate) return {};
    return {value, length, true};
}

bool is_obeyed(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x61C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069) || (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE0FFF);
}

namespace {

/// The C library's table, whatever the locale of the process; one cell each when even C.UTF-8 is missing.
std::size_t plain_cells(char32_t c) {
    if (c < 0x300) return 1;
    static const locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    if (unicode == nullptr) return 1;
    const locale_t before = uselocale(unicode);
    const int cells = wcwidth(static_cast<wchar_t>(c));
    uselocale(before);
    return cells < 0 ? 1 : static_cast<std::size_t>(cells);
}

constexpr char32_t joiner = 0x200D, emoji_style = 0xFE0F;
bool is_skin_tone(char32_t c) {
    return c >= 0x1F3FB && c <= 0x1F3FF;
}
bool is_regional(char32_t c) {
    return c >= 0x1F1E6 && c <= 0x1F1FF;
}

struct Cluster {
    std::size_t bytes = 0;
    std::size_t cells = 0;
};

/// What a person sees as the first character: a base with its marks, an emoji with its tone, style and what is joined to it, a flag's pair.
Cluster first_cluster(std::string_view text) {
    const CodePoint base = first_code_point(text);
    Cluster cluster{base.bytes, plain_cells(base.value)};
    bool joined = false, flag_open = is_regional(base.value);
    while (cluster.bytes < text.size()) {
        const CodePoint next = first_code_point(text.substr(cluster.bytes));
        const bool flag = flag_open && is_regional(next.value);
        const bool tone = is_skin_tone(next.value) && cluster.cells == 2;
        if (!next.valid || !(joined || flag || tone || plain_cells(next.value) == 0)) break;
        if (next.value == emoji_style || flag) cluster.cells = std::max<std::size_t>(cluster.cells, 2);
        joined = next.value == joiner;
        flag_open = false;
        cluster.bytes += next.bytes;
    }
    return cluster;
}

bool is_right_to_left(char32_t c) {
    return (c >= 0x590 && c <= 0x8FF) || (c >= 0xFB1D && c <= 0xFDFF) || (c >= 0xFE70 && c <= 0xFEFC) || (c >= 0x10800 && c <= 0x10FFF) ||
           (c >= 0x1E800 && c <= 0x1EFFF);
}

std::string escape_of(char32_t c) {
    switch (c) {
        case '\n': return "\\n";
        case '\r': return "\\r";
        case '\t': return "\\t";
        default: return c < 0x100 ? fmt::format("\\x{:02x}", static_cast<unsigned>(c)) : fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    }
}

}  // namespace

std::size_t cells_of(std::string_view text) {
    std::size_t cells = 0;
    while (!text.empty()) {
        const Cluster cluster = first_cluster(text);
        cells += cluster.cells;
        text.remove_prefix(cluster.bytes);
    }
    return cells;
}

std::string fitted(std::string_view text, std::size_t cells, std::string_view mark) {
    if (cells_of(text) <= cells) return std::string(text);
    const std::size_t mark_cells = cells_of(mark);
    const std::size_t room = cells > mark_cells ? cells - mark_cells : 0;
    std::size_t kept = 0, used = 0;
    while (kept < text.size()) {
        const Cluster cluster = first_cluster(text.substr(kept));
        if (used + cluster.cells > room) break;
        used += cluster.cells;
        kept += cluster.bytes;
    }
    return std::string(text.substr(0, kept)).append(mark);
}

std::string escaped_line(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const CodePoint next = first_code_point(text);
        if (!next.valid)
            out += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(text[0]));
        else if (is_obeyed(next.value))
            out += escape_of(next.value);
        else
            out += text.substr(0, next.bytes);
        text.remove_prefix(next.bytes);
    }
    return out;
}

std::string escaped_lines(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of("\n\t"), text.size());
        out += escaped_line(text.substr(0, end));
        if (end < text.size()) out += text[end];
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

std::string escaped_json(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    while (!json.empty()) {
        const CodePoint next = first_code_point(json);
        if (!is_obeyed(next.value) || !next.valid)
            out += json.substr(0, next.bytes);
        else if (next.value < 0x10000)
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(next.value));
        else
            out += fmt::format("\\u{:04x}\\u{:04x}", 0xD7C0 + static_cast<unsigned>(next.value >> 10),
                               0xDC00 + static_cast<unsigned>(next.value & 0x3FF));
        json.remove_prefix(next.bytes);
    }
    return out;
}

std::string isolated(std::string text) {
    for (std::size_t i = 0; i < text.size();) {
        const CodePoint next = first_code_point(std::string_view(text).substr(i));
        if (is_right_to_left(next.value)) return "\u2068" + text + "\u2069";
        i += next.bytes;
    }
    return text;
}

std::string tsv_cell(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '\t': out += "\\t"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\\': out += "\\\\"; break;
            default: out += c;
        }
    }
    return out;
}

std::string csv_cell(std::string_view text, bool raw) {
    std::string out(text);
    if (!raw && !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) out.insert(0, 1, '\'');
    if (out.find_first_of(",\"\r\n") == std::string::npos) return out;
    std::string quoted = "\"";
    for (const char c : out) quoted.append(c == '"' ? 2 : 1, c);
    return quoted + "\"";
}

}  // namespace wabot::cli
