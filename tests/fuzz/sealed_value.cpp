#include "core/base/error.hpp"
#include "core/base/hex.hpp"
#include "core/crypto/vault.hpp"
#include "tests/fuzz/targets.hpp"

namespace wabot::fuzz {

namespace {

class CountedRandom : public Random {
public:
    std::string bytes(std::size_t count) override { return std::string(count, static_cast<char>(++calls_)); }

private:
    unsigned calls_ = 0;
};

bool opens(const Vault& vault, const std::string& bytes, std::string_view place) {
    try {
        vault.open(Bytes{bytes}, place);
    } catch (const Error&) {
        return false;
    }
    return true;
}

}  // namespace

/// Bytes of a sealed value, or a key, or what is to be sealed.
void sealed_value(std::string_view input) {
    constexpr std::string_view place = "contacts.phone_number";
    CountedRandom random;
    const Vault vault(std::string(64, '5'), random);
    // Of another place than below: what is sealed there is compared, and libFuzzer learns from comparisons.
    require(!opens(vault, std::string(input), "devices.secrets"), "nobody forges a sealed value");

    const Sealed sealed = vault.seal(input, place);
    require(vault.open(sealed, place) == input && sealed.last4.size() <= 4 && sealed.hash == vault.hash(input), "a sealed value opens");
    require(!opens(vault, sealed.enc.data, "contacts.name"), "it opens nowhere else");
    std::string changed = sealed.enc.data;
    for (std::size_t i = 0; i < std::min(input.size(), changed.size()); ++i) changed[i] = static_cast<char>(changed[i] ^ input[i]);
    require(changed == sealed.enc.data || !opens(vault, changed, place), "a sealed value that was changed does not open");

    if (const auto bytes = from_hex(input)) require(to_hex(*bytes).size() == input.size(), "two digits are a byte");
    require(sha256(input).size() == 32 && from_hex(new_master_key(random))->size() == 32, "digests and keys have one size");
    const Vault other(input, random);
    require(!opens(other, sealed.enc.data, place) || from_hex(input) == from_hex(std::string(64, '5')), "a key opens its own");
}

}  // namespace wabot::fuzz
