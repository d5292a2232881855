#include "core/agents/selection.hpp"

#include "core/agents/agent_cache.hpp"
#include "core/agents/agent_config.hpp"
#include "core/base/blocking.hpp"
#include "tests/catch.hpp"

using namespace wabot;

namespace {

Candidate candidate(std::int64_t id, const std::string& key, const AgentConfig& config = {.fallback = "yes"}, std::int64_t priority = 100,
                    bool primary = false) {
    Agent row;
    row.id = {id};
    row.key = key;
    row.config = agents::write_config(config);
    return {.ready = load_agent(row), .priority = priority, .is_primary = primary};
}

std::string order(const std::vector<Candidate>& candidates, const Question& question = {.text = "hello"}) {
    std::string out;
    for (const Candidate& one : select(candidates, question).eligible) out += one.ready->key + " ";
    return out;
}

std::string why_not(const Candidate& one, const Question& question) {
    const Selection selection = select(std::span(&one, 1), question);
    return selection.passed_over.empty() ? "asked" : selection.passed_over.front().why;
}

}  // namespace

TEST_CASE("agents are asked by priority, the primary one last") {
    CHECK(order({candidate(1, "main", {}, 1, true), candidate(2, "late", {}, 200), candidate(4, "early", {}, 10), candidate(3, "same", {}, 10)}) ==
          "same early late main ");
}

TEST_CASE("an agent that is switched off is passed over") {
    Candidate off = candidate(1, "off");
    off.is_active = false;
    CHECK(why_not(off, {.text = "hello"}) == "is switched off");
}

TEST_CASE("trigger words are whole words, whatever their case") {
    const Candidate bot = candidate(1, "bot", {.fallback = "yes", .trigger_keywords = {"help me", "bot"}});
    CHECK(why_not(bot, {.text = "Hey BOT!"}) == "asked");
    CHECK(why_not(bot, {.text = "please Help  Me"}) == "asked");
    CHECK(why_not(bot, {.text = "robot"}) == "needs one of its trigger words");
    CHECK(why_not(bot, {.text = std::nullopt}) == "needs one of its trigger words");
}

TEST_CASE("a whitelist lets the person or the group pass") {
    const Candidate closed = candidate(1, "closed", {.fallback = "yes", .allowed_contacts = {{7}}});
    CHECK(why_not(closed, {.contact_id = {7}, .author_id = {7}}) == "asked");
    CHECK(why_not(closed, {.contact_id = {50}, .author_id = {7}, .is_group = true}) == "asked");
    CHECK(why_not(closed, {.contact_id = {7}, .author_id = {8}, .is_group = true}) == "asked");
    CHECK(why_not(closed, {.contact_id = {8}, .author_id = {8}}) == "does not have the contact on its list");
    CHECK(why_not(closed, {.text = "a trial"}) == "does not have the contact on its list");
}

TEST_CASE("an agent that ignores groups answers private chats only") {
    const Candidate shy = candidate(1, "shy", {.fallback = "yes", .ignore_groups = true});
    CHECK(why_not(shy, {.is_group = true}) == "ignores groups");
    CHECK(why_not(shy, {.is_group = false}) == "asked");
}

TEST_CASE("the next agent is asked when one has nothing to say") {
    const std::vector<Candidate> both = {candidate(1, "main", {.fallback = "main speaks"}, 100, true),
                                         candidate(2, "prices", {.rules = {{"price", "Ten."}}})};
    const Asked price = blocking(ask(both, {.text = "the price?"}));
    CHECK(price.by->key == "prices");
    CHECK(price.answer.texts == std::vector<std::string>{"Ten."});
    CHECK(price.passed_over.empty());

    const Asked other = blocking(ask(both, {.text = "anything"}));
    CHECK(other.by->key == "main");
    CHECK(other.answer.texts == std::vector<std::string>{"main speaks"});
    REQUIRE(other.passed_over.size() == 1);
    CHECK(other.passed_over[0].agent_key == "prices");
    CHECK(other.passed_over[0].why == "no rule matched");
    CHECK(other.passed_over[0].steps.empty());
}

TEST_CASE("an explanation names what the agents before looked at and who was not asked") {
    const std::vector<Candidate> all = {candidate(1, "main", {.fallback = "main speaks"}, 100, true),
                                        candidate(2, "prices", {.rules = {{"price", "Ten."}}}),
                                        candidate(3, "hours", {.rules = {{"open", "Nine."}}})};
    const Asked asked = blocking(ask(all, {.text = "open?", .explain = true}));
    CHECK(asked.by->key == "hours");
    REQUIRE(asked.passed_over.size() == 1);
    REQUIRE(asked.passed_over[0].steps.size() == 1);
    CHECK(asked.passed_over[0].steps[0].result == "no match");
    CHECK(asked.not_asked == std::vector<std::string>{"main"});
}

TEST_CASE("with nobody to ask the reason says why") {
    const Asked nobody = blocking(ask({}, {.text = "hello"}));
    CHECK(nobody.by == nullptr);
    CHECK(nobody.answer.outcome == AnswerOutcome::no_reply);
    CHECK(nobody.answer.reason == "no agent");

    const Asked passed = blocking(ask({candidate(1, "bot", {.trigger_keywords = {"bot"}})}, {.text = "hello"}));
    CHECK(passed.by == nullptr);
    CHECK(passed.answer.reason == "no agent: bot needs one of its trigger words");
}
