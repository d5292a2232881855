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
        {"device", "device list", "An account on a channel. Its key is its name in commands and links.", fields_of<Device>},
        {"account-event", "device events", "A change of an account that the provider reported: a limit, a restriction, a quality rating.",
         fields_of<AccountEvent>},
        {"agent", "agent list", "A program that answers messages, by rules.", fields_of<Agent>},
        {"binding", "", "An agent attached to a device, with its priority. agent attach creates it, agent get shows it.", fields_of<AgentBinding>},
        {"ignore", "ignore list", "A rule: agents do not answer messages that match it. The messages are stored.", fields_of<IgnoreRule>},
        {"contact", "contact list", "A person or group that writes to a device.", fields_of<Contact>},
        {"conversation", "conversation list", "The messages between one contact and one device. They are processed in order.",
         fields_of<Conversation>},
        {"message", "message list", "One incoming or outgoing message.", fields_of<Message>},
        {"template", "template list", "A message template, as the provider last reported it.", fields_of<Template>},
        {"file", "file list", "A file received with a message, or sent.", fields_of<File>},
        {"event", "event list", "A webhook body, as received.", fields_of<InboxEvent>},
        {"item", "", "One message, status or other item inside an event. event get shows the items.", fields_of<InboxItem>},
        {"queue", "queue list", "A queue of work for the workers, with its counts.", fields_of<QueueRow>},
        {"job", "job list", "A turn, a send or a background job, with its state.", fields_of<WorkItem>},
        {"audit", "audit list", "An entry of the audit log: who changed data or showed masked data in full, with which command, when.",
         fields_of<AuditEntry>},
        {"change", "tail", "One event of the activity feed, as tail shows it.", fields_of<ActivityEvent>},
        {"setting", "config show", "A setting: its effective value and where the value comes from. wabot help config lists all settings.",
         fields_of<ShownSetting>},
        {"migration", "migrate status", "A migration of the database schema.", fields_of<MigrationStatus>},
    };
    return table;
}

std::span<const Field> fields_shown_by(std::string_view command) {
    for (const NounRow& row : all_nouns())
        if (row.command == command) return row.fields;
    return {};
}

}  // namespace wabot::cli
