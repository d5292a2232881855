#include "cli/framework/parser.hpp"

#include "tests/catch.hpp"

using namespace wabot;
using namespace wabot::cli;

namespace {

using Words = std::vector<std::string>;

Action nothing(CommandBuilder&) {
    return {};
}
const Command pet_list{.path = "pet list", .build = nothing};
const Command pet_create{.path = "pet create", .build = nothing};
const Command walk{.path = "walk", .build = nothing};
const Command* const commands[] = {&pet_list, &pet_create, &walk};

struct Pet {
    std::string name;
    std::optional<int> age;
    std::vector<std::string> foods;
    std::optional<OutputFormat> form;
    std::vector<std::pair<std::string, std::string>> options;
    bool tame = false;
};

struct Parsed {
    Pet pet;
    Globals globals;
};

Parsed parse(const Words& line) {
    Parsed parsed;
    CommandBuilder own, global;
    own.argument("name", parsed.pet.name, "Its name").required().completes(Noun::device);
    own.option("--age", parsed.pet.age, "Years");
    own.option("--food", parsed.pet.foods, "What it eats");
    own.option("--form", parsed.pet.form, "Words");
    own.option("--option", parsed.pet.options, "Pairs").shown_as("K=V");
    own.flag("--tame", parsed.pet.tame, "Whether");
    declare_globals(global, parsed.globals);
    parse_line(line, own, global, parsed.globals.help);
    return parsed;
}

template <class Call>
CommandExit ending_of(Call call) {
    try {
        call();
    } catch (const CommandExit& end) {
        return end;
    }
    FAIL("no exception");
    return CommandExit(Exit::ok);
}

}  // namespace

TEST_CASE("parser: the command is found among global flags", "[unit][parser]") {
    const Found found = find_command(Words{"-o", "json", "pet", "-qv", "list", "--limit", "3"}, commands);
    CHECK(found.command == &pet_list);
    CHECK(found.rest == Words{"-o", "json", "-qv", "--limit", "3"});
    CHECK(find_command(Words{"-qo", "json", "--config", "pet", "walk"}, commands).command == &walk);
}

TEST_CASE("parser: a plural names the same commands where there is something to list", "[unit][parser]") {
    CHECK(find_command(Words{"pets", "create", "x"}, commands).command == &pet_create);
    CHECK_THROWS_AS(find_command(Words{"walks"}, commands), CommandExit);
}

TEST_CASE("parser: a noun alone is no command yet", "[unit][parser]") {
    const Found found = find_command(Words{"pet", "--help"}, commands);
    CHECK(found.command == nullptr);
    CHECK(found.noun == "pet");
}

TEST_CASE("parser: unknown words get a suggestion", "[unit][parser]") {
    CHECK(ending_of([] { find_command(Words{"pte", "list"}, commands); }).message() == "unknown command \"pte\"; did you mean \"pet\"?");
    CHECK(ending_of([] { find_command(Words{"pet", "lits"}, commands); }).message() == "unknown pet command \"lits\"; did you mean \"list\"?");
    CHECK(ending_of([] { parse({"rex", "--taem"}); }).message() == "unknown option \"--taem\"; did you mean \"--tame\"?");
    const CommandExit format = ending_of([] { parse({"rex", "-o", "jsno"}); });
    CHECK(format.message() == "--output \"jsno\" is not known; did you mean \"json\"?");
    CHECK(format.hint() == "one of table, wide, json, jsonl, yaml, csv, tsv, name, none");
    CHECK(format.exit() == Exit::usage);
}

TEST_CASE("parser: options are read in every form people write", "[unit][parser]") {
    const Parsed parsed =
        parse({"rex", "--age=7", "--food", "meat", "--food=fish", "--form", "tsv", "--tame", "-ojson", "-yq", "--option", "a=b=c", "--option=d="});
    CHECK(parsed.pet.name == "rex");
    CHECK(parsed.pet.age == 7);
    CHECK(parsed.pet.foods == Words{"meat", "fish"});
    CHECK(parsed.pet.form == OutputFormat::tsv);
    CHECK(parsed.pet.options == std::vector<std::pair<std::string, std::string>>{{"a", "b=c"}, {"d", ""}});
    CHECK(parsed.pet.tame);
    CHECK(parsed.globals.output == OutputFormat::json);
    CHECK(parsed.globals.yes);
    CHECK(parsed.globals.quiet);
}

