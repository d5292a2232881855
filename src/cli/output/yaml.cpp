#include "cli/output/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "cli/output/display.hpp"

namespace wabot::cli {

namespace {

/// Words that YAML 1.1 reads as booleans or nothing, in lower case.
constexpr std::string_view words_with_meaning[] = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"};

/// Letters first, then letters, digits and what has no meaning between them, single blanks inside: no number, date, mark or key.
bool is_plain(std::string_view text) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto is_harmless = [&](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || std::string_view("_-./ ").find(c) != std::string_view::npos;
    };
    if (text.empty() || text.size() > 100 || !is_letter(text.front()) || text.back() == ' ') return false;
    if (!std::all_of(text.begin(), text.end(), is_harmless)) return false;
    std::string folded(text);
    for (char& c : folded) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return std::find(std::begin(words_with_meaning), std::end(words_with_meaning), folded) == std::end(words_with_meaning);
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    while (!text.empty()) {
        const CodePoint next = first_code_point(text);
        const char32_t c = next.valid ? next.value : 0xFFFD;
        if (c == '"' || c == '\\')
            out.append("\\").append(text.substr(0, 1));
        else if (c == '\n')
            out += "\\n";
        else if (c == '\t')
            out += "\\t";
        else if (is_obeyed(c) || c == 0xFEFF || (c & 0xFFFE) == 0xFFFE)
            out += c < 0x100     ? fmt::format("\\x{:02x}", static_cast<unsigned>(c))
                   : c < 0x10000 ? fmt::format("\\u{:04x}", static_cast<unsigned>(c))
                                 : fmt::format("\\U{:08x}", static_cast<unsigned>(c));
        else if (next.valid)
            out += text.substr(0, next.bytes);
        else
            out += "\xEF\xBF\xBD";
        text.remove_prefix(next.bytes);
    }
    return out + "\"";
}

std::string text_of(std::string_view text) {
    return is_plain(text) ? std::string(text) : quoted(text);
}

std::string number_of(const Json& json) {
    std::string text = json.dump();
    // YAML 1.1 takes "1e+20" for a text.
    const std::size_t exponent = text.find('e');
    if (exponent != std::string::npos && text.find('.') == std::string::npos) text.insert(exponent, ".0");
    return text;
}

bool is_block(const Json& json) {
    return json.is_structured() && !json.empty();
}

std::string inline_of(const Json& json) {
    if (json.is_string()) return text_of(json.get_ref<const std::string&>());
    if (json.is_number_float()) return number_of(json);
    return json.dump();  // null, true, 7, {} and [] are the same in both
}

/// Every line of the block but its first begins with `indent` blanks; the first stands where the writer is.
void write_block(std::string& out, const Json& json, std::size_t indent) {
    const std::string margin(indent, ' ');
    bool is_first = true;
    const auto begin_line = [&] { out += std::exchange(is_first, false) ? "" : margin; };
    if (json.is_array()) {
        for (const Json& item : json) {
            begin_line();
            out += "- ";
            if (is_block(item))
                write_block(out, item, indent + 2);
            else
                out += inline_of(item) + "\n";
        }
        return;
    }
    for (const auto& [name, value] : json.items()) {
        begin_line();
        out += text_of(name) + ":";
        if (!is_block(value)) {
            out += " " + inline_of(value) + "\n";
            continue;
        }
        // A sequence may stand at the margin of its key.
        const std::size_t deeper = value.is_array() ? indent : indent + 2;
        out += "\n" + std::string(deeper, ' ');
        write_block(out, value, deeper);
    }
}

}  // namespace

std::string to_yaml(const Json& json) {
    std::string out;
    if (is_block(json))
        write_block(out, json, 0);
    else
        out = inline_of(json) + "\n";
    return out;
}

std::string to_yaml_item(const Json& json) {
    std::string out;
    write_block(out, Json::array({json}), 0);
    return out;
}

}  // namespace wabot::cli
