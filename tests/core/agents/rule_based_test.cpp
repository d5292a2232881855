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
    CHECK(answer.reason_kind == ReasonKind::rule);
    CHECK(answer.reason == "rule 1 \"hello|hi|hey\"");
    CHECK(ask(faq, "Opening HOURS?").reason == "rule 2 \"open|hours\"");
}

TEST_CASE("without a matching rule there is no reply") {
    const Answer answer = ask(faq, "something else");
    CHECK(answer.outcome == AnswerOutcome::no_reply);
    CHECK(answer.texts.empty());
    CHECK(answer.reason_kind == ReasonKind::no_rule);
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
        CHECK(answer.reason_kind == ReasonKind::fallback);
        CHECK(answer.reason == "fallback");
        CHECK(answer.quote);
    }
    CHECK(ask(config, "hi").reason == "rule 1 \"hello|hi|hey\"");
}

std::vector<std::string> explained(const AgentConfig& config, std::optional<std::string> text) {
    std::vector<std::string> lines;
    for (const AnswerStep& step : ask(config, std::move(text), true).steps)
        lines.push_back(step.what + ": " + step.result + (step.answered ? " *" : ""));
    return lines;
}

TEST_CASE("an explained answer says which rule decided and why each of the others did not") {
    using Lines = std::vector<std::string>;
    CHECK(explained(faq, "Grüße! opening hours?") ==
          Lines{"rule 1 \"hello|hi|hey\": no match", "rule 2 \"open|hours\": matched \"hours\" at 15..20 *", "rule 3: not tried"});
    CHECK(explained(faq, "hi") == Lines{"rule 1 \"hello|hi|hey\": matched \"hi\" at 0..2 *", "rules 2-3: not tried"});
    CHECK(explained(faq, std::nullopt) == Lines{"rules 1-3: not tried: there are no words"});
    CHECK(ask(faq, "opening hours").steps.empty());

    AgentConfig config{.rules = {{"hello", "Hello!"}}};
    config.fallback = "Pardon?";
    CHECK(explained(config, "bye") == Lines{"rule 1 \"hello\": no match", "fallback: no rule matched *"});
    CHECK(explained(config, "hello") == Lines{"rule 1 \"hello\": matched \"hello\" at 0..5 *", "fallback: not tried"});
}

TEST_CASE("a long pattern is cut between characters in the reason") {
    std::string umlauts = "x";
    for (int i = 0; i < 100; ++i) umlauts += "\u00e4";
    const Answer answer = ask({.rules = {{umlauts + "|z", "yes"}}}, "z");
    CHECK(answer.reason == "rule 1 \"" + umlauts.substr(0, 79) + "\u2026\"");
}
