#include "core/messaging/service_window.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"

namespace wabot {

namespace {

using namespace std::chrono_literals;

constexpr auto window = 24h;
constexpr auto margin = 1min;

/// "40 min", "3 h", "12 days"
std::string rough(std::chrono::microseconds span) {
    if (span < 1h) return fmt::format("{} min", std::max<std::int64_t>(1, span / 1min));
    if (span < 48h) return fmt::format("{} h", span / 1h);
    return fmt::format("{} days", span / 24h);
}

}  // namespace

bool has_window(DeviceKind kind) {
    return kind == DeviceKind::whatsapp;
}

std::optional<Time> window_end(DeviceKind kind, const std::optional<Time>& last_incoming_at) {
    if (!has_window(kind) || !last_incoming_at) return std::nullopt;
    return *last_incoming_at + window - margin;
}

void require_window(DeviceKind kind, const Contact& contact, Time now) {
    const auto end = window_end(kind, contact.last_incoming_at);
    if (!has_window(kind) || (end && *end > now)) return;
    // Who never wrote may be a contact that this very unit made: its id says nothing yet.
    const std::string what = end ? fmt::format("the 24-hour window of contact {} closed {} ago", contact.id.value, rough(now - *end))
                                 : "the contact has not written yet, so its 24-hour window is closed";
    throw Error(Errc::rejected, what, "use --template: WhatsApp accepts only templates outside the window");
}

}  // namespace wabot
