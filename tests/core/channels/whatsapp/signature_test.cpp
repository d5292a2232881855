#include "core/base/error.hpp"
#include "core/base/hex.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"
#include "core/crypto/vault.hpp"
#include "tests/catch.hpp"

using namespace wabot;

namespace {

const std::string secret = "0123456789abcdef0123456789abcdef";
// As Meta sends it: non-ASCII text and slashes escaped. Another writing of the same JSON has another signature.
const std::string body = R"({"text":"caf\u00e9 \/ bar"})";

std::string header(const std::string& text = body, const std::string& key = secret) {
    return "sha256=" + to_hex(hmac_sha256(key, text));
}

using Query = std::vector<std::pair<std::string, std::string>>;
const Query good = {{"hub.mode", "subscribe"}, {"hub.challenge", "1158201444"}, {"hub.verify_token", "tok-en"}};
const std::vector<std::string> tokens = {"", "other", "tok-en"};

Query with(const std::string& name, const std::string& value) {
    Query query = good;
    for (auto& [key, held] : query)
        if (key == name) held = value;
    return query;
}

}  // namespace

TEST_CASE("whatsapp signature: the bytes as they came are what is signed") {
    CHECK(header("what do ya want for nothing?", "Jefe") ==
          "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");  // RFC 4231, 4.3
    CHECK(whatsapp_signature_matches(header(), body, secret));
    CHECK_FALSE(whatsapp_signature_matches(header(), R"({"text":"café / bar"})", secret));
    CHECK_FALSE(whatsapp_signature_matches(header(), body + "\n", secret));
    CHECK_FALSE(whatsapp_signature_matches(header(), "", secret));
    CHECK_FALSE(whatsapp_signature_matches(header(), body, "another secret"));
}

TEST_CASE("whatsapp signature: hexadecimal digits of either case are accepted") {
    std::string upper = header();
    for (std::size_t i = 7; i < upper.size(); ++i) upper[i] = static_cast<char>(std::toupper(static_cast<unsigned char>(upper[i])));
    CHECK(upper != header());
    CHECK(whatsapp_signature_matches(upper, body, secret));
}

TEST_CASE("whatsapp signature: anything but sha256= and 64 digits is refused") {
    const std::string digits = header().substr(7);
    const std::string value = GENERATE_COPY(as<std::string>{}, "", "sha256=", digits, "sha1=" + digits.substr(0, 40),
                                            "sha256=" + digits.substr(0, 40), "sha256=" + digits + "0", "sha256=" + digits.substr(1),
                                            "SHA256=" + digits, " sha256=" + digits, "sha256=" + digits + ", sha256=" + digits,
                                            "sha256=" + digits.substr(0, 63) + "g", "sha256=" + digits.substr(0, 63) + std::string(1, '\0'));
    CHECK_FALSE(whatsapp_signature_matches(value, body, secret));
}

TEST_CASE("whatsapp signature: without an app secret nothing matches") {
    CHECK_FALSE(whatsapp_signature_matches(header(body, ""), body, ""));
}

TEST_CASE("whatsapp challenge: a known token gets the challenge back as it came") {
    CHECK(whatsapp_challenge(good, tokens) == "1158201444");
    CHECK(whatsapp_challenge({good[2], {"extra", "x"}, good[1], good[0]}, tokens) == "1158201444");
    CHECK(whatsapp_challenge(with("hub.challenge", "<b>\r\n\"'"), tokens) == "<b>\r\n\"'");
    CHECK(whatsapp_challenge(with("hub.challenge", std::string(256, 'c')), tokens) == std::string(256, 'c'));
}

TEST_CASE("whatsapp challenge: everything else is refused") {
    for (const char* name : {"hub.mode", "hub.challenge", "hub.verify_token"}) {
        INFO(name);
        CHECK_FALSE(whatsapp_challenge(with(name, ""), tokens));
        Query missing, repeated = good;
        for (const auto& parameter : good) {
            if (parameter.first != name)
                missing.push_back(parameter);
            else
                repeated.push_back(parameter);
        }
        CHECK_FALSE(whatsapp_challenge(missing, tokens));
        CHECK_FALSE(whatsapp_challenge(repeated, tokens));
    }
    CHECK_FALSE(whatsapp_challenge(with("hub.mode", "unsubscribe"), tokens));
    CHECK_FALSE(whatsapp_challenge(with("hub.verify_token", "tok-eN"), tokens));
    CHECK_THROWS_AS(whatsapp_challenge(with("hub.challenge", std::string(257, 'c')), tokens), Error);
    Query doubtful = with("hub.challenge", std::string(257, 'c'));
    doubtful[2].second = "another";
    CHECK_FALSE(whatsapp_challenge(doubtful, tokens));
    CHECK_FALSE(whatsapp_challenge(good, {}));
}
