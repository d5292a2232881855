#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/value.hpp"

namespace wabot::cli {

/// A time zone of the machine's IANA database, read by the C library. That keeps one zone for the whole process, so there is one of these at a time,
/// found before the first thread begins. Nothing else here asks for local time.
class Zone {
public:
    /// By its name, "Europe/Berlin"; nullopt when the database has none of it.
    static std::optional<Zone> find(std::string_view name);

    /// How much later than UTC its clocks show `time`.
    std::chrono::seconds offset_at(Time time) const;
    /// "2026-07-01T14:00:00+02:00"; UTC itself as to_iso has it.
    std::string iso(Time time) const;

private:
    explicit Zone(bool is_utc) : is_utc_(is_utc) {}
    bool is_utc_;
};

}  // namespace wabot::cli
