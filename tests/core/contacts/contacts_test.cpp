#include "core/contacts/contacts.hpp"
#include "core/base/hex.hpp"

#include "core/base/error.hpp"
#include "core/devices/devices.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/code_of.hpp"
#include "tests/fakes/scratch_store.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

const std::string number = "+15550104477";
const std::string other_number = "+15550104488";
const std::string user_id = "US.13491208655302";

struct ContactsFixture {
    FakeRandom random;
    Vault vault{std::string(64, '5'), random};
    ScratchStore store;
    DeviceId shop = device("shop");

    DeviceId device(const std::string& key) {
        return store.write([&](Transaction& tx) { return devices::create(tx, a_cause, vault, DeviceKind::sim, {.key = key}).id; });
    }
    FoundContact find_or_add(const SealedAddress& address, std::optional<Time> incoming_at = std::nullopt, DeviceId on = {}) {
        return store.write([&](Transaction& tx) { return contacts::find_or_add(tx, a_cause, on ? on : shop, address, incoming_at); });
    }
    FoundContact person(const std::string& phone, const std::string& user = "", const std::string& name = "") {
        return find_or_add(seal_person(vault, {.phone = phone, .user_id = user}, name));
    }
    Contact get(const std::string& who, DeviceId on = {}) {
        return store.read([&](Snapshot& db) { return contacts::get(db, vault, who, on); });
    }
    Contact get(ContactId id) { return get(std::to_string(id.value)); }
    Target target(ContactId id) {
        return open_target(vault, store.read([&](Snapshot& db) { return contacts::target_of(db, id, contacts::find(db, id)->phone_number); }));
    }
    std::int64_t count() {
        return store.read([](Snapshot& db) { return db.query("SELECT COUNT(*) FROM contacts").one<std::int64_t>(); });
    }
};

}  // namespace

TEST_CASE_METHOD(ContactsFixture, "the first message of an address makes a contact, the next ones find it") {
    const FoundContact first = person(number, "", "Ana");
    CHECK(first.added);
    const FoundContact second = person(number);
    CHECK_FALSE(second.added);
    CHECK(second.id == first.id);
    CHECK(get(first.id).name == "Ana");
    CHECK(person(other_number).id != first.id);
    CHECK(find_or_add(seal_person(vault, {.phone = number}), std::nullopt, device("branch")).id != first.id);
    CHECK(target(first.id).to.phone == number);
}

TEST_CASE_METHOD(ContactsFixture, "addresses that come together are linked") {
    const FoundContact by_number = person(number);
    CHECK(person(number, user_id).id == by_number.id);
    CHECK(person("", user_id).id == by_number.id);
    CHECK(get(user_id).id == by_number.id);
    CHECK(target(by_number.id).to.phone == number);
    CHECK(count() == 1);
}

TEST_CASE_METHOD(ContactsFixture, "a contact known by user id only is written to at its number once that is known") {
    const FoundContact ana = person("", user_id);
    CHECK(target(ana.id).to.phone.empty());
    CHECK(person(number, user_id).id == ana.id);
    CHECK(target(ana.id).to.phone == number);
    CHECK(vault.open(get(ana.id).contact_jid, "contacts.contact_jid") == "15550104477@s.whatsapp.net");
    CHECK(person(number).id == ana.id);
}

TEST_CASE_METHOD(ContactsFixture, "two contacts whose addresses come together are not merged, and the user id decides") {
    const FoundContact by_number = person(number);
    const FoundContact by_user = person("", user_id);
    CHECK(by_number.id != by_user.id);
    CHECK(person(number, user_id).id == by_user.id);
    CHECK(person(number).id == by_number.id);
    CHECK(count() == 2);
}

TEST_CASE_METHOD(ContactsFixture, "a contact that writes from another number is answered there") {
    const FoundContact ana = person(number, user_id);
    CHECK(person(other_number, user_id).id == ana.id);
    CHECK(target(ana.id).to.phone == other_number);
    CHECK(get(ana.id).phone_number->last4 == "4488");
    CHECK(get(number).id == ana.id);
}

TEST_CASE_METHOD(ContactsFixture, "a group is a contact too") {
    const FoundContact group = find_or_add(seal_group(vault, "group-77", "The team"));
    CHECK(find_or_add(seal_group(vault, "group-77")).id == group.id);
    CHECK(get(group.id).is_group);
    CHECK(target(group.id).group_id == "group-77");
    CHECK(target(group.id).to.empty());
}

