#include "core/config/load_settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "core/config/setting.hpp"
#include "core/config/settings.hpp"
#include "core/crypto/secret.hpp"

namespace wabot {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t secret_size_max = 64 * 1024;
constexpr std::string_view file_suffix = "_FILE";
constexpr std::string_view sqlite_scheme = "sqlite:///";

/// Variables that are ours and no settings: how a command runs, not what the installation is.
constexpr std::string_view other_variables[] = {"WABOT_CONFIG", "WABOT_NO_INPUT", "WABOT_TIME", "WABOT_TIMEOUT"};

/// Variables of the systems that wabot replaces, for features that it does not have yet.
constexpr std::string_view unserved_variables[] = {"REDIS_URL",
                                                   "RABBITMQ_URL",
                                                   "AI_MESSAGE_DOMAIN",
                                                   "AI_MESSAGE_SSL_CERT",
                                                   "AI_MESSAGE_SSL_KEY",
                                                   "JWT_SECRET_KEY",
                                                   "SECRET_KEY",
                                                   "WHATSAPP_API_URL",
                                                   "WHATSAPP_API_USER",
                                                   "WHATSAPP_API_PASSWORD",
                                                   "TWILIO_ACCOUNT_SID",
                                                   "TWILIO_AUTH_TOKEN",
                                                   "TWILIO_PHONE_NUMBER",
                                                   "OPENAI_API_KEY",
                                                   "LITELLM_BASEURL",
                                                   "LITELLM_API_KEY",
                                                   "LITELLM_MODEL",
                                                   "CHAT_HISTORY_MAX",
                                                   "LOGTO_ENDPOINT",
                                                   "LOGTO_APP_ID",
                                                   "LOGTO_JWKS_CACHE_TTL",
                                                   "SUPABASE_URL",
                                                   "SUPABASE_ANON_KEY",
                                                   "SUPABASE_SERVICE_KEY",
                                                   "OTEL_EXPORTER_OTLP_ENDPOINT",
                                                   "OTEL_SERVICE_NAME"};

struct EnvValue {
    std::string value;
    std::string origin;  // "environment X", "env file .env:4"
};

/// Text for a setting, and where it came from.
struct Found {
    std::string text;
    std::string origin;
    bool checked = false;  // entries of TOML files are, before anything overrides them
};

/// `path` seen from `folder`: "/x/y" for "y" in "/x", "/x" for ".".
fs::path below(const fs::path& folder, const fs::path& path) {
    const fs::path whole = (folder / path).lexically_normal();
    return whole.has_filename() || whole == whole.root_path() ? whole : whole.parent_path();
}

/// The URL of a SQLite file relative to a folder, if that is what it is; any other URL unchanged.
std::string sqlite_url_below(const fs::path& folder, const std::string& url) {
    const bool relative = url.starts_with(sqlite_scheme) && url.size() > sqlite_scheme.size() && url[sqlite_scheme.size()] != '/';
    return relative ? std::string(sqlite_scheme) + below(folder, url.substr(sqlite_scheme.size())).string() : url;
}

class Loader {
public:
    explicit Loader(const Sources& sources) : sources_(sources) {}

    LoadedSettings load() {
        read_environment();
        read_config_files();
        for (const Setting& row : all_settings()) load(row);
        if (faults_.empty()) derive();
        if (!faults_.empty()) throw_faults();
        loaded_.values = std::make_shared<const Settings>(std::move(values_));
        return std::move(loaded_);
    }

private:
    // Reading the sources -------------------------------------------------------------------------------------------------------------

    void read_environment() {
        for (const auto& [name, value] : sources_.environment) environment_[name] = {value, "environment " + name};
        if (sources_.env_file) gather([&] { read_env_file_into_environment(*sources_.env_file); });
        for (const auto& [name, value] : environment_) check_known(name);
        for (const std::string_view name : unserved_variables)
            for (const std::string& each : {std::string(name), std::string(name) + std::string(file_suffix)})
                if (variable(each) != nullptr) loaded_.without_effect.push_back(each);
    }

    void read_env_file_into_environment(const fs::path& file) {
        bool has_secret = false;
        for (EnvEntry& entry : read_env_file(file)) {
            has_secret = has_secret || (is_secret_variable(entry.name) && !entry.value.empty());
            if (sources_.environment.contains(entry.name)) continue;
            environment_[entry.name] = {std::move(entry.value), fmt::format("env file {}:{}", file.string(), entry.line)};
        }
        if (has_secret) warn_if_world_readable(file);
    }

