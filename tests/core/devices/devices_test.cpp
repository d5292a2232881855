#include "core/devices/devices.hpp"

#include "core/agents/agents.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/scratch_store.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

struct DevicesFixture {
    FakeRandom random;
    Vault vault{std::string(64, '5'), random};
    ScratchStore store;

    Device create(DeviceKind kind, const DeviceChange& change) {
        return store.write([&](Transaction& tx) { return devices::create(tx, a_cause, vault, kind, change); });
    }
    Device whatsapp(const std::string& key, const std::string& number_id) {
        return create(DeviceKind::whatsapp, {.key = key, .options = {{"phone_number_id", number_id}}});
    }
    Changed<Device> update(DeviceId id, const DeviceChange& change) {
        return store.write([&](Transaction& tx) { return devices::update(tx, a_cause, vault, id, change); });
    }
    Device get(const std::string& who) {
        return store.read([&](Snapshot& db) { return devices::get(db, who); });
    }
    bool set_status(DeviceId id, DeviceStatus status, std::string_view reason = {}) {
        return store.write([&](Transaction& tx) { return devices::set_status(tx, a_cause, id, status, reason); });
    }
    std::optional<Device> ensure(const EnvironmentCredentials& environment) {
        return store.write([&](Transaction& tx) { return devices::ensure_environment_device(tx, a_cause, vault, environment); });
    }
    std::vector<std::string> changes() {
        return store.read([](Snapshot& db) { return db.query("SELECT kind FROM changes ORDER BY id").all<std::string>(); });
    }
};

template <class Work>
std::string failure_of(Work work) {
    try {
        work();
    } catch (const Error& failure) {
        return std::string(to_word(failure.code())) + ": " + failure.what();
    }
    return "nothing failed";
}

}  // namespace

TEST_CASE_METHOD(DevicesFixture, "a device is found by id and by key") {
    const Device shop = create(DeviceKind::whatsapp, {.name = "My Shop",
                                                      .description = "the one in town",
                                                      .phone_number = "+1 555 010 4477",
                                                      .options = {{"phone_number_id", "555"}},
                                                      .secrets = {{"access_token", "token"}}});
    CHECK(shop.key == "my-shop");
    CHECK(shop.provider_ref == "555");
    CHECK(shop.status == DeviceStatus::disconnected);
    CHECK(shop.phone_number->last4 == "4477");
    CHECK(vault.open(*shop.phone_number, "devices.phone_number") == "+15550104477");
    CHECK(get("my-shop").id == shop.id);
    CHECK(get(std::to_string(shop.id.value)).key == "my-shop");
    CHECK(failure_of([&] { get("my-shp"); }) == "not_found: no device my-shp; did you mean \"my-shop\"?");
    CHECK(failure_of([&] { get("99"); }) == "not_found: no device 99");
    CHECK(create(DeviceKind::sim, {.key = "sim"}).status == DeviceStatus::connected);
    CHECK(changes() == std::vector<std::string>{"device.created", "device.created"});
}

TEST_CASE_METHOD(DevicesFixture, "a device that cannot be is refused with every fault") {
    const std::string message = failure_of([&] {
        create(DeviceKind::whatsapp, {.key = "12", .phone_number = "0555 010", .options = {{"rate_per_s", "x"}}, .secrets = {{"token", "x"}}});
    });
    CHECK_THAT(message, Catch::StartsWith("invalid: device refused: phone_number must be"));
    for (const char* place :
         {"key is all digits", "options.rate_per_s must be", "options.phone_number_id is required", "secrets.token is not a secret"})
        CHECK_THAT(message, Catch::Contains(place));
    CHECK_THAT(failure_of([&] { create(DeviceKind::sim, {}); }), Catch::Contains("key is needed"));
    CHECK_THAT(failure_of([&] { create(DeviceKind::sim, {.key = "A B"}); }), Catch::Contains("such as a-b"));
    for (const std::string_view kind : words_of<DeviceKind>) {
        const bool is_offered = std::ranges::find(served_words<DeviceKind>, kind) != served_words<DeviceKind>.end();
        CHECK(devices::is_supported(*from_word<DeviceKind>(kind)) == is_offered);
    }
    CHECK_THAT(failure_of([&] { create(DeviceKind::twilio, {.key = "sms"}); }), Catch::StartsWith("invalid: there is no channel for twilio"));
    CHECK(changes().empty());
}

TEST_CASE_METHOD(DevicesFixture, "key and number belong to one device at a time") {
    const Device shop = whatsapp("shop", "555");
    CHECK(failure_of([&] { whatsapp("shop", "556"); }) == "conflict: device shop already exists");
    CHECK(failure_of([&] { whatsapp("other", "555"); }) == "conflict: device shop already has phone_number_id 555");
    const Device other = whatsapp("other", "556");
    CHECK_THAT(failure_of([&] { update(other.id, {.key = "shop"}); }), Catch::StartsWith("conflict"));
    CHECK_THAT(failure_of([&] { update(other.id, {.options = {{"phone_number_id", "555"}}}); }), Catch::StartsWith("conflict"));
    CHECK_FALSE(update(other.id, {.key = "other"}).changed);

    SECTION("until it is deleted") {
        store.write([&](Transaction& tx) { return devices::remove(tx, a_cause, shop.id); });
        CHECK(whatsapp("shop", "555").id != shop.id);
        CHECK_THAT(failure_of([&] { get(std::to_string(shop.id.value)); }), Catch::StartsWith("not_found"));
        CHECK_THAT(failure_of([&] { store.write([&](Transaction& tx) { return devices::remove(tx, a_cause, shop.id); }); }),
                   Catch::StartsWith("not_found"));
    }
}

