#include <nlohmann/json.hpp>

#include "cli/output/display.hpp"
#include "cli/output/exit_codes.hpp"
#include "cli/output/jq.hpp"
#include "cli/output/template.hpp"
#include "cli/output/yaml.hpp"
#include "cli/output/zone.hpp"
#include "core/base/clock.hpp"
#include "tests/catch.hpp"

using namespace wabot;
using namespace wabot::cli;

namespace {

std::string filtered(const std::string& expression, const std::string& json, bool for_terminal = false) {
    StringSink out;
    ReshapingSink sink(std::make_shared<Jq>(expression), out, for_terminal);
    sink.write(json.substr(0, json.size() / 2));
    sink.write(json.substr(json.size() / 2) + "\n");
    return out.text;
}

std::string filled(const std::string& text, const std::string& json, bool for_terminal = false) {
    StringSink out;
    ReshapingSink(std::make_shared<OutputTemplate>(text, "--print"), out, for_terminal).write(json + "\n");
    return out.text;
}

template <class Call>
std::string usage_of(Call call) {
    try {
        call();
    } catch (const CommandExit& end) {
        CHECK(end.exit() == Exit::usage);
        return end.message();
    }
    return "no fault";
}

}  // namespace

TEST_CASE("yaml: texts that could be something else are quoted", "[unit][output]") {
    CHECK(to_yaml("plain words") == "plain words\n");
    for (const char* word :
         {"",           "yes",   "No", "ON", "null", "~",  "y",  "1",  "1e3", "0x1f", "-",   "- a", "a: b", "a #b", " a", "a ", "=",   "<<",
          "2026-01-05", "12:30", "*a", "&a", "!a",   "%a", "@a", "`a", "[a",  "{a",   "a,b", "?",   "|",    ">",    "\"", "'",  ".inf"})
        CHECK(to_yaml(word).front() == '"');
    CHECK(to_yaml("a\nb\t\"c\" \\ \x1b \u0085 \u2028 \u202e") == R"("a\nb\t\"c\" \\ \x1b \x85 \u2028 \u202e")"
                                                                 "\n");
}

TEST_CASE("yaml: documents are blocks", "[unit][output]") {
    const Json json = Json::parse(R"({"a": {"b": [1, {"c": null, "d": []}, [true, [2.0]]], "e": {}}, "1": 1e20})");
    CHECK(to_yaml(json) ==
          "a:\n"
          "  b:\n"
          "  - 1\n"
          "  - c: null\n"
          "    d: []\n"
          "  - - true\n"
          "    - - 2.0\n"
          "  e: {}\n"
          "\"1\": 1.0e+20\n");
    CHECK(to_yaml_item(Json::parse(R"({"a": 1, "b": {"c": 2}})")) == "- a: 1\n  b:\n    c: 2\n");
}

TEST_CASE("csv: cells are quoted where they must be, and formulas made harmless", "[unit][output]") {
    CHECK(csv_cell("plain", false) == "plain");
    CHECK(csv_cell("a,b", false) == "\"a,b\"");
    CHECK(csv_cell("a\"b", false) == "\"a\"\"b\"");
    CHECK(csv_cell("a\r\nb", false) == "\"a\r\nb\"");
    for (const char* formula : {"=1+1", "+49", "-2", "@a", "\ta"}) {
        CHECK(csv_cell(formula, false) == std::string("'") + formula);
        CHECK(csv_cell(formula, true) == formula);
    }
    CHECK(csv_cell("\ra", false) == "\"'\ra\"");
}

TEST_CASE("json: at a terminal it is the same document without what a terminal obeys", "[unit][output]") {
    const Json json{{"name", "a\u009b2J\u202eb\x7f\U000E0041😀"}};
    const std::string text = escaped_json(write_json(json));
    CHECK(text == R"({"name":"a\u009b2J\u202eb\u007f\udb40\udc41😀"})");
    CHECK(read_json(text) == json);
}

