#include "core/messaging/pacing.hpp"

#include <algorithm>
#include <cmath>

#include "core/devices/devices.hpp"
#include "core/devices/options.hpp"

namespace wabot {

struct StoredBucket {
    double tokens;
    Time refilled_at;
    Time blocked_until;
};
WABOT_DESCRIBE(StoredBucket, FIELD(tokens), FIELD(refilled_at), FIELD(blocked_until))

}  // namespace wabot

namespace wabot::pacing {

namespace {

constexpr auto unit_time_max = std::chrono::seconds(5);  // of a unit that waits for others

/// The bucket of a device that takes `per_s` sends in any second. What a full one holds and what flows in within a second may all go in the same
/// second, so the two together stay below; the last sixteenth is for those that the way to the provider pushes together.
struct Form {
    explicit Form(double per_s) : capacity(1 + std::floor(per_s / 16)), rate(per_s * 15 / 16 + 1 - capacity) {}
    double capacity;  // tokens
    double rate;      // tokens a second
};

}  // namespace

bool Buckets::may_send(DeviceId device) {
    return bucket(device).may_send;
}

std::optional<Time> Buckets::take(DeviceId device) {
    Bucket& b = bucket(device);
    if (b.blocked_until > tx_.now()) return b.blocked_until;
    if (b.rate <= 0) return std::nullopt;
    if (b.refilled_at > tx_.now() + unit_time_max) {  // the clock was set back
        b.refilled_at = tx_.now();
        b.is_changed = true;
    }
    const Form form(b.rate);
    // A unit that began after this one may have had the bucket before it.
    const Time now = std::max(tx_.now(), b.refilled_at);
    const double elapsed_s = std::chrono::duration<double>(now - b.refilled_at).count();
    const double filled = std::min(form.capacity, b.tokens + elapsed_s * form.rate);
    // Each of those that wait comes for a token of its own, not all for the next one.
    if (filled < 1) return now + std::chrono::microseconds(std::llround((1 - filled + b.waiting++) / form.rate * 1e6) + 1);
    b.tokens = filled - 1;
    b.refilled_at = now;
    b.is_changed = true;
    return std::nullopt;
}

void Buckets::give_back(DeviceId device) {
    Bucket& b = bucket(device);
    if (b.rate > 0) b.tokens += 1;
}

void Buckets::save() {
    for (const auto& [device, b] : buckets_)
        if (b.is_changed) tx_.put("UPDATE device_pacing SET tokens = $2, refilled_at = $3 WHERE device_id = $1", device, b.tokens, b.refilled_at);
}

Buckets::Bucket& Buckets::bucket(DeviceId id) {
    if (const auto found = buckets_.find(id); found != buckets_.end()) return found->second;
    Bucket& b = buckets_[id];
    const auto device = devices::find(tx_, id);
    b.may_send = device && device->is_active && device->status != DeviceStatus::error;
    if (!b.may_send) return b;
    b.revision = device->revision;
    b.rate = static_cast<double>(devices::options_of(*device).rate_per_s);
    b.tokens = Form(b.rate).capacity;
    b.refilled_at = tx_.now();
    const StoredBucket stored = hold(id, b);
    b.tokens = stored.tokens;
    b.refilled_at = stored.refilled_at;
    b.blocked_until = stored.blocked_until;
    return b;
}

/// The stored bucket, full when there was none; where tokens are counted it is ours until the unit ends.
StoredBucket Buckets::hold(DeviceId id, const Bucket& full) {
    static constexpr std::string_view sql = "SELECT tokens, refilled_at, blocked_until FROM device_pacing WHERE device_id = $1";
    static constexpr std::string_view hold_sql = "SELECT tokens, refilled_at, blocked_until FROM device_pacing WHERE device_id = $1 {for_update}";
    const bool counts = full.rate > 0;
    if (auto stored = tx_.query(counts ? hold_sql : sql, id).first<StoredBucket>()) return *stored;
    if (!counts) return {full.tokens, full.refilled_at, full.blocked_until};
    static constexpr std::string_view add_sql =
        "INSERT INTO device_pacing (device_id, tokens, refilled_at) VALUES ($1, $2, $3) ON CONFLICT (device_id) DO NOTHING";
    tx_.execute(add_sql, id, full.tokens, full.refilled_at);
    return tx_.query(hold_sql, id).one<StoredBucket>();
}

void block(Transaction& tx, DeviceId device, Time until) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO device_pacing (device_id, tokens, refilled_at, blocked_until) VALUES ($1, 0, $2, $3)
        ON CONFLICT (device_id) DO UPDATE SET tokens = 0, refilled_at = excluded.refilled_at, blocked_until = excluded.blocked_until)sql";
    tx.execute(sql, device, tx.now(), until);
}

}  // namespace wabot::pacing
