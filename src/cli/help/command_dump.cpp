#include "cli/help/command_dump.hpp"

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/framework/command.hpp"
#include "cli/framework/globals.hpp"
#include "cli/help/topics.hpp"
#include "cli/output/columns.hpp"
#include "cli/output/exit_codes.hpp"
#include "core/config/setting.hpp"

namespace wabot::cli {

namespace {

Json dumped(const Parameter& p) {
    return {{"name", p.name},
            {"short", p.short_name},
            {"value", p.value},
            {"doc", p.doc},
            {"is_argument", p.is_argument()},
            {"is_flag", p.is_flag()},
            {"otherwise", p.otherwise},
            {"required", p.required},
            {"repeatable", p.repeatable},
            {"words", p.words},
            {"completes", word_of(p.noun)}};
}

Json dumped(const std::deque<Parameter>& parameters) {
    Json out = Json::array();
    for (const Parameter& p : parameters) out.push_back(dumped(p));
    return out;
}

std::string_view word_of(Effect effect) {
    switch (effect) {
        case Effect::reads: return "reads";
        case Effect::writes: return "writes";
        case Effect::runs: return "runs";
    }
    return "";
}

Json dumped(const Command& command) {
    CommandBuilder builder;
    const Action keeps_options_alive = command.build(builder);
    Json examples = Json::array();
    for (const Example& example : command.examples)
        if (!example.line.empty()) examples.push_back({{"line", example.line}, {"purpose", example.purpose}});
    Json columns = Json::array();
    for (const Column& column : all_columns(command.columns)) columns.push_back(column.name);
    return {{"path", command.path},
            {"summary", command.summary},
            {"effect", word_of(command.effect)},
            {"formats", command.formats.words()},
            {"columns", std::move(columns)},
            {"examples", std::move(examples)},
            {"parameters", dumped(builder.parameters())}};
}

std::string_view word_of(SettingKind kind) {
    switch (kind) {
        case SettingKind::text: return "text";
        case SettingKind::word: return "word";
        case SettingKind::path: return "path";
        case SettingKind::integer: return "integer";
        case SettingKind::boolean: return "boolean";
        case SettingKind::duration: return "duration";
        case SettingKind::secret: return "secret";
    }
    return "";
}

Json dumped(const Setting& setting) {
    const SettingNote& note = setting.note;
    Json env = Json::array();
    for (const std::string_view name : note.env)
        if (!name.empty()) env.push_back(name);
    return {{"name", setting.name},
            {"kind", word_of(setting.kind)},
            {"env", std::move(env)},
            {"fallback", note.fallback},
            {"derived", note.derived},
            {"words", std::vector<std::string_view>(note.words.begin(), note.words.end())},
            {"may_come_from_file", setting.may_come_from_file()},
            {"reloadable", note.reloadable},
            {"doc", note.doc}};
}

}  // namespace

Json command_dump() {
    Globals unused;
    CommandBuilder globals;
    declare_globals(globals, unused);
    Json dump{{"commands", Json::array()}, {"globals", dumped(globals.parameters())}, {"exits", Json::array()}, {"settings", Json::array()}};
    for (const Command* command : all_commands()) dump["commands"].push_back(dumped(*command));
    for (const ExitRow& exit : all_exits())
        dump["exits"].push_back({{"code", exit.code}, {"name", exit.name}, {"when", exit.when}, {"again", exit.again}});
    for (const Setting& setting : all_settings()) dump["settings"].push_back(dumped(setting));
    dump["variables"] = Json::array();
    for (const Variable& variable : other_variables()) dump["variables"].push_back({{"name", variable.name}, {"doc", variable.doc}});
    dump["topics"] = Json::array();
    constexpr std::size_t unbroken = 10'000;
    for (const Topic& topic : all_topics())
        dump["topics"].push_back({{"name", topic.name}, {"summary", topic.summary}, {"text", topic.text(unbroken)}});
    return dump;
}

}  // namespace wabot::cli
