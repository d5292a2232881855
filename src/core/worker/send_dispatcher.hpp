#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/channels/channel.hpp"
#include "core/contacts/sealed_address.hpp"
#include "core/devices/device_registry.hpp"
#include "core/messaging/sending/sends.hpp"
#include "core/worker/worker_context.hpp"

namespace wabot {

/// A worker's part in sending: claims sends while hands are free, hands each over by its device's channel with the commit before the first byte,
/// and writes down what came of it. A send that was claimed and not begun is in hand as well: its lease is lengthened, and it goes back when no hand
/// becomes free or the worker stops. On the worker's executor only.
class SendDispatcher {
public:
    explicit SendDispatcher(WorkerContext& worker) : worker_(worker), signal_(worker.executor) {}

    /// A send was queued, or a slot became free: `claim` may find something.
    Signal& signal() { return signal_; }
    /// How many more sends to claim: of a device ahead of the free hands as long as these become free, else no more than it may have of them.
    sends::SendCapacity room() const;
    /// Claims what is due and begins it. How many lanes were taken.
    asio::awaitable<std::size_t> claim();
    /// Begins what was claimed elsewhere, at most `room` of them; `claimed_at` by the boot clock, before the commit.
    void accept_claimed(std::vector<ClaimedSend> sends, std::chrono::nanoseconds claimed_at);
    /// Whose leases are to be lengthened.
    const std::map<ConversationId, ClaimedLane>& lanes_in_flight() const { return lanes_in_flight_; }

private:
    // Claimed while others are on their way, so that the next one need not wait for a commit.
    struct Waiting {
        ClaimedSend claimed;
        std::chrono::nanoseconds claimed_at;
    };
    /// What of a device is in hand.
    struct Account {
        int in_flight = 0;
        int waiting = 0;
        std::chrono::nanoseconds ended_at{};  // the last of them
        std::shared_ptr<const DeviceEntry> device;
        std::shared_ptr<Channel> channel;
    };
    struct Gate;

    bool wants_more() const;
    bool may_begin(const Account& account) const;
    int room_of(const Account& account) const;
    int free_hands() const { return worker_.options.send_concurrency - in_flight_; }
    bool is_alone() const;
    Waiting take_waiting(std::deque<Waiting>::iterator at);
    void give_back_waiting();
    asio::awaitable<void> give_back(Waiting waiting);
    void start();
    asio::awaitable<void> run(Waiting next);
    asio::awaitable<std::optional<SendOutcome>> hand_over(const ClaimedSend& claimed, std::chrono::nanoseconds claimed_at);
    asio::awaitable<void> record(const ClaimedSend& claimed, std::optional<SendOutcome> outcome);
    std::optional<SealedAddress> other_address_of(const ClaimedSend& claimed, const Sent& sent) const;
    void add_address(Transaction& tx, const ClaimedSend& claimed, const SealedAddress& address);
    void tell_stopped(DeviceId id, const NotSent& refusal) const;
    asio::awaitable<std::shared_ptr<Channel>> channel_of(const ClaimedSend& claimed);
    Outgoing compose(const ClaimedSend& claimed) const;

    WorkerContext& worker_;
    Signal signal_;
    std::map<ConversationId, ClaimedLane> lanes_in_flight_;
    std::deque<Waiting> waiting_;
    int in_flight_ = 0;
    std::map<DeviceId, Account> accounts_;
};

}  // namespace wabot
