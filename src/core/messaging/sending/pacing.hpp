#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string_view>

#include "core/base/describe.hpp"
#include "core/base/ids.hpp"
#include "core/channels/send_outcome.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// How fast a device may send, as it stands: its bucket of tokens, and what the provider said.
struct Pace {
    double tokens;
    Time refilled_at;
    Time next_at;                           // no token before
    Time waiting_since;                     // sends wait for tokens; 0 = none does
    Time blocked_until;                     // the provider wants nothing before
    Time limited_at;                        // it last said that it is too fast
    std::optional<std::string> limited_by;  // in these words
    std::int64_t refusals = 0;              // of that sort, with nothing accepted in between
    Time quality_at;                        // it last held something back for the number's quality
};
WABOT_DESCRIBE(Pace, FIELD(tokens), FIELD(refilled_at), FIELD(next_at), FIELD(waiting_since), FIELD(blocked_until), FIELD(limited_at),
               FIELD(limited_by), FIELD(refusals), FIELD(quality_at))

namespace pacing {

/// After the provider held something back for the number's quality the device goes slowly for so long.
inline constexpr std::chrono::hours quality_care{1};

/// The token buckets of the devices, for the length of one unit: read and held when first asked for, written back by `save`. Who asks for several
/// asks in the order of the devices' ids, so that two units do not wait for each other.
class Buckets {
public:
    explicit Buckets(Transaction& tx) : tx_(tx) {}
    /// Whether the device may send at all: not while it is inactive or in error, when its queue waits untouched.
    bool may_send(DeviceId device);
    /// The revision of the device's configuration.
    std::int64_t revision(DeviceId device) { return bucket(device).revision; }
    /// The last word of the provider that it is too fast, as long as nothing was accepted since.
    std::optional<Time> limit_seen(DeviceId device);
    /// How many may go now. In no second are there more than the device's `rate_per_s`.
    int tokens(DeviceId device);
    /// Takes one of them. False when there is none.
    bool take(DeviceId device);
    /// A token that was taken and not used.
    void give_back(DeviceId device);
    /// When there will be a token, if there is none.
    Time next_at(DeviceId device);
    /// Whether others wait for tokens already, and that they do or do no more.
    bool is_waiting(DeviceId device) { return bucket(device).pace.waiting_since != Time{}; }
    void set_waiting(DeviceId device, bool waits);
    void save();

private:
    struct Bucket {
        bool may_send = false;
        std::int64_t revision = 0;
        double rate = 0;  // tokens a second; 0 = no limit
        Pace pace{};
        bool is_changed = false;
    };
    Bucket& bucket(DeviceId device);
    Pace hold(DeviceId device, double rate);

    Transaction& tx_;
    std::map<DeviceId, Bucket> buckets_;
};

/// What the provider said of a device that is too fast, while `claimed_under` was its last word when the refused send was claimed: it sends nothing
/// until the time this gives. Each word in a row doubles the wait; what was claimed before the last one adds nothing.
Time slow_down(Transaction& tx, DeviceId device, const NotSent& refusal, std::optional<Time> claimed_under, double jitter);
/// The provider has accepted what was claimed under this word of it: the next one is the first again.
void forget_limit(Transaction& tx, DeviceId device, Time claimed_under);
/// It held something back for the number's quality.
void note_quality(Transaction& tx, DeviceId device);

/// What a device waits for since the clock was ahead is counted from now.
void correct_times(Transaction& tx);

std::optional<Pace> find(Snapshot& db, DeviceId device);

}  // namespace pacing

}  // namespace wabot
