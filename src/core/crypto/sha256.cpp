#include "core/crypto/sha256.hpp"

#include <openssl/evp.h>

#include "core/base/error.hpp"
#include "core/base/hex.hpp"
#include "core/crypto/vault.hpp"

namespace wabot {

struct Sha256::Context {
    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> md{EVP_MD_CTX_new()};
};

namespace {

void must_hash(int done) {
    if (done != 1) throw Error(Errc::bug, "the cryptographic library failed");
}

}  // namespace

Sha256::Sha256() : context_(std::make_unique<Context>()) {
    must_hash(EVP_DigestInit_ex(context_->md.get(), EVP_sha256(), nullptr));
}

Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
    must_hash(EVP_DigestUpdate(context_->md.get(), bytes.data(), bytes.size()));
}

std::string Sha256::hex() {
    unsigned char digest[32];
    must_hash(EVP_DigestFinal_ex(context_->md.get(), digest, nullptr));
    return to_hex({reinterpret_cast<const char*>(digest), sizeof digest});
}

}  // namespace wabot