    void read_config_files() {
        for (const fs::path& file : sources_.config_files) gather([&] { read_one(file); });
    }

    void read_one(const fs::path& file) {
        bool has_secret = false;
        for (FileEntry& entry : read_config_file(file)) {
            const Setting* row = row_of(entry.name);
            if (row == nullptr) {
                unknown_key(entry);
                continue;
            }
            has_secret = has_secret || (row->is_secret() && entry.name == row->name);
            check_entry(*row, entry);
            entries_.push_back(std::move(entry));
        }
        if (has_secret) warn_if_world_readable(file);
    }

    /// Also for an entry that something higher overrides: it would be wrong on another day.
    void check_entry(const Setting& row, const FileEntry& entry) {
        if (!has_type_of(row, entry)) {
            fault(row.name, entry.place(), fmt::format("must be {}, not {}", type_wanted(row), entry.type), "type");
        } else if (entry.name == row.name) {
            Settings scratch;
            const std::string problem = row.take(scratch, row, text_of(entry));
            if (!problem.empty()) fault(row.name, entry.place(), problem, "value");
        }
    }

    // One setting ---------------------------------------------------------------------------------------------------------------------

    void load(const Setting& row) {
        std::optional<Found> found;
        const bool readable = gather([&] { found = find(row); });
        const std::string origin = found ? found->origin : "default";
        const std::string problem = readable ? row.take(values_, row, found ? found->text : std::string(row.note.fallback)) : "";
        if (!problem.empty() && !(found && found->checked)) fault(row.name, origin, problem, "value");
        loaded_.origins.push_back(origin);
    }

    std::optional<Found> find(const Setting& row) {
        if (auto found = find_flag(row)) return found;
        for (const std::string_view name : row.note.env)
            if (const EnvValue* held = variable(name)) return Found{in_home(row, held->value), held->origin};
        if (row.may_come_from_file())
            if (auto found = find_file_of_secret(row)) return found;
        return find_in_config(row);
    }

    std::optional<Found> find_flag(const Setting& row) {
        for (const auto& [name, text] : sources_.flags) {
            if (name != row.name) continue;
            const bool shows_password = row.note.url && mask_url_password(text) != text;
            if (row.is_secret() || shows_password)
                throw Error(Errc::invalid, fmt::format("{}: a secret on the command line is seen by everyone on the machine; set {} or {}{} instead",
                                                       row.name, row.note.env[0], row.note.env[0], file_suffix));
            return Found{text, "flag"};
        }
        return std::nullopt;
    }

    std::optional<Found> find_file_of_secret(const Setting& row) {
        for (const std::string_view name : row.note.env) {
            if (name.empty()) continue;
            const std::string file_variable = std::string(name) + std::string(file_suffix);
            if (const EnvValue* held = variable(file_variable))
                return read_secret(row, in_home(held->value), fmt::format("file {} ({})", held->value, held->origin));
            if (const EnvValue* folder = variable("CREDENTIALS_DIRECTORY")) {
                const fs::path file = fs::path(folder->value) / name;
                std::error_code ignored;
                if (fs::exists(file, ignored)) return read_secret(row, file, fmt::format("credential {}", name));
            }
        }
        return std::nullopt;
    }

    std::optional<Found> find_in_config(const Setting& row) {
        for (const FileEntry& entry : entries_) {
            if (row_of(entry.name) != &row || std::holds_alternative<std::monostate>(entry.value)) continue;
            const fs::path folder = entry.file.parent_path();
            if (entry.name == row.name)
                return Found{relative_to(folder, row, in_home(row, text_of(entry))), fmt::format("file {}:{}", entry.file.string(), entry.line),
                             true};
            const fs::path secret = below(folder, in_home(text_of(entry)));
            return read_secret(row, secret, fmt::format("file {} ({}:{})", secret.string(), entry.file.string(), entry.line));
        }
        return std::nullopt;
    }

