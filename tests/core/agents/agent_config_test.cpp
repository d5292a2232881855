#include "core/agents/agent_config.hpp"

#include "tests/catch.hpp"

using namespace wabot;

namespace {

Error failure_of(const std::string& json) {
    try {
        agents::read_config(JsonText{json});
    } catch (const Error& failure) {
        return failure;
    }
    return Error(Errc::bug, "nothing was refused");
}

std::string places_of(const std::string& json) {
    const Error failure = failure_of(json);
    std::string out;
    for (const Fault& fault : failure.faults()) out += fault.where + " " + fault.kind + "; ";
    return out;
}

std::string failure_of_rules(const std::string& text) {
    try {
        agents::read_rules(text, "faq.json");
    } catch (const Error& failure) {
        return failure.what();
    }
    return "nothing was refused";
}

}  // namespace

TEST_CASE("a configuration is read and written without loss") {
    const AgentConfig config{.rules = {{"hello|hi", "Hello!"}, {"open", "From nine to five."}},
                             .fallback = "Sorry?",
                             .trigger_keywords = {"bot"},
                             .allowed_contacts = {{7}, {9}},
                             .ignore_groups = true,
                             .quote = true};
    CHECK(agents::read_config(agents::write_config(config)) == config);
    CHECK(agents::read_config(JsonText{"{}"}) == AgentConfig{});
    CHECK(agents::read_config(JsonText{R"({"fallback": null})"}) == AgentConfig{});
}

TEST_CASE("every fault of a configuration is named by its place") {
    CHECK(places_of(R"({"rules": [{"pattern": "a", "response": "b"}, {"pattern": "("}, {"pattern": 1, "response": "b", "x": 1}, 5]})") ==
          "rules[1].response missing; rules[2].x unknown; rules[2].pattern type; rules[3] type; ");
    CHECK(places_of(R"({"rules": [{"pattern": "(", "response": ""}]})") == "rules[0].pattern value; rules[0].response missing; ");
    CHECK(places_of(R"({"rules": {}, "quote": 1, "trigger_keywords": [3], "allowed_contacts": ["ana"]})") ==
          "rules type; quote type; trigger_keywords[0] type; allowed_contacts[0] type; ");
    CHECK(places_of(R"({"trigger_keywords": [""], "fallback": ""})") == "fallback missing; trigger_keywords[0] value; ");
    CHECK_THAT(failure_of(R"({"fallbak": "x"})").what(), Catch::Contains("fallbak") && Catch::Contains("fallback"));
}

TEST_CASE("limits of a configuration are kept") {
    AgentConfig config;
    config.rules.assign(1000, {"a", "b"});
    config.fallback = std::string(4096, 'x');
    CHECK(agents::read_config(agents::write_config(config)).rules.size() == 1000);
    config.rules.push_back({"a", "b"});
    config.fallback->push_back('x');
    CHECK(places_of(agents::write_config(config).text) == "rules length; fallback length; ");
}

TEST_CASE("a file of rules says in which line it is wrong") {
    CHECK(agents::read_rules(R"([{"pattern": "a|b", "response": "c"}])", "faq.json") == std::vector<AnswerRule>{{"a|b", "c"}});
    CHECK(agents::read_rules("[]", "faq.json").empty());
    CHECK_THAT(failure_of_rules("[\n  {\"pattern\": \"a\",\n]"), Catch::StartsWith("faq.json:3:1: not JSON at byte 21"));
    const std::string text = "[\n  {\"pattern\": \"[,]{\\\"\", \"response\": \"b\"},\n\n  {\"pattern\": \"(\",\n   \"response\": \"b\"}\n]";
    CHECK_THAT(failure_of_rules(text), Catch::StartsWith("faq.json:4: rules[1].pattern is no regular expression"));
    CHECK_THAT(failure_of_rules(R"({"pattern": "a"})"), Catch::StartsWith("faq.json: rules must be a list"));
}
