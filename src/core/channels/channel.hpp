#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/channels/content.hpp"
#include "core/channels/delivery.hpp"
#include "core/channels/send_outcome.hpp"
#include "core/http_client/http_client.hpp"

namespace wabot {

namespace asio = boost::asio;

/// One send: a part of a message on its way to one person.
struct Outgoing {
    Address to;
    std::string group_id;        // empty = to the person
    std::string text;            // not longer than text_length_max(); of another kind what people read of it
    std::string reply_to;        // provider id of the message to quote or react to, or empty
    std::string callback_token;  // our own id "<message>.<part>.<attempt>"; comes back in statuses where the provider can do that
    ContentKind kind = ContentKind::text;
    std::string object = {};  // of its kind, as JSON, every file of ours in it replaced; of a text only what stands beside it, or empty
};

/// A file of ours, for the provider to keep.
struct Upload {
    std::string mime_type;
    std::string filename;               // for people; holds neither quotes nor control characters
    std::shared_ptr<BodySource> bytes;  // at least one
};
struct Uploaded {
    std::string media_id;
    std::chrono::seconds kept_for;
};
using UploadOutcome = std::variant<Uploaded, NotSent>;

/// The commit between "connected" and "first byte of the message".
class HandOver {
public:
    virtual ~HandOver() = default;
    /// Makes durable that the message is being handed over. Throws when that failed or the right to send was lost: then nothing may be sent.
    virtual asio::awaitable<void> commit() = 0;
};

/// A way to reach a person: WhatsApp Cloud API, the simulator, ... One object serves one device as it is configured at the time.
class Channel {
public:
    virtual ~Channel() = default;
    /// Hands `message` to the provider. Awaits `gate.commit()` once, when connected and before the first body byte; sends nothing if that
    /// throws, and lets the exception pass. Takes at most 30 s after the commit.
    virtual asio::awaitable<SendOutcome> send(const Outgoing& message, HandOver& gate) = 0;
    /// Gives the provider a file. Nothing of it reaches a person, so that a repetition does no harm: an unclear answer is a refusal that may pass.
    virtual asio::awaitable<UploadOutcome> upload(Upload file) = 0;
    /// Tells a person that their message was read, and those before it; with `typing` also that an answer is being written. Bears repetition. What
    /// was refused, or nothing.
    virtual asio::awaitable<std::optional<NotSent>> mark_read(std::string provider_id, bool typing) = 0;
    /// Longest text one send may carry, in characters as the provider counts.
    virtual std::size_t text_length_max() const = 0;
};

}  // namespace wabot
