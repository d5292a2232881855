#include "core/operations/throttling.hpp"

#include <fmt/format.h>

#include "core/base/clock.hpp"
#include "core/channels/send_errors.hpp"
#include "core/devices/devices.hpp"
#include "core/messaging/lanes.hpp"
#include "core/messaging/sending/pacing.hpp"

namespace wabot::throttling {

namespace {

/// What there is to say of one device.
class Look {
public:
    Look(Snapshot& db, const Device& device, const Pace& pace) : db_(db), device_(device), pace_(pace) {}

    void tell(std::vector<ThrottledDevice>& out) {
        const auto add = [&](ThrottleKind kind, std::string detail, std::string hint) {
            out.push_back({device_.id, device_.key, kind, fmt::format("{}: {}", device_.key, detail), std::move(hint)});
        };
        if (waits_for_tokens())
            add(ThrottleKind::pace,
                fmt::format("its sends wait for its rate limit of {} per second since {}", devices::options_of(device_).rate_per_s,
                            to_iso(pace_.waiting_since)),
                fmt::format("if the provider allows more: wabot device update {} --option rate_per_s=N; otherwise send less at a time", device_.key));
        if (pace_.limited_at > db_.now() - limit_memory)
            add(ThrottleKind::limit, what_the_provider_said(),
                fmt::format("send more slowly: wabot device update {} --option rate_per_s=N; waiting messages are sent later", device_.key));
        if (pace_.quality_at > db_.now() - pacing::quality_care)
            add(ThrottleKind::quality,
                fmt::format("the provider holds messages back because of the number's quality, last at {}; one message per second is sent until {}",
                            to_iso(pace_.quality_at), to_iso(pace_.quality_at + pacing::quality_care)),
                "send only messages that people want; the provider's console shows the quality");
    }

private:
    bool waits_for_tokens() {
        if (pace_.waiting_since == Time{} || pace_.waiting_since > db_.now() - pace_patience) return false;
        return device_.is_active && device_.status != DeviceStatus::error && lanes::has_sends(db_, device_.id, db_.now());
    }

    std::string what_the_provider_said() {
        const std::string code = pace_.limited_by.value_or("");
        const std::string means = explain_send_error(code);
        std::string text = fmt::format("the provider answered {}{}{} at {}", code, means.empty() ? "" : ", ", means, to_iso(pace_.limited_at));
        if (pace_.blocked_until > db_.now()) text += fmt::format("; it sends again at {}", to_iso(pace_.blocked_until));
        return text;
    }

    Snapshot& db_;
    const Device& device_;
    const Pace& pace_;
};

}  // namespace

std::vector<ThrottledDevice> list(Snapshot& db, std::optional<DeviceId> device) {
    static constexpr std::string_view sql = R"sql(
        SELECT device_id FROM device_pacing
        WHERE (CAST($1 AS BIGINT) IS NULL OR device_id = $1) AND (waiting_since > 0 OR limited_at > $2 OR quality_at > $3)
        ORDER BY device_id LIMIT 100)sql";
    std::vector<ThrottledDevice> out;
    for (const DeviceId id : db.query(sql, device, db.now() - limit_memory, db.now() - pacing::quality_care).all<DeviceId>()) {
        const auto found = devices::find(db, id);
        const auto pace = pacing::find(db, id);
        if (found && pace) Look(db, *found, *pace).tell(out);
    }
    return out;
}

}  // namespace wabot::throttling