TEST_CASE("parser: a value may look like an option, be empty, or be a dash", "[unit][parser]") {
    CHECK(parse({"rex", "--food", "--tame"}).pet.foods == Words{"--tame"});
    CHECK(parse({"rex", "--food", "-x", "--food", "-3"}).pet.foods == Words{"-x", "-3"});
    CHECK(parse({"rex", "--food=", "--tame"}).pet.foods == Words{""});
    CHECK(parse({"rex", "--food", "[a,b]"}).pet.foods == Words{"[a,b]"});
    CHECK(parse({"-"}).pet.name == "-");
    CHECK(parse({"--", "--tame"}).pet.name == "--tame");
}

TEST_CASE("parser: a name as -o name prints it is taken without its noun", "[unit][parser]") {
    CHECK(parse({"device/rex"}).pet.name == "rex");
    CHECK(parse({"agent/rex"}).pet.name == "agent/rex");
}

TEST_CASE("parser: what does not fit is wrong usage", "[unit][parser]") {
    struct Wrong {
        Words line;
        std::string message;
    };
    const Wrong wrong[] = {{{}, "NAME is missing"},
                           {{"rex", "more"}, "unexpected argument \"more\""},
                           {{"rex", "--age", "1", "--age", "2"}, "--age is given twice"},
                           {{"rex", "--tame", "--tame"}, "--tame is given twice"},
                           {{"rex", "--age", "old"}, "--age takes a whole number, not \"old\""},
                           {{"rex", "--age", "99999999999999999999"}, "--age takes a whole number, not \"99999999999999999999\""},
                           {{"rex", "--option", "x"}, "--option takes K=V, not \"x\""},
                           {{"rex", "--option", "=x"}, "--option takes K=V, not \"=x\""},
                           {{"rex", "-Z"}, "unknown option \"-Z\""},
                           {{"rex", "--ag", "3"}, "unknown option \"--ag\"; did you mean \"--age\"?"}};
    for (const auto& [line, message] : wrong) {
        CAPTURE(message);
        const CommandExit end = ending_of([&words = line] { parse(words); });
        CHECK(end.message() == message);
        CHECK(end.exit() == Exit::usage);
    }
}

TEST_CASE("parser: an option without its value and a flag with one are wrong usage", "[unit][parser]") {
    CHECK(ending_of([] { parse({"rex", "--age"}); }).exit() == Exit::usage);
    CHECK(ending_of([] { parse({"rex", "--tame=no"}); }).exit() == Exit::usage);
}

TEST_CASE("parser: help asks for nothing else", "[unit][parser]") {
    CHECK(parse({"--help"}).globals.help);
    CHECK(parse({"-h"}).globals.help);
    CHECK(parse({"rex", "-vv", "-v"}).globals.verbose == 3);
}

TEST_CASE("parser: whether errors are JSON is seen even in a broken line", "[unit][parser]") {
    const Lookup none = [](std::string_view) { return std::nullopt; };
    const Lookup json = [](std::string_view name) { return name == "WABOT_OUTPUT" ? std::optional<std::string>("json") : std::nullopt; };
    CHECK(error_form(Words{"nonsense", "-o", "json"}, none) == ErrorForm::json);
    CHECK(error_form(Words{"--output=jsonl"}, none) == ErrorForm::json);
    CHECK(error_form(Words{"-ojson"}, none) == ErrorForm::json);
    CHECK(error_form(Words{"x"}, json) == ErrorForm::json);
    CHECK(error_form(Words{"-o", "table"}, json) == ErrorForm::human);
    CHECK(error_form(Words{"--", "-o", "json"}, none) == ErrorForm::human);
}
