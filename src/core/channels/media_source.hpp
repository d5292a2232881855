#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "core/files/blob_store.hpp"

namespace wabot {

namespace asio = boost::asio;

/// The bytes are in the draft. What the provider says of them; empty where it says nothing.
struct MediaFetched {
    std::string mime_type;
    std::string sha256;                // 64 hexadecimal digits
    std::optional<std::int64_t> size;  // bytes
};

/// Why they are not.
struct MediaRefused {
    enum class Why {
        passing,  // again later; what is in the draft is good
        gone,     // the provider has it no more
        blocked,  // must not be fetched, or not from there
        failed,   // cannot be fetched
    };
    Why why;
    std::string reason;  // for people: no numbers of persons, no secrets, no whole URL
};
using MediaOutcome = std::variant<MediaFetched, MediaRefused>;

/// Where the media that people sent to a device are fetched from, by the ids that their messages name.
class MediaSource {
public:
    virtual ~MediaSource() = default;
    /// Fetches what is not yet in `draft`: it goes on behind what is there, where the provider can do that, else from the beginning. Never more than
    /// `size_max` bytes.
    virtual asio::awaitable<MediaOutcome> fetch(std::string media_id, std::shared_ptr<BlobDraft> draft, std::int64_t size_max) = 0;
};

/// The hash of a medium as providers write it, 64 hexadecimal digits or base64 of the 32 bytes: the digits in lower case; "" for anything else.
std::string read_media_hash(const std::string& text);

}  // namespace wabot
