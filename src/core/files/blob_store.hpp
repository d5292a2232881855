#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/value.hpp"

namespace wabot {

namespace asio = boost::asio;

/// The bytes of a blob, from its beginning on.
class BlobReader {
public:
    virtual ~BlobReader() = default;
    /// As many bytes as there are, at most all of `to`; 0 at the end.
    virtual std::size_t read(std::span<char> to) = 0;
};

/// A blob that is being written, by one writer at a time. It is not visible before `publish`; what was written stays when the object or the process
/// goes, so that who begins the same key again goes on where it ended.
class BlobDraft {
public:
    virtual ~BlobDraft() = default;
    virtual std::int64_t size() const = 0;
    virtual void append(std::string_view bytes) = 0;
    /// What is there now.
    virtual std::unique_ptr<BlobReader> read() const = 0;
    /// Back to nothing.
    virtual void clear() = 0;
    /// Durable, whole, and there for everybody under its key. The draft is at its end.
    virtual void publish() = 0;
    /// Gone. The draft is at its end.
    virtual void discard() = 0;
};

/// Where the bytes of files lie, by keys of our own (`new_blob_key`), never by names that others made: Error{bug} for any other text. Blocking; any
/// thread. Error{unavailable} when the disk or the service cannot.
class BlobStore {
public:
    virtual ~BlobStore() = default;
    /// The word for it in `files.storage_backend`: "local".
    virtual std::string_view backend() const = 0;
    /// Begins a blob or goes on with one that was begun. Error{conflict} while another writer has it.
    virtual std::unique_ptr<BlobDraft> begin(const std::string& key) = 0;
    /// Error{not_found} when there is none.
    virtual std::unique_ptr<BlobReader> open(const std::string& key) const = 0;
    virtual std::optional<std::int64_t> size(const std::string& key) const = 0;
    /// Whether there was one.
    virtual bool remove(const std::string& key) = 0;

    /// The keys of at most `limit` published blobs from before `before`, in order, behind `after`.
    virtual std::vector<std::string> list(const std::string& after, std::size_t limit, Time before) const = 0;
    /// Removes drafts without a writer, last written before `before`. How many.
    virtual std::size_t remove_drafts(Time before) = 0;

    /// Runs what blocks on a thread of the store, and resumes on the caller's executor: for those who share a loop. The store goes before the loops
    /// that wait for it.
    virtual asio::awaitable<void> aside(std::function<void()> work) = 0;
};

/// In a folder of this machine, which is made when the first blob is: `ab/abcd...` and drafts in `draft/`, readable by the owner only. Without a
/// folder nothing can be begun.
std::unique_ptr<BlobStore> open_local_blobs(std::filesystem::path folder);

/// A new key: 32 characters of [a-z0-9].
std::string new_blob_key(Random& random);
bool is_blob_key(std::string_view text);

/// What a blob is, seen from its bytes.
struct BlobFacts {
    std::int64_t size = 0;
    std::string sha256;  // 64 hexadecimal digits
    std::string head;    // the first `blob_head_max` bytes: what `content_type.hpp` looks at
};
inline constexpr std::size_t blob_head_max = 4096;

/// Reads it to its end.
BlobFacts facts_of(BlobReader& reader);

/// Gives the next bytes, "" at the end.
using BlobSource = std::function<std::string()>;
/// Stores all of `source`. Error{too_large} above `size_max` bytes; nothing is left of it then, nor when `source` or `check` throws. `check` looks
/// at it before it is there for others.
BlobFacts put_blob(BlobStore& store, const std::string& key, const BlobSource& source, std::int64_t size_max,
                   const std::function<void(const BlobFacts&)>& check = {});
/// All of a blob that is no longer than `size_max`. Error{not_found}, Error{too_large}.
std::string read_blob(const BlobStore& store, const std::string& key, std::size_t size_max);

}  // namespace wabot
