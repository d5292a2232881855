#include "cli/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/framework/list_request.hpp"
#include "cli/framework/runtime.hpp"
#include "core/base/text.hpp"
#include "core/config/load_settings.hpp"
#include "core/config/setting.hpp"

namespace wabot {

/// A line of `config show` without --origin.
struct EffectiveSetting {
    std::string name;
    std::string value;
};
WABOT_DESCRIBE(EffectiveSetting, FIELD(name, .key = true), FIELD(value))

namespace cli {

namespace {

struct ShowOptions {
    std::vector<std::string> keys;
    bool origin = false;
    PagingOptions paging;
};

/// A whole name, or a table of the file: "server" for all of "server.*".
bool asks_for(const std::string& key, std::string_view name) {
    return name == key || name.starts_with(key + ".");
}

void refuse_unknown(const std::vector<std::string>& keys) {
    std::vector<std::string_view> names;
    for (const Setting& row : all_settings()) names.push_back(row.name);
    for (const std::string& key : keys) {
        if (std::any_of(names.begin(), names.end(), [&](std::string_view name) { return asks_for(key, name); })) continue;
        const std::string suggestion = did_you_mean(key, names);
        throw Error(Errc::not_found, fmt::format("no setting \"{}\"{}{}", key, suggestion.empty() ? "" : "; ", suggestion),
                    "wabot config show lists them");
    }
}

void config_show(Runtime& rt, const ShowOptions& opts) {
    refuse_unknown(opts.keys);
    std::vector<ShownSetting> shown = show_settings(rt.loaded_settings());
    for (const std::string& name : rt.loaded_settings().without_effect)
        rt.out().say("warning: {} has no effect: this version does not have what it sets up", name);
    if (!opts.keys.empty())
        std::erase_if(shown, [&](const ShownSetting& s) {
            return std::none_of(opts.keys.begin(), opts.keys.end(), [&](const std::string& key) { return asks_for(key, s.name); });
        });
    if (opts.origin || rt.out().structured()) return ShortList<ShownSetting>(rt, "setting", opts.paging).show([&] { return shown; });
    std::vector<EffectiveSetting> effective;
    for (const ShownSetting& s : shown) effective.push_back({s.name, s.value});
    ShortList<EffectiveSetting>(rt, "setting", opts.paging).show([&] { return effective; });
}

struct CheckOptions {
    std::optional<std::string> file;
};

void config_check(Runtime& rt, const CheckOptions& opts) {
    Sources sources = rt.sources();
    if (opts.file && !std::filesystem::exists(*opts.file)) throw Error(Errc::not_found, fmt::format("there is no file {}", *opts.file));
    if (opts.file) sources.config_files = {*opts.file};
    LoadedSettings loaded;
    try {
        loaded = load_settings(sources);
    } catch (const Error& error) {
        const std::size_t count = error.faults().size();
        if (error.code() != Errc::invalid || count == 0) throw;
        throw CommandExit(Exit::invalid, fmt::format("{} in the configuration", count == 1 ? "a fault" : fmt::format("{} faults", count)),
                          error.faults());
    }
    Json files = Json::array();
    std::string text;
    for (const auto& file : sources.config_files) {
        files.push_back(file.string());
        text += fmt::format("{}\tok\n", file.string());
    }
    for (const std::string& warning : loaded.warnings) rt.out().say("warning: {}", warning);
    rt.out().document(Json{{"valid", true}, {"files", files}, {"warnings", loaded.warnings}}, text.empty() ? "no configuration file\tok\n" : text);
}

}  // namespace

std::span<const Command> config_commands() {
    static const Command table[] = {
        // namespace
        {.path = "config show",
         .summary = "Show the effective settings",
         .columns = fields_of<ShownSetting>,
         .examples = {{"wabot config show --origin", "each value and its origin"}, {"wabot config show server.port", "one setting"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<ShowOptions>();
             cmd.argument("key", opts->keys, "Names of settings, or of tables of settings").completes(Noun::setting);
             cmd.flag("--origin", opts->origin, "Also show the origin of each value");
             declare_short_paging(cmd, opts->paging);
             return [opts](Runtime& rt) { config_show(rt, *opts); };
         }},
        {.path = "config check",
         .summary = "Check the configuration and show all errors",
         .formats = formats::document,
         .examples = {{"wabot config check", "the files that commands read"},
                      {"wabot config check ./wabot.toml", "one file, before it is installed"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<CheckOptions>();
             cmd.argument("file", opts->file, "Check this file instead").completes(Noun::file);
             return [opts](Runtime& rt) { config_check(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace cli
}  // namespace wabot
