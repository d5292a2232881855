#pragma once

#include <string>
#include <string_view>

#include "core/base/random.hpp"
#include "core/channels/channel.hpp"
#include "core/channels/delivery.hpp"

namespace wabot {

/// Accepts everything: for demonstrations and tests without a provider.
class SimChannel : public Channel {
public:
    explicit SimChannel(Random& random) : random_(random) {}
    asio::awaitable<SendOutcome> send(const Outgoing& message, HandOver& gate) override;
    asio::awaitable<UploadOutcome> upload(Upload file) override;
    asio::awaitable<std::optional<NotSent>> mark_read(std::string provider_id, bool typing) override;
    std::size_t text_length_max() const override { return 4096; }

private:
    Random& random_;
};

/// What the simulated Graph API answers to POST .../messages, and what the sim device keeps of it.
struct SimGraphAnswer {
    int status;
    std::string body;     // JSON, as the real one answers
    std::string capture;  // an inbox body for read_sim_delivery; empty when nothing was sent to a person
};

/// Refuses as the real one does: 401 and code 190 without a bearer token, 400 and code 100 for what is missing, wrong or over a limit; else gives
/// the message an id. What it keeps is the readable line of any kind of message.
SimGraphAnswer answer_sim_graph(std::string_view authorization, std::string_view body, Time now, Random& random);

/// What it answers to POST .../media: an id for a file, which is not kept.
SimGraphAnswer answer_sim_graph_media(std::string_view authorization, std::string_view content_type, std::string_view body, Random& random);

/// What it answers to GET .../{media id}: that there is none.
SimGraphAnswer answer_sim_graph_look_up(std::string_view authorization, Random& random);

/// Reads one inbox body of a sim device, an object of either form:
///   {"id", "from", "name", "text", "timestamp"}                                a person writes; wants an answer
///   {"id", "to" | "user_id" | "group_id", "text", "reply_to", "opaque", "timestamp"}   the simulated Graph API was asked to write to that person
/// Times are seconds since 1970. Without an id it gets one made of the body. Never throws.
Delivery read_sim_delivery(std::string_view body, Time received_at);

}  // namespace wabot