TEST_CASE_METHOD(DevicesFixture, "every change of configuration raises the revision, the same again does not") {
    const Device shop = whatsapp("shop", "555");
    const DeviceChange change{.name = "Shop", .phone_number = "+15550104477", .options = {{"loop_limit", "3"}}, .secrets = {{"app_secret", "s"}}};
    const auto first = update(shop.id, change);
    CHECK(first.changed);
    CHECK(first.row.revision == 2);
    CHECK(devices::options_of(first.row).loop_limit == 3);
    CHECK_FALSE(update(shop.id, change).changed);
    const auto second = update(shop.id, {.phone_number = "", .options = {{"phone_number_id", "777"}, {"loop_limit", ""}}, .is_active = false});
    CHECK(second.row.revision == 3);
    CHECK(second.row.provider_ref == "777");
    CHECK_FALSE(second.row.phone_number);
    CHECK_FALSE(second.row.is_active);
    CHECK(devices::options_of(second.row).loop_limit == 10);
}

TEST_CASE_METHOD(DevicesFixture, "status keeps when it changed, and says only news") {
    const Device shop = whatsapp("shop", "555");
    CHECK(set_status(shop.id, DeviceStatus::connected));
    CHECK_FALSE(set_status(shop.id, DeviceStatus::connected));
    const Device connected = get("shop");
    CHECK(connected.connected_at);
    CHECK_FALSE(connected.disconnected_at);
    CHECK(set_status(shop.id, DeviceStatus::error, "the provider refused the token"));
    const Device broken = get("shop");
    CHECK(broken.last_error == "the provider refused the token");
    CHECK(broken.disconnected_at);
    CHECK(broken.revision == 1);
    CHECK(changes() == std::vector<std::string>{"device.created", "device.connected", "device.error"});

    SECTION("a new token gives it another try") {
        const Device again = update(shop.id, {.secrets = {{"access_token", "new"}}}).row;
        CHECK(again.status == DeviceStatus::disconnected);
        CHECK_FALSE(again.last_error);
    }
    SECTION("a new name does not") {
        CHECK(update(shop.id, {.name = "Shop"}).row.status == DeviceStatus::error);
    }
}

TEST_CASE_METHOD(DevicesFixture, "deleting a device says what stops with it and drops its secrets") {
    const Device shop = create(DeviceKind::whatsapp, {.key = "shop", .options = {{"phone_number_id", "555"}}, .secrets = {{"app_secret", "s"}}});
    store.write([&](Transaction& tx) {
        const Agent faq = agents::create(tx, a_cause, AgentType::rule_based, {.name = "faq"});
        agents::attach(tx, a_cause, faq.id, shop.id);
    });
    const DeviceUse use = store.write([&](Transaction& tx) { return devices::remove(tx, a_cause, shop.id); });
    CHECK(use.agents == 1);
    CHECK(use.contacts == 0);
    CHECK(use.conversations == 0);
    CHECK(use.unfinished_sends == 0);
    CHECK(store.read([&](Snapshot& db) { return db.query("SELECT secrets FROM devices").one<std::optional<Bytes>>(); }) == std::nullopt);
    CHECK(changes().back() == "device.deleted");
}

TEST_CASE_METHOD(DevicesFixture, "the list of devices comes in pages and can be narrowed") {
    whatsapp("one", "1");
    const Device two = create(DeviceKind::sim, {.key = "two"});
    whatsapp("three", "3");
    const auto keys = [&](const DeviceFilter& filter, const Page& page = {}) {
        std::string out;
        for (const Device& device : store.read([&](Snapshot& db) { return devices::list(db, filter, page); })) out += device.key + " ";
        return out;
    };
    CHECK(keys({}) == "one two three ");
    CHECK(keys({}, {.limit = 2}) == "one two ");
    CHECK(keys({}, {.after = two.id.value}) == "three ");
    CHECK(keys({.kind = DeviceKind::whatsapp}) == "one three ");
    CHECK(keys({.status = DeviceStatus::connected}) == "two ");
}

TEST_CASE_METHOD(DevicesFixture, "the account of the environment gets a device once") {
    const EnvironmentCredentials environment{.phone_number_id = "555", .access_token = "live"};
    CHECK_FALSE(ensure({}));
    SECTION("by the name of whatsapp") {
        const auto made = ensure(environment);
        REQUIRE(made);
        CHECK(made->key == "whatsapp");
        CHECK(made->provider_ref == "555");
        CHECK_FALSE(made->secrets);
        CHECK_FALSE(ensure(environment));
    }
    SECTION("by another when that is taken") {
        whatsapp("whatsapp", "1");
        whatsapp("whatsapp-2", "2");
        CHECK(ensure(environment)->key == "whatsapp-3");
    }
    SECTION("and none when a device has the number") {
        whatsapp("shop", "555");
        CHECK_FALSE(ensure(environment));
    }
}

TEST_CASE_METHOD(DevicesFixture, "a device in error with the environment's token is tried again at the next start") {
    const EnvironmentCredentials environment{.phone_number_id = "555", .access_token = "live"};
    const Device device = *ensure(environment);
    set_status(device.id, DeviceStatus::error, "refused");
    ensure(environment);
    CHECK(get("whatsapp").status == DeviceStatus::disconnected);
    update(device.id, {.secrets = {{"access_token", "own"}}});
    set_status(device.id, DeviceStatus::error, "refused");
    ensure(environment);
    CHECK(get("whatsapp").status == DeviceStatus::error);
}
