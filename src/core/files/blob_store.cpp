#include "core/files/blob_store.hpp"

#include <algorithm>
#include <array>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/crypto/sha256.hpp"

namespace wabot {

namespace {

constexpr std::size_t key_length = 32;

/// Reads a whole blob in pieces.
template <class Take>
void each_piece(BlobReader& reader, Take take) {
    std::array<char, 64 * 1024> buffer;
    while (const std::size_t count = reader.read(buffer)) take(std::string_view(buffer.data(), count));
}

}  // namespace

std::string new_blob_key(Random& random) {
    return random.word(key_length);
}

bool is_blob_key(std::string_view text) {
    return text.size() == key_length && std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

BlobFacts facts_of(BlobReader& reader) {
    BlobFacts facts;
    Sha256 hash;
    each_piece(reader, [&](std::string_view bytes) {
        hash.update(bytes);
        facts.size += static_cast<std::int64_t>(bytes.size());
        facts.head += bytes.substr(0, blob_head_max - std::min(blob_head_max, facts.head.size()));
    });
    facts.sha256 = hash.hex();
    return facts;
}

BlobFacts put_blob(BlobStore& store, const std::string& key, const BlobSource& source, std::int64_t size_max,
                   const std::function<void(const BlobFacts&)>& check) {
    const auto draft = store.begin(key);
    try {
        draft->clear();
        for (std::string bytes = source(); !bytes.empty(); bytes = source()) {
            if (draft->size() + static_cast<std::int64_t>(bytes.size()) > size_max)
                throw Error(Errc::too_large, "the file is larger than " + std::to_string(size_max) + " bytes");
            draft->append(bytes);
        }
        const auto reader = draft->read();
        BlobFacts facts = facts_of(*reader);
        if (check) check(facts);
        draft->publish();
        return facts;
    } catch (...) {
        draft->discard();
        throw;
    }
}

std::string read_blob(const BlobStore& store, const std::string& key, std::size_t size_max) {
    std::string out;
    each_piece(*store.open(key), [&](std::string_view bytes) {
        if (out.size() + bytes.size() > size_max) throw Error(Errc::too_large, "the file is larger than " + std::to_string(size_max) + " bytes");
        out += bytes;
    });
    return out;
}

}  // namespace wabot
