#include "cli/commands.hpp"

#include <vector>

namespace wabot::cli {

std::span<const Command* const> all_commands() {
    static const std::vector<const Command*> all = [] {
        std::vector<const Command*> out;
        for (const std::span<const Command> table :
             {init_commands(),     doctor_commands(),     serve_commands(),      worker_commands(),  chat_commands(),         device_commands(),
              agent_commands(),    agent_test_commands(), ignore_commands(),     contact_commands(), conversation_commands(), message_commands(),
              template_commands(), file_commands(),       event_commands(),      queue_commands(),   job_commands(),          retention_commands(),
              audit_commands(),    tail_commands(),       listen_commands(),     trigger_commands(), config_commands(),       migrate_commands(),
              version_commands(),  explain_commands(),    completion_commands(), help_commands()})
            for (const Command& command : table) out.push_back(&command);
        return out;
    }();
    return all;
}

}  // namespace wabot::cli
