#include "server/intake.hpp"

#include "core/base/fault.hpp"
#include "core/messaging/inbox.hpp"

namespace wabot {

asio::awaitable<bool> Intake::reload(std::shared_ptr<const DeviceSnapshot> seen) {
    auto look = [this](Snapshot& snapshot) { return directory.reload(snapshot); };
    co_await db.read(look);
    co_return directory.now()->version() != seen->version();
}

asio::awaitable<bool> Intake::store(std::string_view kind, std::string_view body, const DeviceEntry& device, bool by_its_path,
                                    std::string request_id) {
    inbox::Arrival arrival = inbox::make_arrival(vault, kind, body, std::move(request_id));
    if (by_its_path) arrival.device_id = device.id;
    arrival.verified_by = device.id;
    arrival.verified_revision = device.revision;
    auto append = [&arrival](Transaction& tx) { return inbox::append(tx, arrival); };
    const inbox::Appended appended = co_await db.write(append);
    WABOT_FAULT("inbox.stored");
    if (appended == inbox::Appended::stored && arrived) arrived();
    co_return appended != inbox::Appended::stale;
}

}  // namespace wabot