    Found read_secret(const Setting& row, const fs::path& file, std::string origin) {
        try {
            warn_if_world_readable(file);
            std::string text(without_line_end(read_file(file, secret_size_max)));
            if (text.empty()) throw Error(Errc::invalid, "the file is empty");
            return {std::move(text), std::move(origin)};
        } catch (const Error& e) {
            throw Error(e.code(), fmt::format("{}: {}: {}", origin, row.name, e.what()));
        }
    }

    /// `text` of a setting with the home folder in place of ~: only shells expand ~, and a folder of that name is never meant.
    std::string in_home(const Setting& row, const std::string& text) const {
        if (row.kind == SettingKind::path) return in_home(text);
        return row.note.url && text.starts_with(sqlite_scheme) ? std::string(sqlite_scheme) + in_home(text.substr(sqlite_scheme.size())) : text;
    }

    std::string in_home(const std::string& path) const {
        if (!path.starts_with('~')) return path;
        const EnvValue* home = variable("HOME");
        const bool is_own = path.size() == 1 || path[1] == '/';
        if (!is_own || home == nullptr)
            throw Error(Errc::invalid, fmt::format("{} is not a path: ~ {}; write the whole path", path,
                                                   is_own ? "needs HOME" : "with a user's name is for shells"));
        return home->value + path.substr(1);
    }

    static std::string relative_to(const fs::path& folder, const Setting& row, const std::string& text) {
        if (row.kind == SettingKind::path && !text.empty()) return below(folder, text).string();
        return row.note.url ? sqlite_url_below(folder, text) : text;
    }

    /// What no source sets and no constant can say.
    void derive() {
        Settings& values = values_;
        if (values.store.dir.empty()) values.store.dir = default_state_dir();
        if (!values.store.database_url.empty()) return;
        if (values.store.dir.empty()) fault("store.dir", "default", "there is no home folder to keep the store in; set WABOT_STATE_DIR", "missing");
        values.store.database_url = "sqlite:///" + (values.store.dir / "wabot.db").string();
    }

    fs::path default_state_dir() const {
        if (sources_.user_id == 0) return "/var/lib/wabot";
        if (const EnvValue* data = variable("XDG_DATA_HOME"); data != nullptr && data->value.starts_with('/')) return fs::path(data->value) / "wabot";
        if (const EnvValue* home = variable("HOME")) return fs::path(home->value) / ".local/share/wabot";
        return {};
    }

    // Small things --------------------------------------------------------------------------------------------------------------------

    /// A variable that is set to something; set but empty is not set, so that a line of .env can be blanked.
    const EnvValue* variable(std::string_view name) const {
        const auto found = environment_.find(name);
        return found == environment_.end() || found->second.value.empty() ? nullptr : &found->second;
    }

    static bool has_type_of(const Setting& row, const FileEntry& entry) {
        if (row.kind == SettingKind::integer) return std::holds_alternative<std::int64_t>(entry.value);
        if (row.kind == SettingKind::boolean) return std::holds_alternative<bool>(entry.value);
        return std::holds_alternative<std::string>(entry.value);
    }

    static std::string_view type_wanted(const Setting& row) {
        if (row.kind == SettingKind::integer) return "an integer";
        return row.kind == SettingKind::boolean ? "true or false without quotes" : "a text in quotes";
    }

    static std::string text_of(const FileEntry& entry) {
        if (const auto* flag = std::get_if<bool>(&entry.value)) return *flag ? "true" : "false";
        if (const auto* number = std::get_if<std::int64_t>(&entry.value)) return std::to_string(*number);
        const auto* text = std::get_if<std::string>(&entry.value);
        return text == nullptr ? std::string{} : *text;
    }

    /// The setting that a TOML key sets, itself or, as `name_file`, by the file it names.
    static const Setting* row_of(std::string_view key) {
        for (const Setting& row : all_settings()) {
            if (key == row.name) return &row;
            const bool names_file = row.may_come_from_file() && key.starts_with(row.name) && key.substr(row.name.size()) == "_file";
            if (names_file) return &row;
        }
        return nullptr;
    }

    static bool is_secret_variable(std::string_view name) {
        const auto settings = all_settings();
        return std::any_of(settings.begin(), settings.end(),
                           [&](const Setting& row) { return row.is_secret() && std::count(row.note.env.begin(), row.note.env.end(), name) != 0; });
    }

