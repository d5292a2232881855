#include "core/messaging/sending/pacing.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/devices/devices.hpp"
#include "core/devices/options.hpp"
#include "core/queue/back_off.hpp"

namespace wabot::pacing {

namespace {

using namespace std::chrono_literals;

constexpr double careful_rate = 1;  // a second, of a number that may lose its quality

/// The bucket of a device that takes `per_s` sends in any second. What a full one holds and what flows in within a second may all go in the same
/// second, so the two together stay below; the last sixteenth is for those that the way to the provider pushes together.
struct Form {
    explicit Form(double per_s) : capacity(1 + std::floor(per_s / 16)), rate(per_s * 15 / 16 + 1 - capacity) {}
    double capacity;  // tokens
    double rate;      // tokens a second
};

constexpr std::string_view select_sql = R"sql(
    SELECT tokens, refilled_at, next_at, waiting_since, blocked_until, limited_at, limited_by, refusals, quality_at
    FROM device_pacing WHERE device_id = $1)sql";
const std::string hold_sql = std::string(select_sql) + " {for_update}";

/// What stands there of a device that has no row yet is an empty bucket.
void add_row(Transaction& tx, DeviceId device) {
    static constexpr std::string_view sql =
        "INSERT INTO device_pacing (device_id, tokens, refilled_at) VALUES ($1, 0, $2) ON CONFLICT (device_id) DO NOTHING";
    tx.execute(sql, device, tx.now());
}

/// How long a device waits after so many refusals in a row.
struct Slowing {
    std::chrono::seconds first, longest;
};
Slowing slowing_of(RetryClass why) {
    return why == RetryClass::throughput ? Slowing{1s, 60s} : Slowing{60s, 3600s};
}

}  // namespace

bool Buckets::may_send(DeviceId device) {
    return bucket(device).may_send;
}

std::optional<Time> Buckets::limit_seen(DeviceId device) {
    const Pace& pace = bucket(device).pace;
    return pace.refusals > 0 ? std::optional(pace.limited_at) : std::nullopt;
}

int Buckets::tokens(DeviceId device) {
    const Bucket& b = bucket(device);
    if (!b.may_send || b.pace.blocked_until > tx_.now()) return 0;
    return b.rate <= 0 ? std::numeric_limits<int>::max() : static_cast<int>(b.pace.tokens);
}

bool Buckets::take(DeviceId device) {
    if (tokens(device) < 1) return false;
    Bucket& b = bucket(device);
    if (b.rate <= 0) return true;
    b.pace.tokens -= 1;
    b.is_changed = true;
    return true;
}

void Buckets::give_back(DeviceId device) {
    Bucket& b = bucket(device);
    if (b.rate > 0) b.pace.tokens += 1;
}

Time Buckets::next_at(DeviceId device) {
    const Bucket& b = bucket(device);
    if (b.rate <= 0 || b.pace.tokens >= 1) return b.pace.blocked_until;
    const auto token_at = b.pace.refilled_at + std::chrono::microseconds(std::llround((1 - b.pace.tokens) / Form(b.rate).rate * 1e6) + 1);
    return std::max<Time>(b.pace.blocked_until, token_at);
}

void Buckets::set_waiting(DeviceId device, bool waits) {
    Bucket& b = bucket(device);
    if (waits == is_waiting(device)) return;
    b.pace.waiting_since = waits ? tx_.now() : Time{};
    b.is_changed = true;
}

void Buckets::save() {
    static constexpr std::string_view sql =
        "UPDATE device_pacing SET tokens = $2, refilled_at = $3, next_at = $4, waiting_since = $5 WHERE device_id = $1";
    for (const auto& [device, b] : buckets_)
        if (b.is_changed)
            tx_.execute_deferred(sql, device, b.pace.tokens, b.pace.refilled_at, b.pace.tokens >= 1 ? Time{} : next_at(device), b.pace.waiting_since);
}

