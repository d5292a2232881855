#include "server/webhook_intake.hpp"

#include "core/base/error.hpp"
#include "core/base/fault_point.hpp"
#include "core/changes/changes.hpp"
#include "core/inbox/inbox.hpp"

namespace wabot {

asio::awaitable<bool> Intake::reload(std::shared_ptr<const DeviceSnapshot> seen) {
    auto look = [this](Snapshot& snapshot) { return registry.reload(snapshot); };
    co_await db.read(look);
    co_return registry.now()->version() != seen->version();
}

asio::awaitable<bool> Intake::store(std::string_view kind, std::string_view body, const DeviceEntry& device, bool by_its_path,
                                    std::string request_id) {
    inbox::Arrival arrival = inbox::make_arrival(vault, kind, body, std::move(request_id));
    if (by_its_path) arrival.device_id = device.id;
    arrival.verified_by = device.id;
    arrival.verified_revision = device.revision;
    co_return co_await append(std::move(arrival)) != inbox::Appended::stale;
}

asio::awaitable<void> Intake::store_unsigned(std::string_view kind, std::string_view body, std::optional<DeviceId> device, std::string request_id) {
    inbox::Arrival arrival = inbox::make_arrival(vault, kind, body, std::move(request_id));
    arrival.device_id = device;
    co_await append(std::move(arrival));
}

asio::awaitable<inbox::Appended> Intake::append(inbox::Arrival arrival) {
    const inbox::Appended appended = co_await appends.append(std::move(arrival));
    WABOT_FAULT("inbox.stored");
    if (appended == inbox::Appended::stored && arrived) arrived();
    co_return appended;
}

asio::awaitable<void> Intake::note_refusal(DeviceId device, std::string request_id, std::chrono::nanoseconds since_boot) {
    if (!refusal_noted.is_first(since_boot)) co_return;
    const Cause cause{{"system", "webhook"}, std::move(request_id)};
    auto note = [&](Transaction& tx) { changes::record(tx, cause, "webhook.refused", device ? "device" : "webhook", device.value, device.value); };
    try {
        co_await db.write(note);
    } catch (const Error&) {
        // The log has it; the sender is refused all the same.
    }
}

}  // namespace wabot
