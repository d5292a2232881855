#include "core/crypto/vault.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/hex.hpp"
#include "core/base/random.hpp"

namespace wabot {

namespace {

constexpr char format_byte = 1;
constexpr std::size_t key_id_size = 4;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;
constexpr std::size_t header_size = 1 + key_id_size + nonce_size;
constexpr std::size_t key_size = 32;

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* held) const {
        Free(held);
    }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Freed<EVP_CIPHER_CTX_free>>;
using Cipher = std::unique_ptr<EVP_CIPHER, Freed<EVP_CIPHER_free>>;
using Mac = std::unique_ptr<EVP_MAC, Freed<EVP_MAC_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Freed<EVP_MAC_CTX_free>>;
using Kdf = std::unique_ptr<EVP_KDF, Freed<EVP_KDF_free>>;
using KdfContext = std::unique_ptr<EVP_KDF_CTX, Freed<EVP_KDF_CTX_free>>;

const unsigned char* in(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* out(std::string& text, std::size_t offset = 0) {
    return reinterpret_cast<unsigned char*>(text.data() + offset);
}
int length(std::string_view text) {
    if (text.size() > INT32_MAX) throw Error(Errc::too_large, "a value is too long to be sealed");
    return static_cast<int>(text.size());
}

void must(int result) {
    if (result != 1) throw Error(Errc::bug, "the cryptographic library failed");
}

std::string derive(const std::string& master, std::string_view purpose) {
    const Kdf kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
    const KdfContext context(EVP_KDF_CTX_new(kdf.get()));
    std::string digest = "SHA256", secret = master, info(purpose), key(key_size, '\0');
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
                                 OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
                                 OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()), OSSL_PARAM_construct_end()};
    must(EVP_KDF_derive(context.get(), out(key), key.size(), params));
    OPENSSL_cleanse(secret.data(), secret.size());
    return key;
}

MacContext hmac_under(const std::string& key) {
    const Mac mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    MacContext context(EVP_MAC_CTX_new(mac.get()));
    std::string digest = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), OSSL_PARAM_construct_end()};
    must(EVP_MAC_init(context.get(), in(key), key.size(), params));
    return context;
}

bool is_letter_or_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string last_four(std::string_view text) {
    std::string tail;
    text = text.substr(0, text.find('@'));
    for (auto c = text.rbegin(); c != text.rend() && tail.size() < 4; ++c)
        if (is_letter_or_digit(*c)) tail += *c;
    std::reverse(tail.begin(), tail.end());
    return tail;
}

}  // namespace

struct Vault::Keys {
    std::string data;
    std::string index;
    std::string id;
    // Made once: by name each costs more than sealing a phone number.
    Cipher cipher{EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)};
    MacContext mac;

    explicit Keys(const std::string& master)
        : data(derive(master, "wabot data key 1")),
          index(derive(master, "wabot index key 1")),
          id(sha256("wabot key id" + data).substr(0, key_id_size)),
          mac(hmac_under(index)) {
        if (!cipher) throw Error(Errc::bug, "the cryptographic library has no AES-256-GCM");
    }
    ~Keys() {
        OPENSSL_cleanse(data.data(), data.size());
        OPENSSL_cleanse(index.data(), index.size());
    }
    Keys(const Keys&) = delete;
    Keys& operator=(const Keys&) = delete;
};

Vault::Vault(std::string_view master_key, Random& random) : random_(random) {
    auto master = from_hex(master_key);
    if (!master || master->size() != key_size)
        throw Error(Errc::invalid, "the master key must be 64 hexadecimal digits",
                    "wabot init makes one; set WABOT_MASTER_KEY or security.master_key_file");
    keys_ = std::make_unique<Keys>(*master);
    OPENSSL_cleanse(master->data(), master->size());
}

Vault::~Vault() = default;

Sealed Vault::seal(std::string_view text, std::string_view associated_data) const {
    return {seal_bytes(text, associated_data), hash(text), last_four(text)};
}

Bytes Vault::hash(std::string_view text) const {
    const MacContext context(EVP_MAC_CTX_dup(keys_->mac.get()));
    std::string digest(key_size, '\0');
    std::size_t written = 0;
    must(EVP_MAC_update(context.get(), in(text), text.size()));
    must(EVP_MAC_final(context.get(), out(digest), &written, digest.size()));
    return {std::move(digest)};
}

Bytes Vault::seal_bytes(std::string_view plain, std::string_view associated_data) const {
    const std::string nonce = random_.bytes(nonce_size);
    std::string sealed = format_byte + keys_->id + nonce;
    sealed.resize(header_size + plain.size() + tag_size);

    const CipherContext context(EVP_CIPHER_CTX_new());
    int written = 0;
    must(EVP_EncryptInit_ex2(context.get(), keys_->cipher.get(), in(keys_->data), in(nonce), nullptr));
    must(EVP_EncryptUpdate(context.get(), nullptr, &written, in(associated_data), length(associated_data)));
    must(EVP_EncryptUpdate(context.get(), out(sealed, header_size), &written, in(plain), length(plain)));
    must(EVP_EncryptFinal_ex(context.get(), out(sealed, header_size + plain.size()), &written));
    must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_size, out(sealed, header_size + plain.size())));
    return {std::move(sealed)};
}

std::string Vault::open(const Bytes& enc, std::string_view associated_data) const {
    const std::string_view sealed = enc.data;
    if (sealed.size() < header_size + tag_size || sealed[0] != format_byte) throw Error(Errc::bug, "a sealed value has an unknown form");
    if (sealed.substr(1, key_id_size) != keys_->id)
        throw Error(Errc::unavailable, "a value was sealed under another master key", "set WABOT_MASTER_KEY to the key this store was made with");
    const std::string_view nonce = sealed.substr(1 + key_id_size, nonce_size);
    const std::string_view body = sealed.substr(header_size, sealed.size() - header_size - tag_size);
    std::string tag(sealed.substr(sealed.size() - tag_size)), plain(body.size(), '\0');

    const CipherContext context(EVP_CIPHER_CTX_new());
    int written = 0;
    must(EVP_DecryptInit_ex2(context.get(), keys_->cipher.get(), in(keys_->data), in(nonce), nullptr));
    must(EVP_DecryptUpdate(context.get(), nullptr, &written, in(associated_data), length(associated_data)));
    must(EVP_DecryptUpdate(context.get(), out(plain), &written, in(body), length(body)));
    must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()));
    unsigned char none = 0;
    if (EVP_DecryptFinal_ex(context.get(), &none, &written) != 1)
        throw Error(Errc::bug, "a sealed value was tampered with, or belongs to another column");
    return plain;
}

std::string new_master_key(Random& random) {
    return to_hex(random.bytes(key_size));
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
    std::string digest(key_size, '\0');
    if (HMAC(EVP_sha256(), key.data(), length(key), in(text), text.size(), out(digest), nullptr) == nullptr)
        throw Error(Errc::bug, "the cryptographic library failed");
    return digest;
}

std::string sha256(std::string_view text) {
    std::string digest(32, '\0');
    must(EVP_Digest(text.data(), text.size(), out(digest), nullptr, EVP_sha256(), nullptr));
    return digest;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace wabot
