#include "cli/framework/progress.hpp"

#include "cli/output/display.hpp"
#include "tests/catch.hpp"

using namespace wabot::cli;
using namespace std::chrono_literals;

TEST_CASE("progress says what is done, how fast, and what is left") {
    const ProgressState stand{.what = "webhooks", .done = 1200, .total = 2400, .elapsed = 4s};
    CHECK(progress_line(stand) == "webhooks: 1200 of 2400, 300/s, 4 s left");
    CHECK(progress_bar(stand, {.utf8 = false, .width = 80}) == "webhooks  [###############...............]  1200/2400  50%  300/s  4 s left");
    CHECK(progress_bar(stand, {.utf8 = true, .width = 60}) == "webhooks  ███████░░░░░░░  1200/2400  50%  300/s  4 s left");
}

TEST_CASE("progress of what nobody can count beforehand is a count") {
    const ProgressState stand{.what = "webhooks", .done = 9, .elapsed = 3s};
    CHECK(progress_line(stand) == "webhooks: 9, 3.0/s");
    CHECK(progress_bar(stand, {.utf8 = false, .width = 80}).substr(1) == " webhooks  9  3.0/s");
}

TEST_CASE("progress fits any screen, begins at nothing and does not go past the end") {
    for (std::size_t width = 20; width < 100; ++width)
        for (const ProgressState& stand :
             {ProgressState{.what = "migrations", .total = 8}, ProgressState{.what = "migrations", .done = 9, .total = 8, .elapsed = 2h},
              ProgressState{.what = "migrations", .total = 0, .elapsed = 1s}, ProgressState{.what = "migrations", .done = 1, .elapsed = 1s}})
            CHECK(cells_of(progress_bar(stand, {.width = width})) < width);
    CHECK(progress_line({.what = "jobs", .total = 8, .elapsed = 1s}) == "jobs: 0 of 8, 0/s");
}