Buckets::Bucket& Buckets::bucket(DeviceId id) {
    if (const auto found = buckets_.find(id); found != buckets_.end()) return found->second;
    Bucket& b = buckets_[id];
    const auto device = devices::find(tx_, id);
    b.may_send = device && device->is_active && device->status != DeviceStatus::error;
    if (!b.may_send) return b;
    b.revision = device->revision;
    b.rate = static_cast<double>(devices::options_of(*device).rate_per_s);
    if (b.rate > 0)
        b.pace = hold(id, b.rate);
    else if (auto stored = find(tx_, id))
        b.pace = *stored;
    if (b.pace.quality_at + quality_care > tx_.now()) {
        if (b.rate <= 0) b.pace = hold(id, careful_rate);
        b.rate = b.rate > 0 ? std::min(b.rate, careful_rate) : careful_rate;
    }
    if (b.rate <= 0) return b;
    const Form form(b.rate);
    if (b.pace.refilled_at > tx_.now() + lanes::clock_jump) {  // the clock was set back
        b.pace.refilled_at = tx_.now();
        b.is_changed = true;
    }
    // A unit that began after this one may have had the bucket before it.
    const Time now = std::max(tx_.now(), b.pace.refilled_at);
    const double elapsed_s = std::chrono::duration<double>(now - b.pace.refilled_at).count();
    b.pace.tokens = std::min(form.capacity, b.pace.tokens + elapsed_s * form.rate);
    b.pace.refilled_at = now;
    return b;
}

/// The stored bucket, full when there was none; ours until the unit ends.
Pace Buckets::hold(DeviceId id, double rate) {
    if (auto stored = tx_.query(hold_sql, id).first<Pace>()) return *stored;
    static constexpr std::string_view add_sql =
        "INSERT INTO device_pacing (device_id, tokens, refilled_at) VALUES ($1, $2, $3) ON CONFLICT (device_id) DO NOTHING";
    tx_.execute(add_sql, id, Form(rate).capacity, tx_.now());
    return tx_.query(hold_sql, id).one<Pace>();
}

Time slow_down(Transaction& tx, DeviceId device, const NotSent& refusal, std::optional<Time> claimed_under, double jitter) {
    add_row(tx, device);
    const auto pace = tx.query(hold_sql, device).one<Pace>();
    const bool is_new = pace.refusals == 0 || claimed_under == pace.limited_at;
    const std::int64_t refusals = pace.refusals + (is_new ? 1 : 0);
    const auto [first, longest] = slowing_of(refusal.why);
    std::chrono::microseconds wait = is_new ? grown(first, 2, refusals - 1, longest, jitter) : 0us;
    if (refusal.retry_after) wait = std::max<std::chrono::microseconds>(wait, *refusal.retry_after);
    const Time until = std::max<Time>(pace.blocked_until, tx.now() + wait);
    static constexpr std::string_view sql = R"sql(
        UPDATE device_pacing SET tokens = 0, refilled_at = $2, blocked_until = $3, limited_at = $4, limited_by = $5, refusals = $6
        WHERE device_id = $1)sql";
    // Two words at one instant must not be taken for one: the time is what a claim remembers of it.
    const Time limited_at = is_new ? std::max<Time>(tx.now(), pace.limited_at + 1us) : pace.limited_at;
    tx.execute(sql, device, std::max(pace.refilled_at, tx.now()), until, limited_at, refusal.code, refusals);
    return until;
}

void forget_limit(Transaction& tx, DeviceId device, Time claimed_under) {
    tx.execute("UPDATE device_pacing SET refusals = 0 WHERE device_id = $1 AND limited_at = $2", device, claimed_under);
}

void note_quality(Transaction& tx, DeviceId device) {
    add_row(tx, device);
    tx.execute("UPDATE device_pacing SET quality_at = $2 WHERE device_id = $1", device, tx.now());
}

void correct_times(Transaction& tx) {
    static constexpr std::string_view limit_sql =
        "UPDATE device_pacing SET blocked_until = $1 + (blocked_until - limited_at), limited_at = $1 WHERE limited_at > $2";
    static constexpr std::string_view quality_sql = "UPDATE device_pacing SET quality_at = $1 WHERE quality_at > $2";
    static constexpr std::string_view waiting_sql = "UPDATE device_pacing SET waiting_since = $1 WHERE waiting_since > $2";
    for (const std::string_view sql : {limit_sql, quality_sql, waiting_sql}) tx.execute(sql, tx.now(), tx.now() + lanes::clock_jump);
}

std::optional<Pace> find(Snapshot& db, DeviceId device) {
    return db.query(select_sql, device).first<Pace>();
}

}  // namespace wabot::pacing
