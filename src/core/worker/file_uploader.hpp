#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "core/channels/channel.hpp"
#include "core/messaging/sending/sends.hpp"
#include "core/worker/tools.hpp"

namespace wabot {

/// Sees to it that the provider has the files of ours that a send is of, and puts its ids in their place. Before the hand-over: what goes wrong here
/// has not reached the provider, and is a refusal. Nothing when all are there.
asio::awaitable<std::optional<NotSent>> place_files(const WorkerTools& tools, const ClaimedSend& claimed, Channel& channel, Outgoing& outgoing);

}  // namespace wabot
