#pragma once

#include <map>
#include <optional>

#include "core/database/database.hpp"
#include "core/devices/device_id.hpp"

namespace wabot {
struct StoredBucket;
}

namespace wabot::pacing {

/// The token buckets of the devices, for the length of one unit: read and held when first asked for, written back by `save`. Who asks for several
/// asks in the order of the devices' ids, so that two units do not wait for each other.
class Buckets {
public:
    explicit Buckets(Transaction& tx) : tx_(tx) {}
    /// False while the device is inactive or in error: its queue waits untouched.
    bool may_send(DeviceId device);
    /// The revision of the device's configuration.
    std::int64_t revision(DeviceId device) { return bucket(device).revision; }
    /// Takes a token; or, when there is none, says when there will be one. In no second are there more than the device's `rate_per_s`.
    std::optional<Time> take(DeviceId device);
    /// A token that was taken and not used.
    void give_back(DeviceId device);
    void save();

private:
    struct Bucket {
        bool may_send = false;
        std::int64_t revision = 0;
        double rate = 0;  // tokens a second; 0 = no limit
        double tokens = 0;
        int waiting = 0;  // were told to come later
        Time refilled_at;
        Time blocked_until;
        bool is_changed = false;
    };
    Bucket& bucket(DeviceId device);
    StoredBucket hold(DeviceId device, const Bucket& full);

    Transaction& tx_;
    std::map<DeviceId, Bucket> buckets_;
};

/// No token before `until`: the provider limits the whole account.
void block(Transaction& tx, DeviceId device, Time until);

}  // namespace wabot::pacing
