#include "cli/output/output.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/output/exit_codes.hpp"
#include "core/base/clock.hpp"
#include "tests/catch.hpp"

namespace wabot {

/// Something to show.
struct Pet {
    Id<Pet> id;
    std::string name;
    std::optional<std::string> note;
    bool tame = true;
    Sealed phone;
    Time seen_at;
    std::string code;
    std::int64_t weight = 0;
};
WABOT_DESCRIBE(Pet, FIELD(id, .key = true), FIELD(name), FIELD(note), FIELD(tame), FIELD(phone, .sealed = "pets.phone"), FIELD(seen_at),
               FIELD(code, .secret = true), FIELD(weight, .wide = true))

}  // namespace wabot

using namespace wabot;
using namespace wabot::cli;

namespace {

const Time noon = *from_iso("2026-01-05T12:00:00Z");
const std::vector<Pet> pets{{{1}, "Rex", std::nullopt, true, {{"x"}, {"y"}, "0117"}, noon - std::chrono::hours(2), "s3cret", 12},
                            {{2}, "Tab\there", "line\nbreak", false, {{"x"}, {"y"}, "0142"}, noon, "s3cret", 3}};

struct Shown {
    std::string data, talk;
};

template <class Use>
Shown shown(OutputOptions options, Use use) {
    StringSink data, talk;
    Output out(std::move(options), data, talk, noon);
    use(out);
    out.flush();
    return {data.text, talk.text};
}

OutputOptions form(OutputFormat format) {
    return {.format = format, .format_given = true};
}

std::string list_in(OutputOptions options, std::optional<std::string> cursor = {}) {
    return shown(std::move(options), [&](Output& out) { out.list("pet", pets, cursor); }).data;
}

}  // namespace

TEST_CASE("output: a JSON list is one document with items and cursor", "[unit][output]") {
    const Json json = read_json(list_in(form(OutputFormat::json), "2"));
    CHECK(json["items"].size() == 2);
    CHECK(json["next_cursor"] == "2");
    const Json& rex = json["items"][0];
    CHECK(rex["id"] == 1);
    CHECK(rex["note"].is_null());
    CHECK(rex["tame"] == true);
    CHECK(rex["seen_at"] == "2026-01-05T10:00:00Z");
    CHECK(rex["weight"] == 12);
    CHECK_FALSE(rex.contains("code"));
    CHECK(shown(form(OutputFormat::json), [](Output& out) { out.list("pet", std::vector<Pet>{}); }).data == "{\"items\":[],\"next_cursor\":null}\n");
}

TEST_CASE("output: JSON lines are one object a line", "[unit][output]") {
    const std::string text = list_in(form(OutputFormat::jsonl), "2");
    CHECK(std::count(text.begin(), text.end(), '\n') == 2);
    CHECK(read_json(text.substr(0, text.find('\n')))["name"] == "Rex");
}

TEST_CASE("output: tsv has field names and escaped cells", "[unit][output]") {
    CHECK(list_in(form(OutputFormat::tsv)) ==
          "id\tname\tnote\ttame\tphone\tseen_at\n"
          "1\tRex\t\tyes\t••••••0117\t2026-01-05T10:00:00Z\n"
          "2\tTab\\there\tline\\nbreak\tno\t••••••0142\t2026-01-05T12:00:00Z\n");
}

TEST_CASE("output: a table that nobody looks at is tab-separated and whole", "[unit][output]") {
    OutputOptions options{.format = OutputFormat::table};
    options.columns = {"name", "weight"};
    CHECK(list_in(options) == "NAME\tWEIGHT\nRex\t12\nTab\\there\t3\n");
    options.header = false;
    CHECK(list_in(options) == "Rex\t12\nTab\\there\t3\n");
}

TEST_CASE("output: a table on a terminal is aligned and tells times as people do", "[unit][output]") {
    OutputOptions options{.format = OutputFormat::table, .columns = {"id", "name", "seen_at"}};
    options.out = {.is_tty = true, .utf8 = true, .width = 60};
    CHECK(list_in(options) ==
          "ID  NAME       SEEN AT\n"
          "1   Rex        2 hours ago\n"
          "2   Tab\\there  just now\n");
    options.time = TimeStyle::unix;
    options.columns = {"seen_at"};
    options.header = false;
    CHECK(list_in(options) == "1767607200\n1767614400\n");
}

TEST_CASE("output: names are for xargs", "[unit][output]") {
    CHECK(list_in(form(OutputFormat::name)) == "pet/1\npet/2\n");
}

