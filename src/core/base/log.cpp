#include "core/base/log.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/base/world.hpp"

namespace wabot::log {

namespace {

constexpr std::size_t file_size_max = 1024 * 1024;
constexpr std::size_t old_files = 50;

struct Speaker {
    std::string_view name;
    std::string_view file;  // in the log folder; empty = none of its own
};
constexpr std::array<Speaker, 5> speakers{
    {{"app", ""}, {"auth", "auth.log"}, {"twilio", "twilio_webhook.log"}, {"messages", "messages.log"}, {"reports", "reports.log"}}};

std::atomic<Level> least{Level::warning};  // asked before all else: most lines are never written

struct State {
    bool json = false;
    std::array<std::shared_ptr<spdlog::logger>, speakers.size()> loggers;
};

std::shared_ptr<spdlog::sinks::sink> file_sink(const std::filesystem::path& path) {
    try {
        return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path.string(), file_size_max, old_files);
    } catch (const spdlog::spdlog_ex& e) {
        throw Error(Errc::invalid, fmt::format("the log file {} cannot be opened: {}", path.string(), e.what()), "check AI_MESSAGE_LOGS_FOLDER");
    }
}

std::shared_ptr<State> make_state(const Setup& setup) {
    auto state = std::make_shared<State>();
    state->json = setup.json;
    const auto to_stderr = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    for (std::size_t i = 0; i < speakers.size(); ++i) {
        auto logger = std::make_shared<spdlog::logger>(std::string(speakers[i].name), to_stderr);
        if (setup.folder && !speakers[i].file.empty()) logger->sinks().push_back(file_sink(*setup.folder / speakers[i].file));
        logger->set_level(spdlog::level::trace);
        logger->set_pattern("%v");
        logger->flush_on(spdlog::level::trace);                // a line that a crash swallows is the one that was needed
        logger->set_error_handler([](const std::string&) {});  // a full disk must not stop the work, nor fill stderr
        state->loggers[i] = std::move(logger);
    }
    return state;
}

/// Never destroyed: threads may still speak while the process exits.
std::shared_ptr<State>& current() {
    static auto* state = new std::shared_ptr<State>(make_state({}));
    return *state;
}

bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F && c != '"' && c != '=' && c != '\\';
}

std::string as_json_text(std::string_view value) {
    return write_json(Json(std::string(value)));
}

std::string quoted_if_needed(std::string_view value) {
    const bool plain = !value.empty() && std::all_of(value.begin(), value.end(), is_plain) && valid_utf8(value);
    return plain ? std::string(value) : as_json_text(value);
}

std::string text_line(std::string_view time, Level level, std::string_view logger, std::string_view phrase, std::initializer_list<Field> fields) {
    std::string line = fmt::format("{} {} {} {}", time, logger, to_word(level), phrase);
    for (const Field& field : fields) line.append(" ").append(field.name).append("=").append(quoted_if_needed(mask_numbers(field.value)));
    return line;
}

std::string json_line(std::string_view time, Level level, std::string_view logger, std::string_view phrase, std::initializer_list<Field> fields) {
    Json line = {{"time", time}, {"logger", logger}, {"level", to_word(level)}, {"message", phrase}};
    for (const Field& field : fields) line[std::string(field.name)] = mask_numbers(field.value);
    return write_json(line);
}

}  // namespace

void set_up(const Setup& setup) {
    if (setup.folder) {
        std::error_code failed;
        std::filesystem::create_directories(*setup.folder, failed);
        if (failed)
            throw Error(Errc::invalid, fmt::format("the log folder {} cannot be made: {}", setup.folder->string(), failed.message()),
                        "check AI_MESSAGE_LOGS_FOLDER");
    }
    current() = make_state(setup);
    least = setup.level;
}

void write(Level level, Logger logger, std::string_view phrase, std::initializer_list<Field> fields) noexcept try {
    if (level < least) return;
    const State& state = *current();
    const auto speaker = static_cast<std::size_t>(logger);
    const std::string time = to_iso(real_world().clock.now());
    const auto line = (state.json ? json_line : text_line)(time, level, speakers[speaker].name, phrase, fields);
    static constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};
    state.loggers[speaker]->log(levels[static_cast<std::size_t>(level)], line);
} catch (...) {  // a log line is never worth the work it reports on
}

}  // namespace wabot::log
