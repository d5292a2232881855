#include "cli/help/nouns.hpp"

#include "core/agents/agent.hpp"
#include "core/audit/audit_log.hpp"
#include "core/config/load_settings.hpp"
#include "core/contacts/contact.hpp"
#include "core/contacts/ignore_rule.hpp"
#include "core/database/migrations.hpp"
#include "core/devices/account_events.hpp"
#include "core/devices/device.hpp"
#include "core/files/files.hpp"
#include "core/inbox/inbox.hpp"
#include "core/messaging/conversations.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/templates.hpp"
#include "core/operations/activity_feed.hpp"
#include "core/operations/queue_stats.hpp"
#include "core/operations/work_items.hpp"

namespace wabot::cli {

std::span<const NounRow> all_nouns() {
    static constexpr NounRow table[] = {
        {"device", "device list", "A connected account on a channel; its key is its name in commands and links.", fields_of<Device>},
        {"account-event", "device events", "What a provider told of an account: a limit, a restriction, a quality that changed.",
         fields_of<AccountEvent>},
        {"agent", "agent list", "What answers messages, by rules.", fields_of<Agent>},
        {"binding", "", "That an agent answers on a device, and when it is asked: agent attach makes it, agent get shows it.",
         fields_of<AgentBinding>},
        {"ignore", "ignore list", "A rule that keeps messages from the agents; they are stored all the same.", fields_of<IgnoreRule>},
        {"contact", "contact list", "A person or group that writes to a device.", fields_of<Contact>},
        {"conversation", "conversation list", "What one contact and one device say to each other; in it order is kept.", fields_of<Conversation>},
        {"message", "message list", "One message that came in or goes out.", fields_of<Message>},
        {"template", "template list", "A message template as the provider told of it.", fields_of<Template>},
        {"file", "file list", "A file that came with a message or was sent.", fields_of<File>},
        {"event", "event list", "A webhook body as it arrived.", fields_of<InboxEvent>},
        {"item", "", "One message, status or other thing inside an event: event get shows them.", fields_of<InboxItem>},
        {"queue", "queue list", "A kind of work that workers take, and how it stands.", fields_of<QueueRow>},
        {"job", "job list", "A turn, a send or a job: one piece of work and where it stands.", fields_of<WorkItem>},
        {"audit", "audit list", "A command that changed something, or showed what is sealed: who, what and when.", fields_of<AuditEntry>},
        {"change", "tail", "What happened, a line each, as tail shows it.", fields_of<ActivityEvent>},
        {"setting", "config show", "A value that is in force, and where it comes from; wabot help config lists them all.", fields_of<ShownSetting>},
        {"migration", "migrate status", "A step of the store's schema.", fields_of<MigrationStatus>},
    };
    return table;
}

std::span<const Field> fields_shown_by(std::string_view command) {
    for (const NounRow& row : all_nouns())
        if (row.command == command) return row.fields;
    return {};
}

}  // namespace wabot::cli