TEST_CASE("output: an unknown or secret column is wrong usage and lists the right ones", "[unit][output]") {
    for (const char* column : {"nmae", "code"}) {
        OutputOptions options{.columns = {column}};
        try {
            list_in(options);
            FAIL("no exception");
        } catch (const CommandExit& end) {
            CHECK(end.exit() == Exit::usage);
            CHECK(end.hint() == "columns: id, name, note, tame, phone, seen_at, weight");
        }
    }
}

TEST_CASE("output: one object is bare in JSON and a line per field in a table", "[unit][output]") {
    const auto show = [](Output& out) {
        out.object("pet", pets[0], Json{{"friends", {"Tom", "Ann"}}, {"home", {{"city", "Ulm"}, {"street", nullptr}}}});
    };
    const Json json = read_json(shown(form(OutputFormat::json), show).data);
    CHECK(json["name"] == "Rex");
    CHECK(json["friends"].size() == 2);
    CHECK(shown({}, show).data ==
          "ID\t1\nNAME\tRex\nNOTE\t\nTAME\tyes\nPHONE\t••••••0117\nSEEN AT\t2026-01-05T10:00:00Z\nWEIGHT\t12\n"
          "FRIENDS\tTom, Ann\nHOME CITY\tUlm\nHOME STREET\t\n");
}

TEST_CASE("output: what is nested in an object is shown without JSON text", "[unit][output]") {
    const Json toys = Json::array({{{"name", "ball"}, {"colours", {"red", "blue"}}}, {{"name", "rope"}, {"lost", true}}});
    const auto show = [&](Output& out) {
        out.object("pet", pets[0], Json{{"toys", toys}, {"box", Json::object()}, {"trips", Json::array({Json::array({1, 2}), {{"to", "Ulm"}}})}});
    };
    const std::string piped = shown({}, show).data;
    CHECK_THAT(piped, Catch::EndsWith("TOYS 1 NAME\tball\nTOYS 1 COLOURS\tred, blue\nTOYS 1 LOST\t\nTOYS 2 NAME\trope\nTOYS 2 COLOURS\t\n"
                                      "TOYS 2 LOST\tyes\nBOX\t\nTRIPS\t1, 2, to: Ulm\n"));
    OutputOptions terminal;
    terminal.out.is_tty = true;
    const std::string screen = shown(terminal, show).data;
    CHECK_THAT(screen, Catch::Contains("TOYS") && Catch::Contains("NAME  COLOURS    LOST") && Catch::Contains("ball  red, blue"));
    for (const std::string& text : {piped, screen}) CHECK(text.find_first_of("{[\"") == std::string::npos);
}

TEST_CASE("output: a change is told on stderr, with the object on stdout when a format is asked for", "[unit][output]") {
    const auto change = [](Output& out) { out.done(true, "pet", pets[0], "created pet {}", 1); };
    const Shown silent = shown({}, change);
    CHECK(silent.data.empty());
    CHECK(silent.talk == "created pet 1\n");

    const Json json = read_json(shown(form(OutputFormat::json), change).data);
    CHECK(json["id"] == 1);
    CHECK(json["changed"] == true);
    CHECK(json["dry_run"] == false);
    CHECK(shown(form(OutputFormat::name), change).data == "pet/1\n");
}

TEST_CASE("output: a rehearsed change says that nothing changed", "[unit][output]") {
    OutputOptions options = form(OutputFormat::json);
    options.dry_run = true;
    const Shown rehearsed = shown(options, [](Output& out) { out.did(true, "deleted pet {}", 1); });
    CHECK(rehearsed.talk == "deleted pet 1 (dry run, nothing changed)\n");
    CHECK(read_json(rehearsed.data)["dry_run"] == true);
}

TEST_CASE("output: sealed values are shown as told", "[unit][output]") {
    OutputOptions options{.columns = {"phone"}};
    options.show = [](const Sealed&, std::string_view data) { return std::string("opened ").append(data); };
    CHECK(list_in(options) == "PHONE\nopened pets.phone\nopened pets.phone\n");
}

TEST_CASE("output: times apart are told in their largest unit", "[unit][output]") {
    using namespace std::chrono_literals;
    CHECK(relative_time(noon - 1min, noon) == "1 minute ago");
    CHECK(relative_time(noon - 59min, noon) == "59 minutes ago");
    CHECK(relative_time(noon + 49h, noon) == "in 2 days");
    CHECK(relative_time(noon - 400ms, noon) == "just now");
    CHECK(relative_time(noon - 24h * 800, noon) == "2 years ago");
}
