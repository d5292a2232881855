#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "core/base/shared_library.hpp"

namespace wabot {

namespace {

/// A third of what a command costs that seals nothing and opens nothing.
const SharedLibrary& libcrypto() {
    static const SharedLibrary loaded("libcrypto.so.3", "libssl3");
    return loaded;
}

}  // namespace

}  // namespace wabot

#define FORWARD(Result, name, parameters, arguments) WABOT_FORWARD(wabot::libcrypto(), Result, name, parameters, arguments)
FORWARD(int, CRYPTO_memcmp, (const void* a, const void* b, size_t c), (a, b, c))
FORWARD(void, OPENSSL_cleanse, (void* a, size_t b), (a, b))

FORWARD(OSSL_PARAM, OSSL_PARAM_construct_end, (), ())
FORWARD(OSSL_PARAM, OSSL_PARAM_construct_octet_string, (const char* a, void* b, size_t c), (a, b, c))
FORWARD(OSSL_PARAM, OSSL_PARAM_construct_utf8_string, (const char* a, char* b, size_t c), (a, b, c))

FORWARD(EVP_CIPHER*, EVP_CIPHER_fetch, (OSSL_LIB_CTX * a, const char* b, const char* c), (a, b, c))
FORWARD(void, EVP_CIPHER_free, (EVP_CIPHER * a), (a))
FORWARD(EVP_CIPHER_CTX*, EVP_CIPHER_CTX_new, (), ())
FORWARD(void, EVP_CIPHER_CTX_free, (EVP_CIPHER_CTX * a), (a))
FORWARD(int, EVP_CIPHER_CTX_ctrl, (EVP_CIPHER_CTX * a, int b, int c, void* d), (a, b, c, d))
FORWARD(int, EVP_EncryptInit_ex2, (EVP_CIPHER_CTX * a, const EVP_CIPHER* b, const unsigned char* c, const unsigned char* d, const OSSL_PARAM* e),
        (a, b, c, d, e))
FORWARD(int, EVP_EncryptUpdate, (EVP_CIPHER_CTX * a, unsigned char* b, int* c, const unsigned char* d, int e), (a, b, c, d, e))
FORWARD(int, EVP_EncryptFinal_ex, (EVP_CIPHER_CTX * a, unsigned char* b, int* c), (a, b, c))
FORWARD(int, EVP_DecryptInit_ex2, (EVP_CIPHER_CTX * a, const EVP_CIPHER* b, const unsigned char* c, const unsigned char* d, const OSSL_PARAM* e),
        (a, b, c, d, e))
FORWARD(int, EVP_DecryptUpdate, (EVP_CIPHER_CTX * a, unsigned char* b, int* c, const unsigned char* d, int e), (a, b, c, d, e))
FORWARD(int, EVP_DecryptFinal_ex, (EVP_CIPHER_CTX * a, unsigned char* b, int* c), (a, b, c))

FORWARD(const EVP_MD*, EVP_sha256, (), ())
FORWARD(int, EVP_Digest, (const void* a, size_t b, unsigned char* c, unsigned int* d, const EVP_MD* e, ENGINE* f), (a, b, c, d, e, f))
FORWARD(EVP_MD_CTX*, EVP_MD_CTX_new, (), ())
FORWARD(void, EVP_MD_CTX_free, (EVP_MD_CTX * a), (a))
FORWARD(int, EVP_DigestInit_ex, (EVP_MD_CTX * a, const EVP_MD* b, ENGINE* c), (a, b, c))
FORWARD(int, EVP_DigestUpdate, (EVP_MD_CTX * a, const void* b, size_t c), (a, b, c))
FORWARD(int, EVP_DigestFinal_ex, (EVP_MD_CTX * a, unsigned char* b, unsigned int* c), (a, b, c))

FORWARD(unsigned char*, HMAC, (const EVP_MD* a, const void* b, int c, const unsigned char* d, size_t e, unsigned char* f, unsigned int* g),
        (a, b, c, d, e, f, g))
FORWARD(EVP_MAC*, EVP_MAC_fetch, (OSSL_LIB_CTX * a, const char* b, const char* c), (a, b, c))
FORWARD(void, EVP_MAC_free, (EVP_MAC * a), (a))
FORWARD(EVP_MAC_CTX*, EVP_MAC_CTX_new, (EVP_MAC * a), (a))
FORWARD(void, EVP_MAC_CTX_free, (EVP_MAC_CTX * a), (a))
FORWARD(EVP_MAC_CTX*, EVP_MAC_CTX_dup, (const EVP_MAC_CTX* a), (a))
FORWARD(int, EVP_MAC_init, (EVP_MAC_CTX * a, const unsigned char* b, size_t c, const OSSL_PARAM* d), (a, b, c, d))
FORWARD(int, EVP_MAC_update, (EVP_MAC_CTX * a, const unsigned char* b, size_t c), (a, b, c))
FORWARD(int, EVP_MAC_final, (EVP_MAC_CTX * a, unsigned char* b, size_t* c, size_t d), (a, b, c, d))

FORWARD(EVP_KDF*, EVP_KDF_fetch, (OSSL_LIB_CTX * a, const char* b, const char* c), (a, b, c))
FORWARD(void, EVP_KDF_free, (EVP_KDF * a), (a))
FORWARD(EVP_KDF_CTX*, EVP_KDF_CTX_new, (EVP_KDF * a), (a))
FORWARD(void, EVP_KDF_CTX_free, (EVP_KDF_CTX * a), (a))
FORWARD(int, EVP_KDF_derive, (EVP_KDF_CTX * a, unsigned char* b, size_t c, const OSSL_PARAM* d), (a, b, c, d))
