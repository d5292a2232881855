#include "cli/agent.hpp"
#include "cli/audit.hpp"
#include "cli/chat.hpp"
#include "cli/command.hpp"
#include "cli/completion.hpp"
#include "cli/config.hpp"
#include "cli/contact.hpp"
#include "cli/conversation.hpp"
#include "cli/device.hpp"
#include "cli/doctor.hpp"
#include "cli/event.hpp"
#include "cli/explain.hpp"
#include "cli/file.hpp"
#include "cli/help.hpp"
#include "cli/ignore.hpp"
#include "cli/init.hpp"
#include "cli/job.hpp"
#include "cli/listen.hpp"
#include "cli/message.hpp"
#include "cli/migrate.hpp"
#include "cli/queue.hpp"
#include "cli/retention.hpp"
#include "cli/serve.hpp"
#include "cli/tail.hpp"
#include "cli/template.hpp"
#include "cli/trigger.hpp"
#include "cli/version.hpp"
#include "cli/worker.hpp"

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
