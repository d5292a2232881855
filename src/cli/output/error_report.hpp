#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "cli/output/exit_codes.hpp"

namespace wabot::cli {

/// A failure as it is told on stderr.
struct Report {
    Exit exit = Exit::failed;
    std::string code;  // "not_found", "usage", ...
    std::string message;
    std::string hint;
    std::vector<Fault> faults;
    bool lists_faults = false;  // they are not in the message
    std::string field;
    bool retryable = false;
    std::optional<std::chrono::seconds> retry_after = {};
};

/// From any exception that reaches the end of a command.
Report report_of(std::exception_ptr thrown);

enum class ErrorForm { human, json };

/// The lines for stderr, the last newline included; empty when there is nothing to say. Control characters are escaped.
std::string render(const Report& report, ErrorForm form, const std::string& request_id);

}  // namespace wabot::cli
