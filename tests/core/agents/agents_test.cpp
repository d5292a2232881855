#include "core/agents/agents.hpp"
#include "core/base/blocking.hpp"

#include "core/agents/agent_cache.hpp"
#include "core/devices/devices.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/code_of.hpp"
#include "tests/fakes/scratch_store.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

struct Fixture {
    FakeRandom random;
    Vault vault{std::string(64, '5'), random};
    ScratchStore store;

    DeviceId device(const std::string& key) {
        return store.write([&](Transaction& tx) { return devices::create(tx, a_cause, vault, DeviceKind::sim, {.key = key}).id; });
    }
    Agent agent(const AgentChange& change) {
        return store.write([&](Transaction& tx) { return agents::create(tx, a_cause, AgentType::rule_based, change); });
    }
    Agent agent(const std::string& name) {
        AgentChange change;
        change.name = name;
        change.fallback = name + " speaks";
        return agent(change);
    }
    Changed<Agent> update(AgentId id, const AgentChange& change) {
        return store.write([&](Transaction& tx) { return agents::update(tx, a_cause, id, change); });
    }
    Changed<AgentBinding> attach(AgentId agent, DeviceId device, const Attachment& how = {}) {
        return store.write([&](Transaction& tx) { return agents::attach(tx, a_cause, agent, device, how); });
    }
    std::vector<AgentBinding> bindings(DeviceId device) {
        return store.read([&](Snapshot& db) { return agents::bindings(db, device, {}); });
    }
    std::vector<Candidate> candidates(AgentCache& ready, DeviceId device) {
        return store.read([&](Snapshot& db) { return ready.of_device(db, device); });
    }
    std::vector<std::string> changes() {
        return store.read([](Snapshot& db) { return db.query("SELECT kind FROM changes ORDER BY id").all<std::string>(); });
    }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "an agent is found by id and by key") {
    AgentChange change;
    change.name = "Opening Hours";
    change.rules = std::vector<AnswerRule>{{"open", "From nine to five."}};
    change.quote = true;
    const Agent made = agent(change);
    CHECK(made.key == "opening-hours");
    CHECK(made.revision == 1);
    CHECK(agents::read_config(made.config).rules.size() == 1);
    CHECK(store.read([&](Snapshot& db) { return agents::get(db, "opening-hours").id; }) == made.id);
    CHECK(store.read([&](Snapshot& db) { return agents::get(db, std::to_string(made.id.value)).key; }) == "opening-hours");
    CHECK_THROWS_WITH(store.read([&](Snapshot& db) { return agents::get(db, "opening-hour"); }),
                      "no agent opening-hour; did you mean \"opening-hours\"?");
    CHECK(code_of([&] { agent("Opening hours"); }) == Errc::conflict);
}

TEST_CASE_METHOD(Fixture, "an agent that cannot be is refused whole") {
    AgentChange change;
    change.key = "123";
    change.rules = std::vector<AnswerRule>{{"(", "x"}};
    change.allowed_contacts = std::vector{ContactId{77}};
    try {
        agent(change);
        FAIL("was made");
    } catch (const Error& failure) {
        std::string places;
        for (const Fault& fault : failure.faults()) places += fault.where + " ";
        CHECK(places == "key rules[0].pattern allowed_contacts[0] ");
    }
    CHECK(code_of([&] { store.write([](Transaction& tx) { return agents::create(tx, a_cause, AgentType::langgraph, {.name = "x"}); }); }) ==
          Errc::invalid);
    CHECK(changes().empty());
}

TEST_CASE_METHOD(Fixture, "a change raises the revision, the same again does not") {
    const Agent made = agent("faq");
    AgentChange change;
    change.rules = std::vector<AnswerRule>{{"hi", "Hello!"}};
    const auto first = update(made.id, change);
    CHECK(first.changed);
    CHECK(first.row.revision == 2);
    CHECK(agents::read_config(first.row.config).fallback == "faq speaks");
    const auto second = update(made.id, change);
    CHECK_FALSE(second.changed);
    CHECK(second.row.revision == 2);
    CHECK(update(made.id, {.is_active = false}).row.revision == 3);
    CHECK(update(made.id, {.fallback = ""}).row.config.text.find("speaks") == std::string::npos);
    CHECK(changes() == std::vector<std::string>{"agent.created", "agent.updated", "agent.updated", "agent.updated"});
}

