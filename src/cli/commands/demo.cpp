#include "cli/commands/demo.hpp"

#include "core/agents/agents.hpp"
#include "core/contacts/contacts.hpp"
#include "core/contacts/sealed_address.hpp"
#include "core/devices/devices.hpp"

namespace wabot::cli {

namespace {

/// Numbers that are kept free for fiction.
struct DemoContact {
    const char* number;
    const char* name;
};
constexpr DemoContact people[] = {{"+12025550117", "Ada"}, {"+12025550142", "Grace"}, {"+12025550168", "Linus"}};

AgentChange faq() {
    return {.key = "faq",
            .name = "Frequent questions",
            .rules = std::vector<AnswerRule>{{"hello|hi|hey|good (morning|afternoon|evening)", "Hello! How can I help you?"},
                                             {"open|opening|hours|closed?|when", "We're open Monday to Friday, 9 to 18."}}};
}

DeviceChange whatsapp(const DemoSecrets& secrets) {
    return {.key = "whatsapp-demo",
            .name = "WhatsApp, simulated",
            .options = {{"phone_number_id", "100000000000001"}, {"waba_id", "100000000000002"}, {"graph_url", secrets.graph_url}},
            .secrets = {{"access_token", "demo"}, {"app_secret", secrets.app_secret}, {"verify_token", "demo"}}};
}

}  // namespace

bool add_demo(Transaction& tx, const Cause& cause, const Vault& vault, const DemoSecrets& secrets) {
    bool added = false;
    const auto device = [&](DeviceKind kind, const DeviceChange& change) {
        if (const auto found = devices::find(tx, *change.key)) return found->id;
        added = true;
        return devices::create(tx, cause, vault, kind, change).id;
    };
    const DeviceId sim = device(DeviceKind::sim, {.key = "sim", .name = "Simulator"});
    const DeviceId meta = device(DeviceKind::whatsapp, whatsapp(secrets));

    if (!agents::find(tx, "faq")) {
        const AgentId agent = agents::create(tx, cause, AgentType::rule_based, faq()).id;
        agents::attach(tx, cause, agent, sim);
        agents::attach(tx, cause, agent, meta);
        added = true;
    }
    for (const auto& [number, name] : people) {
        const SealedAddress address = seal_person(vault, {.phone = number}, name);
        added = contacts::find_or_add(tx, cause, sim, address).added || added;
    }
    return added;
}

}  // namespace wabot::cli
