#include "core/contacts/sealed_address.hpp"

#include "core/base/error.hpp"
#include "core/base/text.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

struct SealedAddressFixture {
    FakeRandom random;
    Vault vault{std::string(64, '5'), random};
};

}  // namespace

TEST_CASE_METHOD(SealedAddressFixture, "a person with a number and a user id is known by both") {
    const SealedAddress both = seal_person(vault, {.phone = "+15550104477", .user_id = "US.13491208655302"}, "Ana");
    REQUIRE(both.identities.size() == 2);
    CHECK(both.identities[0].kind == IdentityKind::bsuid);
    CHECK(both.identities[1].kind == IdentityKind::phone);
    CHECK(vault.open(both.contact_jid, "contacts.contact_jid") == "15550104477@s.whatsapp.net");
    CHECK(both.contact_jid.last4 == "4477");
    CHECK(vault.open(*both.phone_number, "contacts.phone_number") == "+15550104477");
    CHECK(both.name == "Ana");
}

TEST_CASE_METHOD(SealedAddressFixture, "a person may be known by user id only") {
    const SealedAddress only = seal_person(vault, {.user_id = "US.13491208655302"});
    CHECK(only.identities.size() == 1);
    CHECK_FALSE(only.phone_number);
    CHECK(vault.open(only.contact_jid, "contacts.contact_jid") == "US.13491208655302");
    CHECK_THROWS_AS(seal_person(vault, {}), Error);
}

TEST_CASE_METHOD(SealedAddressFixture, "a group is known by its id") {
    const SealedAddress group = seal_group(vault, "group-77", "The team");
    CHECK(group.is_group);
    CHECK(group.identities.front().kind == IdentityKind::chat);
    CHECK_FALSE(group.phone_number);
    CHECK_THROWS_AS(seal_group(vault, ""), Error);
}

TEST_CASE_METHOD(SealedAddressFixture, "an endless name is cut between characters") {
    std::string name;
    for (int i = 0; i < 300; ++i) name += "\u00e4";
    const std::string kept = seal_person(vault, {.phone = "+15550104477"}, name).name;
    CHECK(count_code_points(kept) == 255);
    CHECK(valid_utf8(kept));
}

TEST_CASE("addresses are read as people write them") {
    CHECK(to_address("+1 (555) 010-4477")->phone == "+15550104477");
    CHECK(to_address("15550104477@s.whatsapp.net")->phone == "+15550104477");
    CHECK(to_address("US.13491208655302")->user_id == "US.13491208655302");
    CHECK_FALSE(to_address("ana"));
    CHECK_FALSE(to_address("15550104477"));
    CHECK_FALSE(to_address("@s.whatsapp.net"));
    CHECK_FALSE(to_address(""));
}
