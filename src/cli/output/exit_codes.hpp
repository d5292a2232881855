#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace wabot::cli {

/// What the process ends with. Frozen: scripts depend on the numbers.
enum class Exit : int {
    ok = 0,
    failed = 1,
    usage = 2,
    not_found = 3,
    auth = 4,
    conflict = 5,
    invalid = 6,
    partial = 7,
    unavailable = 8,
    timeout = 9,
    differs = 10,
    not_confirmed = 11,
    rejected = 12,
    rate_limited = 13,
    uncertain = 14,
    bug = 70,
    broken_pipe = 141,
};

/// A row of the table of exit codes, as help and man page show it.
struct ExitRow {
    int code;
    std::string_view name;   // "not_found"
    std::string_view when;   // "The named object does not exist"
    std::string_view again;  // whether it is worth trying again: "yes", "no", ...; empty when it is no failure
};
std::span<const ExitRow> all_exits();

/// An end that only the terminal knows: wrong usage, a refused confirmation, a difference found. Without a message everything was said already.
class CommandExit : public std::exception {
public:
    explicit CommandExit(Exit exit, std::string message = {}, std::string hint = {}, std::string field = {})
        : exit_(exit), message_(std::move(message)), hint_(std::move(hint)), field_(std::move(field)) {}
    /// With a line for each fault below the message, which names its place itself.
    CommandExit(Exit exit, std::string message, std::vector<Fault> faults) : exit_(exit), message_(std::move(message)), faults_(std::move(faults)) {}

    Exit exit() const { return exit_; }
    const char* what() const noexcept override { return message_.c_str(); }
    const std::string& message() const { return message_; }
    const std::string& hint() const { return hint_; }
    const std::string& field() const { return field_; }
    const std::vector<Fault>& faults() const { return faults_; }
    /// When another try is worth it.
    CommandExit& again_after(std::chrono::seconds wait) {
        retry_after_ = wait;
        return *this;
    }
    std::optional<std::chrono::seconds> retry_after() const { return retry_after_; }

private:
    Exit exit_;
    std::string message_, hint_, field_;
    std::vector<Fault> faults_;
    std::optional<std::chrono::seconds> retry_after_;
};

/// A wrong word on the command line.
[[noreturn]] void usage_error(std::string message, std::string hint = {}, std::string field = {});

Exit exit_of(Errc code);

}  // namespace wabot::cli
