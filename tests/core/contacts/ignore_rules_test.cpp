#include "core/contacts/ignore_rules.hpp"

#include "core/base/error.hpp"
#include "core/contacts/contacts.hpp"
#include "core/devices/devices.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/code_of.hpp"
#include "tests/fakes/scratch_store.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

const std::string sender_number = "+15550104477";

struct IgnoreRulesFixture {
    FakeRandom random;
    Vault vault{std::string(64, '5'), random};
    ScratchStore store;
    IgnoreRuleCache books;
    DeviceId shop = device("shop");

    DeviceId device(const std::string& key) {
        return store.write([&](Transaction& tx) { return devices::create(tx, a_cause, vault, DeviceKind::sim, {.key = key}).id; });
    }
    ContactId contact(const SealedAddress& address) {
        return store.write([&](Transaction& tx) { return contacts::find_or_add(tx, a_cause, shop, address).id; });
    }
    Changed<IgnoreRule> create(IgnoreRuleType type, const std::string& value, DeviceId on = {}) {
        return store.write([&](Transaction& tx) { return ignore_rules::create(tx, a_cause, vault, on ? on : shop, type, value); });
    }
    std::shared_ptr<const CompiledIgnoreRules> book() {
        return store.read([&](Snapshot& db) { return books.of_device(db, shop); });
    }
    std::string reason(const IgnoreFacts& facts) {
        const auto ignored = book()->match(facts);
        return ignored ? ignored->reason : "none";
    }
    std::string reason(ContactId chat, ContactId author, std::optional<std::string> text = std::nullopt) {
        return reason(store.read([&](Snapshot& db) { return ignore_rules::facts_of(db, chat, author, text); }));
    }
};

}  // namespace

TEST_CASE_METHOD(IgnoreRulesFixture, "a keyword is a whole word, whatever its case") {
    CHECK(create(IgnoreRuleType::keyword, "Lottery Win").row.value == "lottery win");
    CHECK(reason({.text = "Your LOTTERY  win!"}) == "ignore rule 1, keyword \"lottery win\"");
    CHECK(reason({.text = "lottery wins"}) == "none");
    CHECK(reason({.text = std::nullopt}) == "none");
}

TEST_CASE_METHOD(IgnoreRulesFixture, "a contact is ignored by number, also before it first wrote and in groups") {
    create(IgnoreRuleType::contact, "+1 555 010 4477");
    CHECK(reason(ignore_rules::facts_of(vault, {.phone = sender_number}, "hello")) == "ignore rule 1, contact");
    const ContactId ana = contact(seal_person(vault, {.phone = sender_number}));
    const ContactId ben = contact(seal_person(vault, {.phone = "+15550104488"}));
    const ContactId team = contact(seal_group(vault, "group-77"));
    CHECK(reason(ana, ana) == "ignore rule 1, contact");
    CHECK(reason(team, ana) == "ignore rule 1, contact");
    CHECK(reason(ben, ben) == "none");
    CHECK(reason(team, ben) == "none");
}

TEST_CASE_METHOD(IgnoreRulesFixture, "a contact is ignored by its id, whatever address it writes from") {
    const std::string user_id = "US.13491208655302";
    const ContactId ana = contact(seal_person(vault, {.user_id = user_id}));
    CHECK(create(IgnoreRuleType::contact, std::to_string(ana.value)).row.contact_id == ana);
    CHECK(contact(seal_person(vault, {.phone = sender_number, .user_id = user_id})) == ana);
    CHECK(reason(ana, ana) == "ignore rule 1, contact");
    CHECK_FALSE(create(IgnoreRuleType::contact, user_id).changed);
}

TEST_CASE_METHOD(IgnoreRulesFixture, "a group is ignored by its id, its members in private are not") {
    create(IgnoreRuleType::group, "group-77");
    const ContactId ana = contact(seal_person(vault, {.phone = sender_number}));
    const ContactId team = contact(seal_group(vault, "group-77"));
    const ContactId club = contact(seal_group(vault, "group-78"));
    CHECK(reason(team, ana) == "ignore rule 1, group");
    CHECK(reason(club, ana) == "none");
    CHECK(reason(ana, ana) == "none");
    CHECK_FALSE(create(IgnoreRuleType::group, std::to_string(team.value)).changed);
}

TEST_CASE_METHOD(IgnoreRulesFixture, "a rule that means nothing is refused") {
    const ContactId ana = contact(seal_person(vault, {.phone = sender_number}));
    for (const auto& [type, value] : std::vector<std::pair<IgnoreRuleType, std::string>>{
             {IgnoreRuleType::keyword, ""},
             {IgnoreRuleType::keyword, "  "},
             {IgnoreRuleType::contact, "ana"},
             {IgnoreRuleType::contact, "999"},
             {IgnoreRuleType::group, std::to_string(ana.value)},
             {IgnoreRuleType::group, ""},
         }) {
        CAPTURE(value);
        CHECK(code_of([&] { create(type, value); }) == Errc::invalid);
    }
    CHECK(code_of([&] { create(IgnoreRuleType::contact, std::to_string(ana.value), device("branch")); }) == Errc::invalid);
}

TEST_CASE_METHOD(IgnoreRulesFixture, "a rule is made once, holds on its device and ends when it is deleted") {
    const auto spam = create(IgnoreRuleType::keyword, "spam");
    CHECK(spam.changed);
    CHECK_FALSE(create(IgnoreRuleType::keyword, "SPAM").changed);
    CHECK(create(IgnoreRuleType::keyword, "spam", device("branch")).changed);
    CHECK(store.read([&](Snapshot& db) { return ignore_rules::list(db, shop); }).size() == 1);
    CHECK(store.read([](Snapshot& db) { return ignore_rules::list(db); }).size() == 2);

    const auto before = book();
    CHECK(book() == before);
    const auto remove = [&] { store.write([&](Transaction& tx) { ignore_rules::remove(tx, a_cause, spam.row.id); }); };
    remove();
    CHECK(reason({.text = "spam"}) == "none");
    CHECK(before->match({.text = "spam"}));
    CHECK(code_of(remove) == Errc::not_found);
}
