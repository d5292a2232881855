#include "cli/output/table.hpp"

#include "tests/catch.hpp"

using namespace wabot::cli;

namespace {

using Widths = std::vector<std::size_t>;
const Screen tty{.is_tty = true, .utf8 = true, .width = 30};

}  // namespace

TEST_CASE("table: columns that fit keep their width", "[unit][table]") {
    CHECK(fitted_widths({4, 10, 6}, 30) == Widths{4, 10, 6});
}

TEST_CASE("table: the widest columns give way first, down to a common width", "[unit][table]") {
    CHECK(fitted_widths({4, 40, 10}, 30) == Widths{4, 12, 10});
    CHECK(fitted_widths({4, 40, 40}, 30) == Widths{4, 11, 11});
    CHECK(fitted_widths({1'000'000, 3}, 30) == Widths{25, 3});
}

TEST_CASE("table: no column gets narrower than can be read", "[unit][table]") {
    CHECK(fitted_widths({8, 8, 8, 8}, 20) == Widths{6, 6, 6, 6});
    CHECK(fitted_widths({2, 3}, 1) == Widths{1, 1});
}

TEST_CASE("table: rows are aligned by cells and long ones cut", "[unit][table]") {
    const std::vector<std::string> header{"ID", "NAME"};
    const std::vector<Cells> rows{{"1", "日本"}, {"22", "a name that is far too long for this"}, {"3", ""}};
    CHECK(render_table(header, rows, tty, {}) ==
          "ID  NAME\n"
          "1   日本\n"
          "22  a name that is far too lo…\n"
          "3   –\n");
}

TEST_CASE("table: without truncation rows are as long as they are", "[unit][table]") {
    const std::vector<std::string> header{"NAME"};
    const std::vector<Cells> rows{{std::string(50, 'x')}};
    CHECK(render_table(header, rows, tty, {.header = false, .truncate = false}) == std::string(50, 'x') + "\n");
}

TEST_CASE("table: where symbols cannot be shown ASCII stands for them", "[unit][table]") {
    const Screen plain{.is_tty = true, .utf8 = false, .width = 20};
    const std::vector<std::string> header{"NAME"};
    const std::vector<Cells> rows{{std::string(50, 'x')}, {""}};
    CHECK(render_table(header, rows, plain, {}) == "NAME\n" + std::string(17, 'x') + "...\n-\n");
}

TEST_CASE("table: a contact's name cannot clear the screen", "[unit][table]") {
    const std::vector<std::string> header{"NAME"};
    const std::vector<Cells> rows{{"\x1b[2J"}};
    CHECK(render_table(header, rows, tty, {}) == "NAME\n\\x1b[2J\n");
}

TEST_CASE("table: field names make headings", "[unit][table]") {
    CHECK(heading("last_login_at") == "LAST LOGIN AT");
}