    void check_known(const std::string& name) {
        if (!name.starts_with("WABOT_")) return;
        std::vector<std::string> known(std::begin(other_variables), std::end(other_variables));
        for (const Setting& row : all_settings()) {
            for (const std::string_view variable : row.note.env) {
                if (variable.empty()) continue;
                known.emplace_back(variable);
                if (row.may_come_from_file()) known.push_back(std::string(variable) + std::string(file_suffix));
            }
        }
        if (std::find(known.begin(), known.end(), name) != known.end()) return;
        const std::vector<std::string_view> names(known.begin(), known.end());
        const std::string hint = did_you_mean(name, names);
        loaded_.warnings.push_back(fmt::format("{}: no such setting{}{}", name, hint.empty() ? "" : "; ", hint));
    }

    void unknown_key(const FileEntry& entry) {
        std::vector<std::string_view> names;
        for (const Setting& row : all_settings()) names.push_back(row.name);
        const std::string hint = did_you_mean(entry.name, names);
        const std::string message = fmt::format("no such setting{}{}", hint.empty() ? "" : "; ", hint);
        if (sources_.lenient)
            loaded_.warnings.push_back(fmt::format("{}: {}: {}", entry.place(), entry.name, message));
        else
            fault(entry.name, entry.place(), message, "unknown");
    }

    void warn_if_world_readable(const fs::path& file) {
        if (is_world_readable(file))
            loaded_.warnings.push_back(fmt::format("{} holds a secret and everyone may read it; chmod o-r {}", file.string(), file.string()));
    }

    void fault(std::string_view setting, std::string_view place, std::string_view message, std::string kind) {
        faults_.push_back({std::string(setting), fmt::format("{}: {}: {}", place, setting, message), std::move(kind)});
    }

    /// Runs one step; what it throws joins the list of faults. Says whether it went well.
    template <class Step>
    bool gather(Step step) {
        try {
            step();
            return true;
        } catch (const Error& e) {
            if (e.code() == Errc::denied) throw;  // of the user, and not of the configuration
            if (e.faults().empty()) faults_.push_back({"", e.what(), "value"});
            for (const Fault& each : e.faults()) faults_.push_back({each.where, each.where + " " + each.message, each.kind});
            return false;
        }
    }

    [[noreturn]] void throw_faults() {
        std::string message;
        for (const Fault& each : faults_) message += (message.empty() ? "" : "; ") + each.message;
        throw Error(Errc::invalid, message, std::move(faults_));
    }

    const Sources& sources_;
    std::map<std::string, EnvValue, std::less<>> environment_;
    std::vector<FileEntry> entries_;  // of all files, those of the first file first
    LoadedSettings loaded_;
    Settings values_;
    std::vector<Fault> faults_;
};

}  // namespace

std::string_view LoadedSettings::origin_of(std::string_view setting) const {
    const auto settings = all_settings();
    for (std::size_t i = 0; i < settings.size(); ++i)
        if (settings[i].name == setting) return origins[i];
    throw Error(Errc::bug, "no setting is called " + std::string(setting));
}

LoadedSettings load_settings(const Sources& sources) {
    return Loader(sources).load();
}

std::vector<ShownSetting> show_settings(const LoadedSettings& loaded) {
    std::vector<ShownSetting> shown;
    for (const Setting& row : all_settings()) {
        const std::string value = row.show(*loaded.values);
        shown.push_back({std::string(row.name), row.note.url ? mask_url_password(value) : value, std::string(loaded.origin_of(row.name))});
    }
    return shown;
}

std::string mask_url_password(std::string_view url) {
    std::string out(url);
    const std::size_t scheme = out.find("://");
    if (scheme == std::string::npos) return out;
    const std::size_t user = scheme + 3;
    const std::size_t at = out.rfind('@');  // of several the last: better too much hidden than too little
    const std::size_t colon = out.find(':', user);
    const bool has_password = at != std::string::npos && at > user && colon < at;
    if (has_password) out.replace(colon + 1, at - colon - 1, mask);
    for (std::size_t key = out.find("password="); key != std::string::npos; key = out.find("password=", key + 1)) {
        const std::size_t begin = key + std::string_view("password=").size();
        const std::size_t end = std::min(out.find_first_of("&#", begin), out.size());
        out.replace(begin, end - begin, mask);
    }
    return out;
}

}  // namespace wabot
