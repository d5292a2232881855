#include "core/base/time_input.hpp"

#include "core/base/clock.hpp"
#include "tests/catch.hpp"

using namespace wabot;

namespace {

const Time noon = *from_iso("2026-01-05T12:00:00Z");

std::string read(std::string_view text) {
    const auto moment = read_time_input(text, noon);
    return moment ? to_iso(*moment) : "nothing";
}

}  // namespace

TEST_CASE("moment: dates, times and ages are read", "[unit]") {
    CHECK(read("2026-01-04") == "2026-01-04T00:00:00Z");
    CHECK(read("2026-01-04T18:30") == "2026-01-04T18:30:00Z");
    CHECK(read("2026-01-04 18:30") == "2026-01-04T18:30:00Z");
    CHECK(read("2026-01-04T18:30:01.5Z") == "2026-01-04T18:30:01.500000Z");
    CHECK(read("2026-01-04T18:30:00+01:30") == "2026-01-04T17:00:00Z");
    CHECK(read("2026-01-04T18:30-01:30") == "2026-01-04T20:00:00Z");
    CHECK(read("24h") == "2026-01-04T12:00:00Z");
    CHECK(read("7d ago") == "2025-12-29T12:00:00Z");
    CHECK(read("now") == to_iso(noon));
}

TEST_CASE("moment: what is none is refused", "[unit]") {
    for (const char* text : {"", "yesterday", "2026-02-30", "2026-01-04T25:00", "2026-01-04T18", "2026-01-04T18:30+0100", "2026-01-04T18:30+25:00",
                             "5", "-5d", "5 d", "99999999999999d", "9063244293h", "ago", "2026-01-04Z", "2026-1-4", "2026-01-04T18:30:00ZZ"})
        CHECK(read(text) == "nothing");
}
