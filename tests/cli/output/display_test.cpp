#include "cli/output/display.hpp"

#include "tests/catch.hpp"

using namespace wabot::cli;

TEST_CASE("display: text is measured in cells, not bytes", "[unit][display]") {
    CHECK(cells_of("") == 0);
    CHECK(cells_of("device") == 6);
    CHECK(cells_of("Grüße") == 5);
    CHECK(cells_of("e\u0301") == 1);
    CHECK(cells_of("日本語") == 6);
    CHECK(cells_of("ﾊﾝｶｸ") == 4);
    CHECK(cells_of("👍") == 2);
    CHECK(cells_of("👍🏽") == 2);
    CHECK(cells_of("👨‍👩‍👧") == 2);
    CHECK(cells_of("❤\uFE0F") == 2);
    CHECK(cells_of("🇩🇪") == 2);
    CHECK(cells_of("🇩🇪🇫🇷") == 4);
}

TEST_CASE("display: a text is cut between characters and marked", "[unit][display]") {
    CHECK(fitted("device", 6, "…") == "device");
    CHECK(fitted("device", 5, "…") == "devi…");
    CHECK(fitted("日本語", 5, "…") == "日本…");
    CHECK(fitted("日本語", 4, "…") == "日…");
    CHECK(fitted("ae\u0301o", 2, "…") == "a…");
    CHECK(fitted("👨‍👩‍👧👨‍👩‍👧", 3, "…") == "👨‍👩‍👧…");
    CHECK(fitted("device", 5, "...") == "de...");
}

TEST_CASE("display: nothing in a text is obeyed by the terminal", "[unit][display]") {
    CHECK(escaped_line("a\x1b[2Jb") == "a\\x1b[2Jb");
    CHECK(escaped_line("one\ntwo\r\tthree") == "one\\ntwo\\r\\tthree");
    CHECK(escaped_line("\x7f") == "\\x7f");
    CHECK(escaped_line("\u009b2J") == "\\x9b2J");
    CHECK(escaped_line("\u202eabc") == "\\u202eabc");
    CHECK(escaped_line("\u2066") == "\\u2066");
    CHECK(escaped_line("\xff\xc3") == "\\xff\\xc3");
    CHECK(escaped_line("\xed\xa0\x80") == "\\xed\\xa0\\x80");
    CHECK(escaped_line("Grüße, 日本語 👍🏽") == "Grüße, 日本語 👍🏽");
    CHECK(escaped_line(std::string_view("\0", 1)) == "\\x00");
}

TEST_CASE("display: right-to-left text is isolated, other text left as it is", "[unit][display]") {
    CHECK(isolated("abc") == "abc");
    CHECK(isolated("שלום") == "\u2068שלום\u2069");
    CHECK(isolated("مرحبا abc") == "\u2068مرحبا abc\u2069");
}

TEST_CASE("display: a cell of tab-separated values keeps its row whole", "[unit][display]") {
    CHECK(tsv_cell("a\tb\nc\rd\\e") == "a\\tb\\nc\\rd\\\\e");
    CHECK(tsv_cell("plain") == "plain");
}
