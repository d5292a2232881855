#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/cause.hpp"
#include "core/base/describe.hpp"
#include "core/database/page.hpp"
#include "core/database/transaction.hpp"
#include "core/devices/device.hpp"
#include "core/devices/event_weight.hpp"

namespace wabot {

using AccountEventId = Id<struct AccountEvent>;

/// What a provider said of an account, a number or a template of ours.
struct AccountEvent {
    AccountEventId id;
    std::optional<DeviceId> device_id;
    std::string waba_id;
    std::string field;
    std::optional<std::string> event;
    EventWeight weight = EventWeight::info;
    JsonText facts;
    Time timestamp;
    Time created_at;
    Time updated_at;
};
WABOT_DESCRIBE(AccountEvent, FIELD(id, .key = true), FIELD(device_id, .doc = "null if the event concerns several devices, or no known device"),
               FIELD(waba_id, .doc = "WhatsApp business account id"), FIELD(field), FIELD(event), FIELD(weight), FIELD(facts),
               FIELD(timestamp, .doc = "Time at the provider"), FIELD(created_at, .wide = true), FIELD(updated_at, .wide = true))

/// How a device stands with its provider, by the newest news; null where there were none.
struct AccountStanding {
    std::optional<std::string> quality;          // FLAGGED, UNFLAGGED
    std::optional<std::string> messaging_limit;  // TIER_10K, ...
    std::vector<AccountEvent> troubles;          // the newest of each field, when it is bad and nothing better came after it
    std::vector<AccountEvent> latest;            // the newest first
};

namespace account_events {

inline constexpr std::string_view raw_data = "account_events.raw";

struct New {
    std::optional<DeviceId> device;
    std::string_view waba_id;
    std::string_view field;
    std::string_view event;  // empty = none
    EventWeight weight = EventWeight::info;
    std::string_view facts;  // JSON without numbers of persons
    Bytes raw;               // sealed
    Bytes digest;
    Time timestamp;
};

/// Keeps it; false when it is there already.
bool add(Transaction& tx, const Cause& cause, const New& event);
/// Whether nothing newer that stops or lifts is known of its account.
bool is_newest(Snapshot& db, const New& event);

/// The newest first. Of a device also those of its account, when they are about no single device.
std::vector<AccountEvent> list(Snapshot& db, const std::optional<Device>& device = std::nullopt, const Page& page = {});
/// By its newest news, 1000 at most; troubles are those that came after `since`.
AccountStanding standing(Snapshot& db, const Device& device, Time since);

}  // namespace account_events

}  // namespace wabot
