#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wabot::fuzz {

/// Gives `input` to a parser. Error is an answer, unless it is Error{bug}; every other exception is a finding.
using Run = void (*)(std::string_view input);

void command_line(std::string_view input);
void cursor(std::string_view input);
void filter(std::string_view input);
void http_request(std::string_view input);
void json(std::string_view input);
void rules(std::string_view input);
void sealed_value(std::string_view input);
void settings_file(std::string_view input);
void signature(std::string_view input);
void terminal(std::string_view input);
void url(std::string_view input);
void whatsapp_body(std::string_view input);

struct Target {
    std::string_view name;
    Run run;
};
inline constexpr Target all[] = {
    {"command_line", command_line},
    {"cursor", cursor},
    {"filter", filter},
    {"http_request", http_request},
    {"json", json},
    {"rules", rules},
    {"sealed_value", sealed_value},
    {"settings_file", settings_file},
    {"signature", signature},
    {"terminal", terminal},
    {"url", url},
    {"whatsapp_body", whatsapp_body},
};

/// What must hold whatever the input is.
void require(bool holds, const char* what);

/// What is wrong with what `target` does with `input`: also more than `cpu_ms_max` of CPU time.
std::optional<std::string> finding(const Target& target, std::string_view input, double cpu_ms_max);

/// What stands before the first `separator`, which is taken off with it; the whole when there is none.
std::string_view take_until(std::string_view& input, char separator);

}  // namespace wabot::fuzz
