#pragma once

#include <string>
#include <vector>

namespace wabot {

enum class Health { ok, warning, fail };

/// One thing looked at: "database", "workers", "channel whatsapp". The detail says what is wrong and the way out; no secret in it.
struct HealthCheck {
    std::string name;
    Health status = Health::ok;
    std::string detail;
};

struct HealthReport {
    bool ok = true;  // messages can be taken in; false makes balancers look elsewhere
    std::vector<HealthCheck> checks;
};

}  // namespace wabot
