#include "core/agents/rule_based.hpp"

#include "tests/catch.hpp"

using namespace wabot;

namespace {

const AgentConfig faq{.rules = {{"hello|hi|hey", "Hello!"}, {"open|hours", "From nine to five."}, {"hours", "Never said."}}};

Answer ask(const AgentConfig& config, std::optional<std::string> text, bool explain = false) {
    return RuleBasedAgent(config).decide({.text = std::move(text), .explain = explain});
}

}  // namespace

TEST_CASE("the first rule that matches gives the reply") {
    const Answer answer = ask(faq, "Hey, what are your hours?");
    CHECK(answer.outcome == AnswerOutcome::replied);
    CHECK(answer.texts == std::vector<std::string>{"Hello!"});
    CHECK(answer.reason == "rule 1 \"hello|hi|hey\"");
    CHECK(ask(faq, "Opening HOURS?").reason == "rule 2 \"open|hours\"");
}

TEST_CASE("without a matching rule there is no reply") {
    const Answer answer = ask(faq, "something else");
    CHECK(answer.outcome == AnswerOutcome::no_reply);
    CHECK(answer.texts.empty());
    CHECK(answer.reason == "no rule matched");
    CHECK(ask(faq, std::nullopt).outcome == AnswerOutcome::no_reply);
}

TEST_CASE("a fallback answers what no rule does, media included") {
    AgentConfig config = faq;
    config.fallback = "Please write hello.";
    config.quote = true;
    for (const auto& text : {std::optional<std::string>("something else"), std::optional<std::string>()}) {
        const Answer answer = ask(config, text);
        CHECK(answer.outcome == AnswerOutcome::replied);
        CHECK(answer.texts == std::vector<std::string>{"Please write hello."});
        CHECK(answer.reason == "fallback");
        CHECK(answer.quote);
    }
    CHECK(ask(config, "hi").reason == "rule 1 \"hello|hi|hey\"");
}

TEST_CASE("an explained answer lists the rules that were tried") {
    const Answer answer = ask(faq, "opening hours", true);
    REQUIRE(answer.tried.size() == 2);
    CHECK(answer.tried[0].what == "rule 1 \"hello|hi|hey\"");
    CHECK_FALSE(answer.tried[0].matched);
    CHECK(answer.tried[1].matched);
    CHECK(ask(faq, "opening hours").tried.empty());
}

TEST_CASE("a long pattern is cut between characters in the reason") {
    std::string umlauts = "x";
    for (int i = 0; i < 100; ++i) umlauts += "\u00e4";
    const Answer answer = ask({.rules = {{umlauts + "|z", "yes"}}}, "z");
    CHECK(answer.reason == "rule 1 \"" + umlauts.substr(0, 79) + "\u2026\"");
}
