#include <fmt/format.h>

// The library takes for granted what it goes on to check (that a key begins with a letter, in "[/x]"): with assertions it would end the process,
// without them some compilers leave the check out.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expression) static_cast<void>(0)
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include <algorithm>
#include <tuple>

#include "core/base/config_files.hpp"
#include "core/base/error.hpp"

namespace wabot {

namespace {

constexpr std::size_t config_file_size_max = 1024 * 1024;

std::string_view type_name(toml::node_type type) {
    switch (type) {
        case toml::node_type::string: return "text";
        case toml::node_type::integer: return "integer";
        case toml::node_type::floating_point: return "number";
        case toml::node_type::boolean: return "boolean";
        case toml::node_type::array: return "array";
        case toml::node_type::table: return "table";
        default: return "date or time";
    }
}

void flatten(const toml::table& table, const std::string& prefix, const std::filesystem::path& file, std::vector<FileEntry>& entries) {
    for (const auto& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        const toml::table* inner = node.as_table();
        if (inner != nullptr && !inner->empty()) {
            flatten(*inner, name + ".", file, entries);
            continue;
        }
        if (inner != nullptr && !inner->is_inline()) continue;  // a header with nothing below it
        FileEntry entry{
            .name = name, .type = type_name(node.type()), .file = file, .line = key.source().begin.line, .column = key.source().begin.column};
        if (const auto* text = node.as_string())
            entry.value = text->get();
        else if (const auto* number = node.as_integer())
            entry.value = number->get();
        entries.push_back(std::move(entry));
    }
}

}  // namespace

std::vector<FileEntry> read_config_file(const std::filesystem::path& file) {
    const std::string text = read_file(file, config_file_size_max);
    try {
        std::vector<FileEntry> entries;
        flatten(toml::parse(text, file.string()), "", file, entries);
        std::sort(entries.begin(), entries.end(),
                  [](const FileEntry& a, const FileEntry& b) { return std::tie(a.line, a.column) < std::tie(b.line, b.column); });
        return entries;
    } catch (const toml::parse_error& e) {
        const auto at = e.source().begin;
        throw Error(Errc::invalid, fmt::format("{}:{}:{}: {}", file.string(), at.line, at.column, e.description()));
    }
}

}  // namespace wabot
