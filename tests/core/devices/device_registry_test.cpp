#include "core/devices/device_registry.hpp"

#include "core/devices/devices.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/scratch_store.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

struct RegistryFixture {
    FakeRandom random;
    Vault vault{std::string(64, '5'), random};
    ScratchStore store;
    DeviceRegistry registry{vault, {.phone_number_id = "555", .app_secret = "env-secret", .graph_url = "http://graph.test"}};

    Device whatsapp(const std::string& key, const std::string& number_id, const devices::Assignments& secrets = {}) {
        return store.write([&](Transaction& tx) {
            return devices::create(tx, a_cause, vault, DeviceKind::whatsapp,
                                   {.key = key, .options = {{"phone_number_id", number_id}}, .secrets = secrets});
        });
    }
    void update(DeviceId id, const DeviceChange& change) {
        store.write([&](Transaction& tx) { return devices::update(tx, a_cause, vault, id, change); });
    }
    bool reload() {
        return store.read([&](Snapshot& db) { return registry.reload(db); });
    }
};

}  // namespace

TEST_CASE_METHOD(RegistryFixture, "the directory finds devices by key and by number") {
    CHECK(registry.now()->entries().empty());
    const Device shop = whatsapp("shop", "555");
    CHECK(reload());
    const auto now = registry.now();
    CHECK(now->find(shop.id)->key == "shop");
    CHECK(now->find_by_key("shop")->id == shop.id);
    CHECK(now->find_by_provider_ref(DeviceKind::whatsapp, "555")->id == shop.id);
    CHECK(now->find_by_key("shp") == nullptr);
    CHECK(now->find_by_provider_ref(DeviceKind::sim, "555") == nullptr);
    CHECK(now->find_by_provider_ref(DeviceKind::whatsapp, "") == nullptr);
    CHECK(now->find_by_key("shop")->credentials.app_secret == "env-secret");
    CHECK(now->find_by_key("shop")->options.graph_url == "http://graph.test");
}

TEST_CASE_METHOD(RegistryFixture, "the directory knows which devices are of one app") {
    const Device one = whatsapp("one", "1", {{"app_secret", "a"}});
    const Device two = whatsapp("two", "2", {{"app_secret", "a"}});
    const Device three = whatsapp("three", "3", {{"app_secret", "b"}});
    reload();
    const auto now = registry.now();
    CHECK(now->share_secret(one.id, two.id));
    CHECK_FALSE(now->share_secret(one.id, three.id));
    CHECK(share_secret(*now->find(one.id), *now->find(two.id)));
    CHECK_FALSE(share_secret(*now->find(two.id), *now->find(three.id)));

    const DeviceEntry without{.id = DeviceId{98}}, likewise{.id = DeviceId{99}};
    CHECK_FALSE(share_secret(without, likewise));
    const DeviceEntry old{.id = DeviceId{96}, .credentials = {.app_secret = "s"}};
    const DeviceEntry changed{.id = DeviceId{97}, .credentials = {.app_secret = "t", .previous_app_secret = "s"}};
    CHECK(share_secret(old, changed));
    CHECK(share_secret(changed, old));
    CHECK(share_secret(without, without));
    CHECK(now->share_secret(without.id, without.id));
    CHECK_FALSE(now->share_secret(without.id, likewise.id));
}

TEST_CASE_METHOD(RegistryFixture, "the directory changes when a device does, and keeps the entries of the others") {
    const Device one = whatsapp("one", "1");
    const Device two = whatsapp("two", "2");
    REQUIRE(reload());
    CHECK_FALSE(reload());
    const auto before = registry.now();

    SECTION("by a change of options") {
        update(one.id, {.options = {{"loop_limit", "3"}}});
        CHECK(reload());
        CHECK(registry.now()->find(one.id)->options.loop_limit == 3);
        CHECK(registry.now()->find(two.id) == before->find(two.id));
        CHECK(before->find(one.id)->options.loop_limit == 10);
    }
    SECTION("by switching one off and another one on") {
        update(one.id, {.is_active = false});
        REQUIRE(reload());
        CHECK(registry.now()->find_active(one.id) == nullptr);
        CHECK(registry.now()->find(one.id)->credentials.app_secret == before->find(one.id)->credentials.app_secret);
        store.write([&](Transaction& tx) {
            devices::update(tx, a_cause, vault, two.id, {.is_active = false});
            devices::update(tx, a_cause, vault, one.id, {.is_active = true});
        });
        CHECK(reload());
        CHECK(registry.now()->find_active(one.id) != nullptr);
        CHECK(registry.now()->find_active(two.id) == nullptr);
    }
    SECTION("by deleting one") {
        store.write([&](Transaction& tx) { return devices::remove(tx, a_cause, one.id); });
        CHECK(reload());
        CHECK(registry.now()->entries().size() == 1);
    }
    SECTION("but not with its status") {
        store.write([&](Transaction& tx) { return devices::set_status(tx, a_cause, one.id, DeviceStatus::connected); });
        CHECK_FALSE(reload());
    }
}

TEST_CASE_METHOD(RegistryFixture, "one device sealed under a lost key does not take the others down") {
    whatsapp("one", "1", {{"app_secret", "a"}});
    whatsapp("two", "555");
    const Vault other(std::string(64, '6'), random);
    DeviceRegistry elsewhere(other, {.phone_number_id = "555", .app_secret = "env-secret"});
    store.read([&](Snapshot& db) { return elsewhere.reload(db); });
    CHECK(elsewhere.now()->find_by_key("one")->credentials.app_secret.empty());
    CHECK(elsewhere.now()->find_by_key("two")->credentials.app_secret == "env-secret");
}
