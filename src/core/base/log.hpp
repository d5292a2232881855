#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/value.hpp"

namespace wabot::log {

enum class Level { debug, info, warning, error };
inline constexpr std::string_view level_words[] = {"debug", "info", "warning", "error"};

/// Who speaks: `app` is the process; the others have a file of their own when a log folder is set (auth.log, twilio_webhook.log, messages.log,
/// reports.log).
enum class Logger { app, auth, twilio, messages, reports };

/// One `name=value` of a line. Never message text, a token or a whole phone number.
struct Field {
    std::string_view name;
    std::string value;
    Field(std::string_view n, std::string_view v) : name(n), value(v) {}
    Field(std::string_view n, const char* v) : name(n), value(v) {}
    Field(std::string_view n, bool v) : name(n), value(v ? "true" : "false") {}
    template <std::integral I>
    Field(std::string_view n, I v) : name(n), value(std::to_string(v)) {}
    template <class Tag>
    Field(std::string_view n, Id<Tag> v) : name(n), value(std::to_string(v.value)) {}
};

struct Setup {
    Level level = Level::info;
    bool json = false;                                 // one JSON object a line instead of text
    std::optional<std::filesystem::path> folder = {};  // where the files go; none = stderr only. 1 MiB a file, 50 old ones kept.
    bool is_service = false;                           // stderr is never waited for: lines that it does not take are dropped, and counted
};

/// Once, before the first thread; without it lines go to stderr as text from level warning on. Error{invalid} when the folder cannot be used.
void set_up(const Setup& setup);
/// Opens the files of the folder anew, after another program has moved them away. Safe from any thread.
void reopen_files();

/// A constant phrase plus fields: `job failed job_id=42 attempt=3`. Control characters in values are escaped. Never throws, never blocks
/// on a full disk. Safe from any thread.
void write(Level level, Logger logger, std::string_view phrase, std::initializer_list<Field> fields = {}) noexcept;

inline void debug(std::string_view phrase, std::initializer_list<Field> fields = {}) {
    write(Level::debug, Logger::app, phrase, fields);
}
inline void info(std::string_view phrase, std::initializer_list<Field> fields = {}) {
    write(Level::info, Logger::app, phrase, fields);
}
inline void warning(std::string_view phrase, std::initializer_list<Field> fields = {}) {
    write(Level::warning, Logger::app, phrase, fields);
}
inline void error(std::string_view phrase, std::initializer_list<Field> fields = {}) {
    write(Level::error, Logger::app, phrase, fields);
}

}  // namespace wabot::log

namespace wabot {
WABOT_ENUM(LogFormat, text, json)

template <>
inline constexpr std::span<const std::string_view> words_of<log::Level> = log::level_words;
}  // namespace wabot
