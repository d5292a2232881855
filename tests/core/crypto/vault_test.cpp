#include "core/crypto/vault.hpp"
#include "core/base/hex.hpp"

#include "core/base/error.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/world.hpp"

namespace wabot {
namespace {

constexpr std::string_view master_key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr std::string_view place = "contacts.phone_number";

/// What opening throws, or nothing.
std::optional<Errc> failure(const Vault& vault, const Bytes& enc, std::string_view associated_data) {
    try {
        vault.open(enc, associated_data);
    } catch (const Error& e) {
        return e.code();
    }
    return std::nullopt;
}

}  // namespace

TEST_CASE("vault: a sealed text opens again, and two seals of it differ while their hashes agree", "[base]") {
    test::FakeRandom random;
    const Vault vault(master_key, random);
    const auto text = GENERATE(as<std::string>(), "+12025550123", "", "x", std::string(100'000, 'y'), std::string("\0\xff", 2));
    const Sealed first = vault.seal(text, place), second = vault.seal(text, place);
    CHECK(vault.open(first, place) == text);
    CHECK(vault.open(second, place) == text);
    CHECK(first.enc != second.enc);
    CHECK(first.hash == second.hash);
    CHECK(first.hash == vault.hash(text));
    CHECK(vault.hash(text) != vault.hash(text + "0"));
}

TEST_CASE("vault: what any release sealed opens in every later one", "[base]") {
    test::FakeRandom random;
    const Vault vault(master_key, random);
    // Made by another implementation of the format: Python's hmac and its cryptography package.
    const Bytes enc{*from_hex("01d83399dc000102030405060708090a0bae1cf141ed41b320811eb50a1dc9a77e97354c0be6d62d7345520864")};
    CHECK(vault.open(enc, place) == "+12025550123");
    CHECK(to_hex(vault.hash("+12025550123").data) == "28fdc5156007630ca6224a335a17151eba74999dce0641ba864c82b6c3c10907");
}

TEST_CASE("vault: the last four are letters or digits of what stands before an @", "[base]") {
    test::FakeRandom random;
    const Vault vault(master_key, random);
    CHECK(vault.seal("+12025550123", place).last4 == "0123");
    CHECK(vault.seal("12025550123@s.whatsapp.net", place).last4 == "0123");
    CHECK(vault.seal("wamid.QUJDRA==", place).last4 == "JDRA");
    CHECK(vault.seal("1", place).last4 == "1");
}

TEST_CASE("vault: a value that was changed, cut or moved to another column does not open", "[base]") {
    test::FakeRandom random;
    const Vault vault(master_key, random);
    const Bytes enc = vault.seal_bytes("+12025550123", place);
    CHECK(failure(vault, enc, place) == std::nullopt);
    CHECK(failure(vault, enc, "users.phone_number") == Errc::bug);
    for (const std::size_t at : {std::size_t{0}, std::size_t{5}, std::size_t{17}, enc.data.size() - 1}) {
        Bytes changed = enc;
        changed.data[at] = static_cast<char>(changed.data[at] ^ 1);
        INFO(at);
        CHECK(failure(vault, changed, place) == Errc::bug);
    }
    CHECK(failure(vault, Bytes{enc.data.substr(0, enc.data.size() - 1)}, place) == Errc::bug);
    CHECK(failure(vault, Bytes{enc.data.substr(0, 20)}, place) == Errc::bug);
    CHECK(failure(vault, Bytes{}, place) == Errc::bug);
}

TEST_CASE("vault: a value sealed under another master key says so", "[base]") {
    test::FakeRandom random;
    const Vault vault(master_key, random), other(new_master_key(random), random);
    const Bytes enc = vault.seal_bytes("+12025550123", place);
    CHECK(failure(other, enc, place) == Errc::unavailable);
    CHECK(other.hash("+12025550123") != vault.hash("+12025550123"));
}

TEST_CASE("vault: a master key of another form is refused without being shown", "[base]") {
    test::FakeRandom random;
    const auto key = GENERATE(as<std::string>(), "", "short", std::string(64, 'g'), std::string(63, 'a'), std::string(66, 'a'));
    try {
        const Vault vault(key, random);
        FAIL("taken");
    } catch (const Error& e) {
        CHECK(e.code() == Errc::invalid);
        CHECK(std::string(e.what()) == "the master key must be 64 hexadecimal digits");
    }
}

TEST_CASE("vault: digests are those of the standards", "[base]") {
    CHECK(to_hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-4
    CHECK(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");  // RFC 4231, case 2
    CHECK(hmac_sha256("", "").size() == 32);
}

TEST_CASE("vault: hexadecimal digits go both ways", "[base]") {
    CHECK(to_hex(std::string("\x00\x7f\xff", 3)) == "007fff");
    CHECK(from_hex("007FfF") == std::string("\x00\x7f\xff", 3));
    CHECK(from_hex("") == "");
    CHECK_FALSE(from_hex("0"));
    CHECK_FALSE(from_hex("0g"));
}

TEST_CASE("vault: comparing in constant time is still comparing", "[base]") {
    CHECK(equal_in_constant_time("abc", "abc"));
    CHECK_FALSE(equal_in_constant_time("abc", "abd"));
    CHECK_FALSE(equal_in_constant_time("abc", "ab"));
    CHECK(equal_in_constant_time("", ""));
}

}  // namespace wabot
