#pragma once

#include <string>

#include "core/base/cause.hpp"

#include "core/crypto/vault.hpp"
#include "core/database/transaction.hpp"

namespace wabot::cli {

struct DemoSecrets {
    std::string app_secret;  // what the demo's webhooks are signed with
    std::string graph_url;   // where serve answers as the Graph API
};

/// What there is to play with: devices `sim` and `whatsapp-demo`, whose Graph API is the simulator, an agent `faq` on both, three contacts. Adds
/// what is missing and changes nothing that is there; whether anything was missing. Inside a unit.
bool add_demo(Transaction& tx, const Cause& cause, const Vault& vault, const DemoSecrets& secrets);

}  // namespace wabot::cli
