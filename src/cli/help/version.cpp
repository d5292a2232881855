#include "cli/commands.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/framework/runtime.hpp"
#include "core/base/version.hpp"
#include "core/database/migrations.hpp"

namespace wabot::cli {

namespace {

/// "name=version name=version": what CMake found when this was built.
Json libraries() {
    Json out = Json::object();
    std::string_view list = WABOT_LIBRARIES;
    while (!list.empty()) {
        const std::string_view entry = list.substr(0, list.find(' '));
        const std::size_t sign = entry.find('=');
        out[std::string(entry.substr(0, sign))] = entry.substr(sign + 1);
        list.remove_prefix(std::min(entry.size() + 1, list.size()));
    }
    return out;
}

void show_version(Runtime& rt) {
    const std::string compiler = fmt::format("{} {}", WABOT_COMPILER, __VERSION__);
    const Json json{
        {"version", version()}, {"compiler", compiler}, {"schema_min", schema_min}, {"schema_max", schema_max()}, {"libraries", libraries()}};
    std::string text = fmt::format("wabot {}\ncompiler\t{}\nschema\t{} to {}\n", version(), compiler, schema_min, schema_max());
    for (const auto& [name, number] : json["libraries"].items()) text += fmt::format("{}\t{}\n", name, number.get<std::string>());
    rt.out().document(json, text);
}

}  // namespace

std::span<const Command> version_commands() {
    static const Command table[] = {
        // namespace
        {.path = "version",
         .summary = "Show the version, the supported schema revisions and the libraries",
         .formats = formats::document,
         .examples = {{"wabot version", "for a bug report"}, {"wabot version -o json", "for a script"}},
         .build = [](CommandBuilder&) -> Action { return show_version; }},
    };
    return table;
}

}  // namespace wabot::cli
