#include "core/devices/credentials.hpp"

#include "tests/catch.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

struct CredentialsFixture {
    FakeRandom random;
    Vault vault{std::string(64, '5'), random};
    std::vector<Fault> faults;

    std::optional<Bytes> assign(const devices::Assignments& assignments, const std::optional<Bytes>& before = std::nullopt) {
        return devices::assign_secrets(DeviceKind::whatsapp, before, assignments, vault, faults);
    }
    std::string places() const {
        std::string out;
        for (const Fault& fault : faults) out += fault.where + " " + fault.message + "; ";
        return out;
    }
};

Device device_of(const std::optional<Bytes>& secrets, const std::string& number_id) {
    Device out;
    out.secrets = secrets;
    out.provider_ref = number_id;
    return out;
}

const EnvironmentCredentials environment{"555", "env-token", "env-secret", "env-verify"};

}  // namespace

TEST_CASE_METHOD(CredentialsFixture, "secrets are sealed together, one by one replaced and taken away") {
    const auto first = assign({{"access_token", "token-1\n"}, {"app_secret", "secret-1"}});
    REQUIRE(first);
    CHECK(first->data.find("token-1") == std::string::npos);
    CHECK(devices::stored_secrets(device_of(first, "1"), vault) == std::vector<std::string>{"access_token", "app_secret"});
    const auto changed = assign({{"app_secret", "secret-2"}, {"previous_app_secret", "secret-1"}}, first);
    CHECK(devices::credentials_of(device_of(changed, "1"), vault, {}).previous_app_secret == "secret-1");
    const auto second = assign({{"access_token", "token-2"}, {"app_secret", ""}}, first);
    const Credentials credentials = devices::credentials_of(device_of(second, "1"), vault, {});
    CHECK(credentials.access_token == "token-2");
    CHECK(credentials.app_secret.empty());
    CHECK_FALSE(assign({{"access_token", ""}}, second));
    CHECK(faults.empty());
}

TEST_CASE_METHOD(CredentialsFixture, "the same secrets again stay the same bytes") {
    const auto first = assign({{"access_token", "token-1"}});
    CHECK(assign({{"access_token", "token-1\r\n"}}, first) == first);
    CHECK(assign({}, first) == first);
}

TEST_CASE_METHOD(CredentialsFixture, "secrets that cannot be are refused without being shown") {
    assign({{"acces_token", "hunter2"}, {"app_secret", "hunter2 x"}, {"verify_token", std::string(5000, 'h')}});
    CHECK_THAT(places(), Catch::Contains("secrets.acces_token is not a secret of whatsapp devices; did you mean \"access_token\"?"));
    CHECK_THAT(places(), Catch::Contains("secrets.app_secret holds white space"));
    CHECK_THAT(places(), Catch::Contains("secrets.verify_token is longer"));
    CHECK_THAT(places(), !Catch::Contains("hunter2"));
    faults.clear();
    devices::assign_secrets(DeviceKind::sim, std::nullopt, {{"access_token", "x"}}, vault, faults);
    CHECK_THAT(places(), Catch::Contains("sim devices have none"));
}

TEST_CASE_METHOD(CredentialsFixture, "the environment fills in for the number it names, and for no other") {
    const auto own = assign({{"access_token", "own-token"}});
    const Credentials same = devices::credentials_of(device_of(own, "555"), vault, environment);
    CHECK(same.access_token == "own-token");
    CHECK(same.app_secret == "env-secret");
    CHECK(same.verify_token == "env-verify");
    const Credentials other = devices::credentials_of(device_of(own, "556"), vault, environment);
    CHECK(other.access_token == "own-token");
    CHECK(other.app_secret.empty());
}

TEST_CASE_METHOD(CredentialsFixture, "secrets sealed under another key are not opened") {
    const auto sealed = assign({{"access_token", "x"}});
    const Vault other(std::string(64, '6'), random);
    CHECK_THROWS_AS(devices::credentials_of(device_of(sealed, "1"), other, {}), Error);
}
