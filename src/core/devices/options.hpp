#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/devices/device.hpp"

namespace wabot {

WABOT_ENUM(OnUncertain, resend, hold)

/// What the options of a device mean, defaults filled in. A limit of 0 is switched off.
struct DeviceOptions {
    std::string phone_number_id;
    std::string waba_id;
    std::string graph_url;                 // without a slash at its end
    std::string graph_version;             // "v24.0"
    std::vector<std::string> media_hosts;  // in lower case
    std::int64_t rate_per_s = 0;           // sends handed to the provider
    std::int64_t loop_limit = 10;          // automatic replies per contact and minute
    OnUncertain on_uncertain = OnUncertain::resend;
};

enum class OptionForm { digits, url, version, number, word, hosts };

/// One option of one kind of device.
struct OptionSpec {
    DeviceKind kind;
    std::string_view name;
    OptionForm form;
    std::string_view fallback;  // as text; empty = none
    std::string_view doc;
    bool required = false;
    std::int64_t most = 0;  // of a number; the least is 0
};

namespace devices {

/// Every option of every kind.
std::span<const OptionSpec> option_specs();
/// Whether this version has a channel for the kind.
bool is_supported(DeviceKind kind);

using Assignments = std::vector<std::pair<std::string, std::string>>;  // name and text, as given; an empty text takes the value away

/// `options` with the assignments made, checked as a whole. Faults go to `faults`, located as "options.<name>".
Json assign_options(DeviceKind kind, Json options, const Assignments& assignments, std::vector<Fault>& faults);

/// The typed view. `graph_url` and `graph_version` are the installation's own defaults (WHATSAPP_GRAPH_URL, ..._VERSION), empty = Meta's.
DeviceOptions options_of(const Device& device, std::string_view graph_url = {}, std::string_view graph_version = {});

}  // namespace devices

}  // namespace wabot
