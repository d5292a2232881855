#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/framework/runtime.hpp"

namespace wabot {

WABOT_ENUM(CheckStatus, pass, warn, fail)

/// What one check found.
struct Finding {
    std::string id;  // "credentials.shop"
    CheckStatus status = CheckStatus::pass;
    std::string detail;
    std::string hint;  // the way out; empty = none is needed
};
WABOT_DESCRIBE(Finding, FIELD(id, .key = true), FIELD(status), FIELD(detail), FIELD(hint))

namespace cli {

/// What is looked at, and what was found so far.
struct Examination {
    Runtime& rt;
    bool mends = false;  // what has one way out, without risk
    std::vector<Finding> findings = {};
};

struct Check {
    std::string_view name;
    void (*run)(Examination& exam);
    std::string_view needs;  // another check, without which this one would only fail again
};

/// Every check of `doctor`, in the order in which they are told. The functions stand in doctor_installation.cpp, doctor_devices.cpp and
/// doctor_queues.cpp.
std::span<const Check> all_checks();

void check_config(Examination& exam);
void check_permissions(Examination& exam);
void check_database(Examination& exam);
void check_disk(Examination& exam);
void check_clock(Examination& exam);
void check_files(Examination& exam);
void check_key(Examination& exam);
void check_secrets(Examination& exam);
void check_requests(Examination& exam);
void check_security(Examination& exam);

void check_credentials(Examination& exam);
void check_provider(Examination& exam);
void check_accounts(Examination& exam);

void check_workers(Examination& exam);
void check_queue(Examination& exam);
void check_pace(Examination& exam);
void check_failed_messages(Examination& exam);

}  // namespace cli
}  // namespace wabot
