#include "core/messaging/receiving/account_status.hpp"

#include <utility>

#include "core/devices/devices.hpp"

namespace wabot {

void AccountStatusUpdates::note(DeviceId device, bool stops, std::string event, Cause cause) {
    words_[device] = {stops, std::move(event), std::move(cause)};
}

void AccountStatusUpdates::apply(Transaction& tx) const {
    for (const auto& [id, word] : words_) {
        const auto device = devices::hold(tx, id);
        if (!device) continue;
        if (word.stops)
            devices::set_status(tx, word.cause, id, DeviceStatus::error, "account: " + word.event, DeviceErrorKind::account_event);
        else if (device->error_kind == DeviceErrorKind::account_event)
            devices::set_status(tx, word.cause, id, DeviceStatus::disconnected);
    }
}

}  // namespace wabot