TEST_CASE("jq: texts come as they are, the rest as JSON, a line each", "[unit][output]") {
    CHECK(filtered(".items[]", R"({"items":["a b",1,true,null,{"x":[1]}]})") == "a b\n1\ntrue\n\n{\"x\":[1]}\n");
    CHECK(filtered("empty", "{}").empty());
    CHECK(filtered(".a|@tsv", R"({"a":["x\u001b[2J","y"]})", true) == "x\\x1b[2J\ty\n");
    CHECK(filtered(".a", R"({"a":"\u0000x"})") == std::string("\0x\n", 3));
}

TEST_CASE("jq: an expression that it does not take, or that does not fit, is wrong usage in its words", "[unit][output]") {
    CHECK(usage_of([] { Jq(".a["); }).starts_with("--jq: syntax error"));
    CHECK(usage_of([] { Jq("nothing(1)"); }) == "--jq: nothing/1 is not defined");
    CHECK(usage_of([] { filtered(".a.b", R"({"a":1})"); }).starts_with("--jq: Cannot index number with "));
    CHECK(usage_of([] { filtered("error", "\"x\""); }) == "--jq: x");
}

TEST_CASE("template: members are put in as they are, one line for each item of a list", "[unit][output]") {
    CHECK(filled("{id}\\t{name}!", R"({"items":[{"id":1,"name":"a b"},{"id":2}],"next_cursor":null})") == "1\ta b!\n2\t!\n");
    CHECK(filled("{id}", R"({"items":[],"next_cursor":null})").empty());
    CHECK(filled("{items[1].id}{items[2].id}{items.id}{id[0]}", R"({"items":[{"id":1},{"id":2}],"id":7})") == "2\n");
    CHECK(filled("{a} {b} {c.d} {e}", R"({"a":true,"b":null,"c":{"d":[1,{"x":"y"}]},"e":0.5})") == "true  [1,{\"x\":\"y\"}] 0.5\n");
    CHECK(filled("{{{a}}} }\\\\n\\n", R"({"a":"{b}\\n","b":"never read"})") == "{{b}\\n}} }\\n\n\n");
    CHECK(filled("{a}", R"({"a":"x\u001b[2J"})") == "x\x1b[2J\n");
    CHECK(filled("{a}", R"({"a":"x\u001b[2J"})", true) == "x\\x1b[2J\n");
}

TEST_CASE("template: what cannot be read is wrong usage, with its column", "[unit][output]") {
    const auto fault = [](const char* text) { return usage_of([&] { OutputTemplate(text, "--print"); }); };
    CHECK(fault("ä{id") == "--print: column 2: the brace is not closed; {{ stands for one");
    CHECK(fault("ab\nc{}") == "--print: line 2, column 2: there is no path in the braces");
    CHECK(fault("{a..b}") == "--print: column 4: a name is missing");
    CHECK(fault("{a.}") == "--print: column 4: a name is missing");
    CHECK(fault("{[0]}") == "--print: column 2: a name is missing");
    CHECK(fault("{a{b}") == "--print: column 3: this is not part of a path");
    CHECK(fault("{a]}") == "--print: column 3: this is not part of a path");
    for (const char* place : {"{a[]}", "{a[-1]}", "{a[x]}", "{a[1}", "{a[99999999999999999999]}"})
        CHECK(fault(place) == "--print: column 3: in brackets stands a place in a list: [0]");
    CHECK(fault("\\q") == "--print: column 1: after a backslash comes n, t or another one");
    CHECK(fault("x\\") == "--print: column 2: after a backslash comes n, t or another one");
    CHECK(fault("}{{") == "no fault");
}

TEST_CASE("zone: times are shown as its clocks show them", "[unit][output]") {
    const Time winter = *from_iso("2026-01-05T23:30:00Z"), summer = *from_iso("2026-07-01T12:00:00Z"), far = *from_iso("2065-07-01T12:00:00Z");
    const auto in = [](const char* name, Time time) { return Zone::find(name)->iso(time); };
    CHECK(in("Europe/Berlin", winter) == "2026-01-06T00:30:00+01:00");
    CHECK(in("Europe/Berlin", summer) == "2026-07-01T14:00:00+02:00");
    CHECK(in("Europe/Berlin", far) == "2065-07-01T14:00:00+02:00");
    CHECK(in("America/St_Johns", winter) == "2026-01-05T20:00:00-03:30");
    CHECK(in("UTC", winter) == "2026-01-05T23:30:00Z");
    for (const char* name : {"Mars/Base", "", "/etc/passwd", "../../../etc/passwd", "Europe", "EST5EDT4", "zone.tab", "+01:00", "europe/berlin"})
        CHECK_FALSE(Zone::find(name));
    REQUIRE(Zone::find("UTC"));
}