TEST_CASE_METHOD(ContactsFixture, "name and times follow what comes in") {
    const Time noon = at("2026-01-05T12:00:00Z");
    const SealedAddress ana = seal_person(vault, {.phone = number}, "Ana");
    const ContactId id = find_or_add(ana).id;
    CHECK_FALSE(get(id).last_incoming_at);
    find_or_add(ana, noon);
    CHECK(get(id).last_incoming_at == noon);
    find_or_add(ana, noon - std::chrono::hours(1));
    CHECK(get(id).last_incoming_at == noon);
    find_or_add(seal_person(vault, {.phone = number}), noon + std::chrono::hours(1));
    CHECK(get(id).last_incoming_at == noon + std::chrono::hours(1));
    CHECK(get(id).name == "Ana");
    find_or_add(seal_person(vault, {.phone = number}, "Ana B."));
    CHECK(get(id).name == "Ana B.");
}

TEST_CASE_METHOD(ContactsFixture, "a contact is found by id, number, JID and user id") {
    const ContactId id = person(number, user_id).id;
    CHECK(get("+1 555 010 4477").id == id);
    CHECK(get("15550104477@s.whatsapp.net").id == id);
    CHECK(get(user_id).id == id);
    CHECK(code_of([&] { get(other_number); }) == Errc::not_found);
    CHECK(code_of([&] { get("ana"); }) == Errc::not_found);
    CHECK(code_of([&] { get("4711"); }) == Errc::not_found);
    CHECK_THROWS_WITH(get(other_number), !Catch::Contains("4488") || Catch::Contains("\u20224488"));
    CHECK_THROWS_WITH(get(other_number), !Catch::Contains("5550104488"));
}

TEST_CASE_METHOD(ContactsFixture, "a number known on two devices needs the device named") {
    const DeviceId branch = device("branch");
    const ContactId here = person(number).id;
    const ContactId there = find_or_add(seal_person(vault, {.phone = number}), std::nullopt, branch).id;
    CHECK(code_of([&] { get(number); }) == Errc::conflict);
    CHECK(get(number, shop).id == here);
    CHECK(get(number, branch).id == there);
}

TEST_CASE_METHOD(ContactsFixture, "a contact can be blocked, and stays so when it writes") {
    const ContactId id = person(number).id;
    const auto block = [&](bool blocked) { return store.write([&](Transaction& tx) { return contacts::set_blocked(tx, a_cause, id, blocked); }); };
    CHECK_FALSE(get(id).is_blocked);
    CHECK(block(true));
    CHECK_FALSE(block(true));
    CHECK(get(person(number).id).is_blocked);
    CHECK(block(false));
    CHECK_FALSE(get(id).is_blocked);
}

TEST_CASE_METHOD(ContactsFixture, "contacts are listed newest first, in pages") {
    const ContactId first = person(number).id;
    const ContactId second = person(other_number).id;
    const ContactId group = find_or_add(seal_group(vault, "group-77")).id;
    const auto ids = [&](const ContactFilter& filter, const Page& page = {}) {
        std::vector<ContactId> out;
        for (const Contact& one : store.read([&](Snapshot& db) { return contacts::list(db, filter, page); })) out.push_back(one.id);
        return out;
    };
    CHECK(ids({}) == std::vector{group, second, first});
    CHECK(ids({}, {.limit = 1}) == std::vector{group});
    CHECK(ids({}, {.after = group.value}) == std::vector{second, first});
    CHECK(ids({.is_group = false}) == std::vector{second, first});
    CHECK(ids({.device_id = device("branch")}).empty());
}

TEST_CASE_METHOD(ContactsFixture, "no number stands in clear in the store") {
    person(number, user_id);
    const auto bytes = store.read([](Snapshot& db) {
        static constexpr std::string_view sql =
            "SELECT {hex(contact_jid_enc)|encode(contact_jid_enc, 'hex')} || {hex(phone_number_enc)|encode(phone_number_enc, 'hex')} FROM contacts";
        return db.query(sql).one<std::string>();
    });
    CHECK_FALSE(bytes.empty());
    CHECK(bytes.find(to_hex("5550104477")) == std::string::npos);
    CHECK(bytes.find("35353530313034343737") == std::string::npos);
}
