#include "cli/commands/agent.hpp"
#include "cli/commands/agent_test/chat.hpp"
#include "cli/commands/audit.hpp"
#include "cli/commands/config.hpp"
#include "cli/commands/contact.hpp"
#include "cli/commands/conversation.hpp"
#include "cli/commands/device.hpp"
#include "cli/commands/doctor/doctor.hpp"
#include "cli/commands/event.hpp"
#include "cli/commands/file.hpp"
#include "cli/commands/ignore.hpp"
#include "cli/commands/init.hpp"
#include "cli/commands/job.hpp"
#include "cli/commands/message/message.hpp"
#include "cli/commands/migrate.hpp"
#include "cli/commands/queue.hpp"
#include "cli/commands/retention.hpp"
#include "cli/commands/tail.hpp"
#include "cli/commands/template.hpp"
#include "cli/commands/webhooks/listen.hpp"
#include "cli/commands/webhooks/trigger.hpp"
#include "cli/framework/command.hpp"
#include "cli/help/completion.hpp"
#include "cli/help/explain.hpp"
#include "cli/help/help.hpp"
#include "cli/help/version.hpp"
#include "cli/service/serve.hpp"
#include "cli/service/worker.hpp"

namespace wabot::cli {

std::span<const Command* const> all_commands() {
    static constexpr const Command* table[] = {
        &init_command,
        &doctor_command,
        &serve_command,
        &worker_command,
        &chat_command,

        &device_list_command,
        &device_get_command,
        &device_events_command,
        &device_create_command,
        &device_update_command,
        &device_resume_command,
        &device_delete_command,

        &agent_list_command,
        &agent_get_command,
        &agent_create_command,
        &agent_update_command,
        &agent_delete_command,
        &agent_enable_command,
        &agent_disable_command,
        &agent_attach_command,
        &agent_detach_command,
        &agent_test_command,

        &ignore_list_command,
        &ignore_create_command,
        &ignore_delete_command,
        &ignore_test_command,

        &contact_list_command,
        &contact_get_command,

        &conversation_list_command,
        &conversation_get_command,
        &conversation_handoff_command,

        &message_list_command,
        &message_get_command,
        &message_send_command,
        &message_read_command,
        &message_status_command,

        &template_list_command,
        &template_get_command,

        &file_list_command,
        &file_get_command,

        &event_list_command,
        &event_get_command,
        &event_replay_command,

        &queue_list_command,
        &queue_pause_command,
        &queue_resume_command,

        &job_list_command,
        &job_get_command,
        &job_retry_command,
        &job_cancel_command,
        &job_resolve_command,

        &retention_show_command,
        &retention_run_command,

        &audit_list_command,
        &audit_get_command,

        &tail_command,
        &listen_command,
        &trigger_command,

        &config_show_command,
        &config_check_command,

        &migrate_status_command,
        &migrate_plan_command,
        &migrate_up_command,
        &migrate_down_command,

        &version_command,
        &explain_command,
        &completion_command,
        &help_command,
    };
    return table;
}

}  // namespace wabot::cli
