#pragma once

#include <string>

namespace wabot {

/// Who acts: `cli:<unix user>`, `system`, later users and API keys.
struct Actor {
    std::string kind;   // cli, system, user, api_key
    std::string label;  // "cli:ana"
};

struct AuditDraft;

/// Why something is done: every use case takes one, and what it changes carries it.
struct Cause {
    Actor actor;
    std::string request_id;
    AuditDraft* draft = nullptr;  // of a command: what it changes is noted there as well, for the audit log
};

}  // namespace wabot
