#include "core/messaging/sending/read_receipts.hpp"

#include <nlohmann/json.hpp>

#include "core/audit/audit_draft.hpp"
#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/log.hpp"
#include "core/channels/open_channel.hpp"
#include "core/database/database.hpp"
#include "core/messaging/messages.hpp"
#include "core/queue/jobs.hpp"

namespace wabot {

/// What such a job is about.
struct ReadReceipt {
    MessageId message_id;
    std::optional<Time> typing_until;
};
WABOT_DESCRIBE(ReadReceipt, FIELD(message_id), FIELD(typing_until))

}  // namespace wabot

namespace wabot::read_receipts {

namespace {

using namespace std::chrono_literals;

constexpr auto typing_shown = 25s;

asio::awaitable<std::shared_ptr<const DeviceEntry>> device_of(const JobTools& tools, DeviceId id) {
    auto device = tools.registry.now()->find_active(id);
    if (!device) {
        auto reload = [&tools](Snapshot& db) { return tools.registry.reload(db); };
        co_await tools.db.read(reload);
        device = tools.registry.now()->find_active(id);
    }
    co_return device;
}

}  // namespace

std::optional<JobId> enqueue(Transaction& tx, const Cause& cause, MessageId id, bool typing) {
    const Message message = messages::get(tx, id);
    if (message.direction != Direction::incoming || !message.whatsapp_message_id)
        throw Error(Errc::conflict, "message " + std::to_string(id.value) + " is not an incoming message and cannot be marked as read");
    ReadReceipt receipt{id, std::nullopt};
    if (typing) receipt.typing_until = tx.now() + typing_shown;
    jobs::New job;
    job.kind = job_kind;
    job.payload = write_json(to_json(receipt));
    if (!typing) job.unique_key = std::string(job_kind) + "/" + std::to_string(id.value);
    const auto made = jobs::enqueue(tx, job);
    if (made) audit::note(cause, "message.read", "message/" + std::to_string(id.value));
    return made;
}

asio::awaitable<void> run(const JobTools& tools, const ClaimedJob& job) {
    ReadReceipt receipt{};
    from_json(receipt, read_json(job.payload.text));
    auto look = [&receipt](Snapshot& db) { return messages::find(db, receipt.message_id); };
    const std::optional<Message> message = co_await tools.db.read(look);
    if (!message || !message->whatsapp_message_id) co_return;
    const auto device = co_await device_of(tools, message->device_id);
    if (!device) co_return;
    const auto channel = open_channel(*device, tools.http, tools.world);
    const bool typing = receipt.typing_until && *receipt.typing_until > tools.world.clock.now();
    const auto refused = co_await channel->mark_read(tools.vault.open(*message->whatsapp_message_id, messages::id_data), typing);
    if (!refused) co_return;
    // Nothing depends on it: what is refused for good is let go.
    if (refused->why != RetryClass::permanent) throw Error(Errc::unavailable, refused->code + ": " + refused->detail);
    log::write(log::Level::warning, log::Logger::messages, "read receipt refused",
               {{"message_id", receipt.message_id}, {"code", refused->code}, {"detail", refused->detail}});
}

}  // namespace wabot::read_receipts