TEST_CASE_METHOD(Fixture, "the first agent of a device becomes its primary one") {
    const DeviceId shop = device("shop");
    const Agent one = agent("one");
    const Agent two = agent("two");
    CHECK(attach(one.id, shop).row.is_primary);
    CHECK_FALSE(attach(two.id, shop, {.priority = 5}).row.is_primary);
    CHECK_FALSE(attach(two.id, shop).changed);

    SECTION("until another one takes its place") {
        CHECK(attach(two.id, shop, {.make_primary = true}).row.is_primary);
        const auto all = bindings(shop);
        REQUIRE(all.size() == 2);
        CHECK_FALSE(all[0].is_primary);
        CHECK(all[1].is_primary);
        CHECK(all[1].priority == 5);
    }
    SECTION("until it is detached") {
        CHECK(store.write([&](Transaction& tx) { return agents::detach(tx, a_cause, one.id, shop); }));
        CHECK_FALSE(store.write([&](Transaction& tx) { return agents::detach(tx, a_cause, one.id, shop); }));
        CHECK(bindings(shop).size() == 1);
    }
    SECTION("until it is deleted, which frees its key") {
        CHECK(store.write([&](Transaction& tx) { return agents::remove(tx, a_cause, one.id); }) == std::vector<std::string>{"shop"});
        CHECK(bindings(shop).size() == 1);
        CHECK(agent("one").id != one.id);
        CHECK(code_of([&] { store.write([&](Transaction& tx) { return agents::remove(tx, a_cause, one.id); }); }) == Errc::not_found);
    }
}

TEST_CASE_METHOD(Fixture, "the list of agents comes in pages and can be narrowed") {
    const DeviceId shop = device("shop");
    const Agent one = agent("one");
    const Agent two = agent("two");
    attach(two.id, shop);
    update(one.id, {.is_active = false});
    const auto keys = [&](const AgentFilter& filter, const Page& page = {}) {
        std::string out;
        for (const Agent& row : store.read([&](Snapshot& db) { return agents::list(db, filter, page); })) out += row.key + " ";
        return out;
    };
    CHECK(keys({}) == "one two ");
    CHECK(keys({}, {.limit = 1}) == "one ");
    CHECK(keys({}, {.after = one.id.value}) == "two ");
    CHECK(keys({.is_active = false}) == "one ");
    CHECK(keys({.device_id = shop}) == "two ");
}

TEST_CASE_METHOD(Fixture, "ready agents follow every change of an agent") {
    const DeviceId shop = device("shop");
    const Agent faq = agent("faq");
    attach(faq.id, shop);
    AgentCache ready(2);
    const auto before = candidates(ready, shop);
    REQUIRE(before.size() == 1);
    CHECK(candidates(ready, shop)[0].ready == before[0].ready);
    CHECK(blocking(ask(before, {.text = "x"})).answer.texts == std::vector<std::string>{"faq speaks"});

    update(faq.id, {.fallback = "anew"});
    const auto after = candidates(ready, shop);
    CHECK(after[0].ready->revision == 2);
    CHECK(blocking(ask(after, {.text = "x"})).answer.texts == std::vector<std::string>{"anew"});

    update(faq.id, {.is_active = false});
    CHECK(blocking(ask(candidates(ready, shop), {.text = "x"})).answer.reason == "no agent: faq is switched off");

    SECTION("and forget the one that was not used for longest") {
        attach(agent("two").id, shop);
        attach(agent("three").id, shop);
        CHECK(candidates(ready, shop).size() == 3);
        CHECK(candidates(ready, shop).size() == 3);
    }
}
