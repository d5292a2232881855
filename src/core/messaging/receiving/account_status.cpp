#include "core/messaging/receiving/account_status.hpp"

#include <string_view>
#include <utility>

#include "core/devices/devices.hpp"

namespace wabot {

namespace {

constexpr std::string_view account_fault = "account: ";  // begins the reason of a device that such news have stopped

}  // namespace

void AccountStatusUpdates::note(DeviceId device, bool stops, std::string event, Cause cause) {
    words_[device] = {stops, std::move(event), std::move(cause)};
}

void AccountStatusUpdates::apply(Transaction& tx) const {
    for (const auto& [id, word] : words_) {
        const auto device = devices::hold(tx, id);
        if (!device) continue;
        const bool stopped_by_account = device->status == DeviceStatus::error && device->last_error.value_or("").starts_with(account_fault);
        if (word.stops)
            devices::set_status(tx, word.cause, id, DeviceStatus::error, std::string(account_fault) + word.event);
        else if (stopped_by_account)
            devices::set_status(tx, word.cause, id, DeviceStatus::disconnected);
    }
}

}  // namespace wabot
