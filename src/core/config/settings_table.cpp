#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/base/duration.hpp"
#include "core/base/hex.hpp"
#include "core/base/ip_ranges.hpp"
#include "core/base/text.hpp"
#include "core/config/settings.hpp"
#include "core/crypto/vault.hpp"

namespace wabot {

namespace {

/// How a member's type is read from text and shown: `read` gives what is wrong, or "".
template <class M>
struct SettingCodec;

std::string read_number(std::string_view text, const SettingNote& note, std::int64_t& number) {
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed == std::errc::invalid_argument || end != text.data() + text.size()) return "must be a whole number";
    if (failed != std::errc{} || number < note.least || number > note.most) return fmt::format("must be from {} to {}", note.least, note.most);
    return {};
}

template <class M>
requires std::is_integral_v<M>
struct SettingCodec<M> {
    static constexpr SettingKind kind = SettingKind::integer;
    static std::string read(M& member, const SettingNote& note, std::string_view text) {
        std::int64_t number = 0;
        std::string problem = read_number(text, note, number);
        if (problem.empty()) member = static_cast<M>(number);
        return problem;
    }
    static std::string show(const M& member) { return std::to_string(member); }
};

std::string must_be_one_of(std::span<const std::string_view> words, std::string_view text) {
    const std::string hint = did_you_mean(text, words);
    return fmt::format("must be one of {}{}{}", fmt::join(words, ", "), hint.empty() ? "" : "; ", hint);
}

template <>
struct SettingCodec<std::string> {
    static constexpr SettingKind kind = SettingKind::text;
    static std::string read(std::string& member, const SettingNote& note, std::string_view text) {
        const bool known = note.words.empty() || text.empty() || std::find(note.words.begin(), note.words.end(), text) != note.words.end();
        if (!known) return must_be_one_of(note.words, text);
        member = text;
        return {};
    }
    static std::string show(const std::string& member) { return member; }
};

template <>
struct SettingCodec<std::filesystem::path> {
    static constexpr SettingKind kind = SettingKind::path;
    static std::string read(std::filesystem::path& member, const SettingNote&, std::string_view text) {
        member = text;
        return {};
    }
    static std::string show(const std::filesystem::path& member) { return member.string(); }
};

template <Worded E>
struct SettingCodec<E> {
    static constexpr SettingKind kind = SettingKind::word;
    static std::string read(E& member, const SettingNote&, std::string_view text) {
        const auto found = from_word<E>(text);
        if (!found) return must_be_one_of(words_of<E>, text);
        member = *found;
        return {};
    }
    static std::string show(const E& member) { return std::string(to_word<E>(member)); }
};

template <>
struct SettingCodec<std::chrono::milliseconds> {
    static constexpr SettingKind kind = SettingKind::duration;
    static std::string read(std::chrono::milliseconds& member, const SettingNote& note, std::string_view text) {
        const auto duration = read_duration(text);
        if (!duration) return "must be a duration like 500ms, 60s, 2m or 1h";
        if (duration->count() < note.least || duration->count() > note.most)
            return fmt::format("must be from {} to {}", show_duration(std::chrono::milliseconds(note.least)),
                               show_duration(std::chrono::milliseconds(note.most)));
        member = *duration;
        return {};
    }
    static std::string show(const std::chrono::milliseconds& member) { return show_duration(member); }
};

template <>
struct SettingCodec<Secret> {
    static constexpr SettingKind kind = SettingKind::secret;
    static std::string read(Secret& member, const SettingNote&, std::string_view text) {
        member = Secret(std::string(text));
        return {};
    }
    static std::string show(const Secret& member) { return member.fingerprint(); }
};

template <auto P>
constexpr Setting setting(std::string_view name, SettingNote note) {
    using Member = typename detail::MemberOf<decltype(P)>::Member;
    return {name, SettingCodec<Member>::kind, note,
            [](Settings& settings, const Setting& row, std::string_view text) {
                std::string problem = row.note.check == nullptr || text.empty() ? std::string{} : row.note.check(text);
                return problem.empty() ? SettingCodec<Member>::read(settings.*P, row.note, text) : problem;
            },
            [](const Settings& settings) { return SettingCodec<Member>::show(settings.*P); }};
}

std::string check_master_key(std::string_view text) {
    const auto octets = from_hex(text);
    return octets && octets->size() == 32 ? "" : "must be 64 hexadecimal digits; wabot init makes a key";
}

std::string check_database_url(std::string_view text) {
    for (const std::string_view scheme : {"sqlite:///", "postgresql://", "postgres://", "postgresql+", "postgres+"})
        if (text.starts_with(scheme)) return {};
    return "must start with sqlite:/// or postgresql://";
}

std::string check_web_url(std::string_view text) {
    return text.starts_with("https://") || text.starts_with("http://") ? "" : "must start with https:// or http://";
}

std::string check_graph_version(std::string_view text) {
    const bool right = text.size() >= 4 && text[0] == 'v' && text.find('.') != std::string_view::npos &&
                       text.find_first_not_of("0123456789.", 1) == std::string_view::npos;
    return right ? "" : "must be a version like v24.0";
}

std::string check_digits(std::string_view text) {
    return text.find_first_not_of("0123456789") == std::string_view::npos ? "" : "must be digits only";
}

std::string check_addresses(std::string_view text) {
    return AddressRanges::read(text) ? "" : "must be addresses or networks like 192.0.2.7 and 10.0.0.0/8, apart by commas";
}

constexpr std::string_view color_words[] = {"auto", "always", "never"};
constexpr std::int64_t day_ms = 24LL * 60 * 60 * 1000;

// clang-format off
constexpr Setting table[] = {
    setting<&Settings::state_dir>("store.dir", {.env = {"WABOT_STATE_DIR"}, .derived = "/var/lib/wabot as root, else $XDG_DATA_HOME/wabot, else ~/.local/share/wabot",
        .doc = "Folder of the database and of the files beside it."}),
    setting<&Settings::database_url>("database.url", {.env = {"DATABASE_URL", "WABOT_DATABASE_URL"}, .derived = "wabot.db in store.dir", .url = true, .check = check_database_url,
        .doc = "Where the data lies: sqlite:///x is relative, sqlite:////x absolute; postgresql://user:password@host/name with the parameters of libpq (sslmode, ...)."}),
    setting<&Settings::master_key>("security.master_key", {.env = {"WABOT_MASTER_KEY"}, .check = check_master_key,
        .doc = "64 hexadecimal digits that phone numbers and credentials are sealed with. Without it they cannot be read again: keep a copy elsewhere."}),
    setting<&Settings::host>("server.host", {.env = {"AI_MESSAGE_HOST"}, .fallback = "127.0.0.1",
        .doc = "Address that serve listens on."}),
    setting<&Settings::port>("server.port", {.env = {"AI_MESSAGE_PORT"}, .fallback = "8000", .most = 65535,
        .doc = "Port that serve listens on; 0 takes any free one."}),
    setting<&Settings::webhook_body_max>("server.webhook_body_max", {.env = {"WABOT_WEBHOOK_BODY_MAX"}, .fallback = "4194304", .least = 3 * 1024 * 1024, .most = 64 * 1024 * 1024,
        .doc = "Largest webhook body that is taken, in octets. Providers send up to 3 MiB."}),
    setting<&Settings::trusted_proxies>("server.trusted_proxies", {.env = {"WABOT_TRUSTED_PROXIES"}, .check = check_addresses,
        .doc = "Addresses and networks of the reverse proxies before this server, apart by commas. They are exempt from the limits by address, and their X-Forwarded-For (Forwarded where that is missing) says who the client is; from anybody else both say nothing."}),
    setting<&Settings::drain_timeout>("server.drain_timeout", {.env = {"WABOT_DRAIN_TIMEOUT"}, .fallback = "25s", .most = day_ms, .reloadable = true,
        .doc = "How long a stopping process lets running work finish."}),
    setting<&Settings::whatsapp_access_token>("whatsapp.access_token", {.env = {"WHATSAPP_ACCESS_TOKEN"}, .reloadable = true,
        .doc = "Token of the WhatsApp Cloud API, of a system user."}),
    setting<&Settings::whatsapp_phone_number_id>("whatsapp.phone_number_id", {.env = {"WHATSAPP_PHONE_NUMBER_ID"}, .reloadable = true, .check = check_digits,
        .doc = "Id of the phone number at Meta, not the number itself."}),
    setting<&Settings::whatsapp_verify_token>("whatsapp.verify_token", {.env = {"WHATSAPP_VERIFY_TOKEN"}, .reloadable = true,
        .doc = "The word that Meta repeats when the webhook address is set up; any text of your choice."}),
    setting<&Settings::whatsapp_app_secret>("whatsapp.app_secret", {.env = {"WHATSAPP_APP_SECRET"}, .reloadable = true,
        .doc = "Secret of the Meta app, which signs the webhooks. Without it none is accepted."}),
    setting<&Settings::whatsapp_graph_url>("whatsapp.graph_url", {.env = {"WHATSAPP_GRAPH_URL"}, .fallback = "https://graph.facebook.com", .reloadable = true, .check = check_web_url,
        .doc = "Address of the Graph API."}),
    setting<&Settings::whatsapp_graph_version>("whatsapp.graph_version", {.env = {"WHATSAPP_GRAPH_VERSION"}, .fallback = "v24.0", .reloadable = true, .check = check_graph_version,
        .doc = "Version of the Graph API."}),
    setting<&Settings::lease>("worker.lease", {.env = {"WABOT_LEASE"}, .fallback = "60s", .least = 100, .most = day_ms,
        .doc = "How long a claimed job belongs to its worker. After that it runs elsewhere."}),
    setting<&Settings::uncertain_window>("worker.uncertain_window", {.env = {"WABOT_UNCERTAIN_WINDOW"}, .fallback = "120s", .most = day_ms,
        .doc = "How long an uncertain send waits for a status before it is sent again or held."}),
    setting<&Settings::turn_attempts>("worker.turn_attempts", {.env = {"WABOT_TURN_ATTEMPTS"}, .fallback = "8", .least = 1, .most = 1000,
        .doc = "Attempts at a turn before it is given up and shown as failed."}),
    setting<&Settings::send_attempts>("worker.send_attempts", {.env = {"WABOT_SEND_ATTEMPTS"}, .fallback = "8", .least = 1, .most = 1000,
        .doc = "Attempts at a send before it is given up and shown as failed."}),
    setting<&Settings::send_concurrency>("worker.send_concurrency", {.env = {"WABOT_SEND_CONCURRENCY"}, .fallback = "128", .least = 1, .most = 10000,
        .doc = "Sends that one worker process has in flight."}),
    setting<&Settings::takeover_timeout>("conversation.takeover_timeout", {.env = {"WABOT_TAKEOVER_TIMEOUT"}, .fallback = "12h", .least = 1000, .most = 3650 * day_ms, .reloadable = true,
        .doc = "How long the agent stays silent after a person took over a conversation."}),
    setting<&Settings::media_wait>("conversation.media_wait", {.env = {"WABOT_MEDIA_WAIT"}, .fallback = "60s", .most = day_ms,
        .doc = "How long the answer to a message waits for the image, voice note or document that came with it. After that the agent is told that it is not there."}),
    setting<&Settings::retention_webhooks>("retention.webhooks", {.env = {"WABOT_RETENTION_WEBHOOKS"}, .fallback = "30d", .least = 1000, .most = 3650 * day_ms,
        .doc = "How long the bodies of webhooks are kept, and what each of their parts was. What was stored from them stays."}),
    setting<&Settings::retention_jobs>("retention.jobs", {.env = {"WABOT_RETENTION_JOBS"}, .fallback = "7d", .least = 1000, .most = 3650 * day_ms,
        .doc = "How long finished and cancelled jobs are kept. Dead and held ones stay until someone decides."}),
    setting<&Settings::retention_changes>("retention.changes", {.env = {"WABOT_RETENTION_CHANGES"}, .fallback = "30d", .least = 1000, .most = 3650 * day_ms,
        .doc = "How long the feed of changes is kept, and the record of failed attempts."}),
    setting<&Settings::retention_files>("retention.files", {.env = {"WABOT_RETENTION_FILES"}, .fallback = "0s", .most = 36500 * day_ms,
        .doc = "How long the contents of files are kept, those that came with messages and those that were sent; 0s keeps them for ever."}),
    setting<&Settings::retention_audit>("retention.audit", {.env = {"WABOT_RETENTION_AUDIT"}, .fallback = "3650d", .most = 36500 * day_ms,
        .doc = "How long the audit log is kept: who had which command change what, or show numbers; 0s keeps it for ever."}),
    setting<&Settings::retention_idempotency_keys>("retention.idempotency_keys", {.env = {"WABOT_RETENTION_IDEMPOTENCY_KEYS"}, .fallback = "2d", .least = 1000, .most = 3650 * day_ms,
        .doc = "How long the keys of message send are known, so that the same key does not send twice."}),
    setting<&Settings::log_level>("log.level", {.env = {"WABOT_LOG"}, .fallback = "info", .words = words_of<log::Level>, .reloadable = true,
        .doc = "What is logged."}),
    setting<&Settings::log_format>("log.format", {.env = {"WABOT_LOG_FORMAT"}, .fallback = "text", .words = words_of<LogFormat>,
        .doc = "How it is written."}),
    setting<&Settings::logs_folder>("log.folder", {.env = {"AI_MESSAGE_LOGS_FOLDER"},
        .doc = "Folder of auth.log, twilio_webhook.log, messages.log and reports.log. Not set: stderr only."}),
    setting<&Settings::output>("cli.output", {.env = {"WABOT_OUTPUT"},
        .doc = "Format of what commands print. Not set: a table on a terminal, tab-separated in a pipe."}),
    setting<&Settings::color>("cli.color", {.env = {"WABOT_COLOR"}, .fallback = "auto", .words = color_words,
        .doc = "Colour on the terminal."}),
    setting<&Settings::pager>("cli.pager", {.env = {"WABOT_PAGER"}, .derived = "PAGER, else less",
        .doc = "Program that shows what is longer than the screen; cat is none. Not taken from ./wabot.toml unless -c names it."}),
};
// clang-format on

void append_example(std::string& out, const Setting& row) {
    const SettingNote& note = row.note;
    out += fmt::format("\n# {}\n# {} in the configuration file", note.doc, row.name);
    if (row.may_come_from_file()) out += fmt::format("; the value may stand in a file named by {}_FILE", note.env[0]);
    out += ".\n";
    if (!note.words.empty()) out += fmt::format("# One of {}.\n", fmt::join(note.words, ", "));
    if (!note.derived.empty()) out += fmt::format("# Not set: {}.\n", note.derived);
    if (!note.env[1].empty()) out += fmt::format("# {} is read too.\n", note.env[1]);
    out += fmt::format("#{}={}\n", note.env[0], note.fallback);
}

}  // namespace

std::span<const Setting> all_settings() {
    return table;
}

std::string env_example() {
    std::string out =
        "# Settings of wabot, each with its built-in value. Made from the table of settings.\n"
        "# Remove the # before a name to set it; read this file with: wabot --env-file .env ...\n"
        "# A flag beats the environment, the environment beats this file, and this file beats wabot.toml.\n";
    for (const Setting& row : table) append_example(out, row);
    return out;
}

}  // namespace wabot
