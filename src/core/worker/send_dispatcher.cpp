#include "core/worker/send_dispatcher.hpp"

#include <algorithm>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/fault_point.hpp"
#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/channels/open_channel.hpp"
#include "core/channels/send_errors.hpp"
#include "core/database/database_fault.hpp"
#include "core/devices/devices.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/sending/sends.hpp"
#include "core/worker/file_uploader.hpp"

namespace wabot {

namespace {

using namespace std::chrono_literals;

constexpr auto hang_after = 1s;      // without the end of a send: providers hang, and nothing more is claimed than there are hands
constexpr auto claim_age_max = 10s;  // an older claim, or one as old as a lease, is not handed over: this process was stopped for a while
constexpr int sends_per_claim = 64;

}  // namespace

/// The commit before the first byte, and the refusal to go on after having been stopped for too long.
struct SendDispatcher::Gate final : HandOver {
    Gate(WorkerContext& w, const ClaimedSend& c, std::chrono::nanoseconds at) : worker(w), claimed(c), claimed_at(at) {}
    /// What is handed over, before files of ours are replaced in it.
    void take(const Outgoing& outgoing) {
        const bool is_plain = outgoing.kind == ContentKind::text && outgoing.object.empty();
        const std::string& text = claimed.send.content;
        body_hash = worker.tools.vault.hash(is_plain ? text : std::string(to_word(outgoing.kind)) + '\n' + text + '\n' + outgoing.object);
    }
    asio::awaitable<void> commit() override {
        is_asked = true;
        WABOT_FAULT("send.connected");
        auto begin = [&](Transaction& tx) { sends::begin_hand_over(tx, claimed, body_hash); };
        co_await worker.tools.db.write(begin);
        WABOT_FAULT("send.handing_over");
        const auto age_max = std::min<std::chrono::nanoseconds>(claim_age_max, worker.options.lease);
        if (worker.tools.world.clock.since_boot() - claimed_at > age_max) throw Error(Errc::stale, "the claim is too old to be handed over");
        is_committed = true;
    }
    WorkerContext& worker;
    const ClaimedSend& claimed;
    const std::chrono::nanoseconds claimed_at;
    Bytes body_hash;
    bool is_asked = false;
    bool is_committed = false;
};

/// Whether no other device needs hands.
bool SendDispatcher::is_alone() const {
    return worker_.tools.registry.now()->entries().size() <= 1;
}

/// A device takes a hand only while it has fewer than are free: one that hangs comes to half of them, two to a third each, and the others go on.
bool SendDispatcher::may_begin(const Account& account) const {
    return free_hands() > (is_alone() ? 0 : account.in_flight);
}

int SendDispatcher::room_of(const Account& account) const {
    const bool flows = worker_.tools.world.clock.since_boot() - account.ended_at < hang_after;
    const int all = worker_.options.send_concurrency;
    const int hands = is_alone() ? (flows ? all : free_hands()) : (flows ? (all + 1) / 2 : (free_hands() - account.in_flight + 1) / 2);
    return std::max(0, hands - account.waiting);
}

sends::SendCapacity SendDispatcher::room() const {
    const int in_all = std::max(0, worker_.options.send_concurrency - static_cast<int>(waiting_.size()));
    std::map<DeviceId, int> of;
    for (const auto& [device, account] : accounts_) of[device] = room_of(account);
    return {in_all, room_of({}), std::move(of)};
}

bool SendDispatcher::wants_more() const {
    return 2 * static_cast<int>(waiting_.size()) <= worker_.options.send_concurrency;
}

SendDispatcher::Waiting SendDispatcher::take_waiting(std::deque<Waiting>::iterator at) {
    Waiting taken = std::move(*at);
    waiting_.erase(at);
    --accounts_[taken.claimed.send.device_id].waiting;
    return taken;
}

/// What waits behind a provider that hangs goes back, for workers whose hands are free.
void SendDispatcher::give_back_waiting() {
    const auto now = worker_.tools.world.clock.since_boot();
    const auto hangs = [&](const Waiting& one) { return now - one.claimed_at > 2 * hang_after && !may_begin(accounts_[one.claimed.send.device_id]); };
    for (auto at = std::ranges::find_if(waiting_, hangs); at != waiting_.end(); at = std::ranges::find_if(waiting_, hangs)) {
        Waiting waiting = take_waiting(at);
        const ClaimedLane lane = waiting.claimed.lane;
        worker_.spawn(give_back(std::move(waiting)), [this, lane] { worker_.ended(lanes_in_flight_, lane, signal_); });
    }
}

asio::awaitable<void> SendDispatcher::give_back(Waiting waiting) {
    std::optional<SendOutcome> nothing;
    co_await record(waiting.claimed, std::move(nothing));
}

asio::awaitable<std::size_t> SendDispatcher::claim() {
    give_back_waiting();
    if (!wants_more()) co_return 0;
    auto look = [](Snapshot& db) { return lanes::devices_with_sends(db, db.now()); };
    const std::vector<DeviceId> due = co_await worker_.tools.db.read(look);
    const sends::SendCapacity hands = room().at_most(sends_per_claim);
    const auto has_room = [&](DeviceId device) { return hands.of(device) > 0; };
    if (std::ranges::none_of(due, has_room)) co_return 0;
    Time until{};
    auto claim = [this, &hands, &until](Transaction& tx) {
        until = tx.now() + worker_.options.lease;
        return sends::claim(tx, by_worker, hands, until, worker_.id, worker_.send_limits());
    };
    const auto claimed_at = worker_.tools.world.clock.since_boot();
    auto claimed = co_await worker_.write_claim(claim, until);
    accept_claimed(std::move(claimed.sends), claimed_at);
    co_return claimed.lanes;
}

void SendDispatcher::accept_claimed(std::vector<ClaimedSend> sends, std::chrono::nanoseconds claimed_at) {
    if (!sends.empty()) WABOT_FAULT("send.claimed");
    for (auto& send : sends) {
        lanes_in_flight_[send.lane.id] = send.lane;
        ++accounts_[send.send.device_id].waiting;
        waiting_.push_back({std::move(send), claimed_at});
    }
    start();
}

void SendDispatcher::start() {
    const auto can_begin = [this](const Waiting& one) { return may_begin(accounts_[one.claimed.send.device_id]); };
    while (free_hands() > 0) {
        const auto at = std::ranges::find_if(waiting_, can_begin);
        if (at == waiting_.end()) break;
        Waiting next = take_waiting(at);
        ++in_flight_;
        ++accounts_[next.claimed.send.device_id].in_flight;
        const ClaimedLane lane = next.claimed.lane;
        worker_.spawn(run(std::move(next)), [this, lane] { worker_.ended(lanes_in_flight_, lane, signal_); });
    }
    if (wants_more()) signal_.notify();
}

asio::awaitable<void> SendDispatcher::run(Waiting next) {
    const ClaimedSend& claimed = next.claimed;
    auto outcome = co_await hand_over(claimed, next.claimed_at);
    --in_flight_;
    Account& account = accounts_[claimed.send.device_id];
    --account.in_flight;
    account.ended_at = worker_.tools.world.clock.since_boot();
    start();
    co_await record(claimed, std::move(outcome));
}

/// Nothing: it was not offered, and goes back as it is.
asio::awaitable<std::optional<SendOutcome>> SendDispatcher::hand_over(const ClaimedSend& claimed, std::chrono::nanoseconds claimed_at) {
    std::optional<SendOutcome> outcome;
    if (worker_.stopping.load()) co_return outcome;
    Gate gate(worker_, claimed, claimed_at);
    try {
        const auto channel = co_await channel_of(claimed);
        Outgoing outgoing = compose(claimed);
        gate.take(outgoing);
        if (outgoing.kind != ContentKind::text) {
            outcome = co_await place_files(worker_.tools, claimed, *channel, outgoing);
            if (outcome || worker_.stopping.load()) co_return outcome;
        }
        outcome = co_await channel->send(outgoing, gate);
        WABOT_FAULT("send.answered");
    } catch (const Error& error) {
        // Nothing was offered. A claim that was lost, came too late or could not be written down is given back as it is: none of it is the
        // message's fault. Anything else is tried again.
        const bool is_store_away = gate.is_asked && is_of_store(error);
        if (gate.is_committed)
            outcome = outcome ? outcome : Uncertain{error.what()};
        else if (error.code() != Errc::stale && !is_store_away)
            outcome = NotSent{RetryClass::transient, std::nullopt, std::string(to_word(error.code())), error.what()};
    } catch (const std::exception& error) {
        if (gate.is_committed)
            outcome = Uncertain{error.what()};
        else
            outcome = NotSent{RetryClass::transient, std::nullopt, "internal", error.what()};
    }
    co_return outcome;
}

asio::awaitable<void> SendDispatcher::record(const ClaimedSend& claimed, std::optional<SendOutcome> outcome) {
    const double jitter = worker_.tools.world.random.fraction();
    std::optional<Sealed> provider_id;
    std::optional<SealedAddress> other_address;
    if (outcome)
        if (const auto* sent = std::get_if<Sent>(&*outcome)) {
            provider_id = worker_.tools.vault.seal(sent->provider_message_id, messages::id_data);
            other_address = other_address_of(claimed, *sent);
        }
    bool has_stopped = false;
    auto work = [&](Transaction& tx) {
        if (!outcome) return sends::give_back(tx, claimed);
        if (other_address) add_address(tx, claimed, *other_address);
        if (provider_id) return sends::record_sent(tx, by_worker, claimed, *provider_id);
        if (const auto* refused = std::get_if<NotSent>(&*outcome)) {
            has_stopped = sends::record_refused(tx, by_worker, claimed, *refused, worker_.send_limits(), jitter);
            return;
        }
        sends::record_uncertain(tx, by_worker, claimed, std::get<Uncertain>(*outcome).detail, worker_.send_limits());
    };
    co_await worker_.write_surely(work);
    WABOT_FAULT("send.recorded");
    if (!outcome) co_return;
    if (provider_id)
        log::write(log::Level::info, log::Logger::messages, "message sent", {{"message_id", claimed.send.message_id}, {"send_id", claimed.send.id}});
    if (const auto* refused = std::get_if<NotSent>(&*outcome))
        log::write(log::Level::warning, log::Logger::messages, "send refused",
                   {{"send_id", claimed.send.id}, {"attempt", claimed.send.attempt}, {"code", refused->code}, {"detail", refused->detail}});
    else if (const auto* uncertain = std::get_if<Uncertain>(&*outcome))
        log::write(log::Level::warning, log::Logger::messages, "send uncertain",
                   {{"send_id", claimed.send.id}, {"attempt", claimed.send.attempt}, {"detail", uncertain->detail}});
    if (has_stopped) tell_stopped(claimed.send.device_id, std::get<NotSent>(*outcome));
}

/// The number that the provider knows the recipient by, when it is not the one that was written to (a ninth digit, a 1 or a 9 behind the country).
std::optional<SealedAddress> SendDispatcher::other_address_of(const ClaimedSend& claimed, const Sent& sent) const {
    if (sent.recipient.empty() || !claimed.target.phone) return std::nullopt;
    const Target target = open_target(worker_.tools.vault, claimed.target);
    if (target.to.phone == sent.recipient) return std::nullopt;
    return seal_person(worker_.tools.vault, {.phone = sent.recipient});
}

void SendDispatcher::add_address(Transaction& tx, const ClaimedSend& claimed, const SealedAddress& address) {
    const auto contact = tx.query("SELECT contact_id FROM conversations WHERE id = $1", claimed.send.conversation_id).one<ContactId>();
    contacts::add_address(tx, by_worker, claimed.send.device_id, contact, address);
}

/// An operator has to act: the device's queue waits until then.
void SendDispatcher::tell_stopped(DeviceId id, const NotSent& refusal) const {
    const auto device = worker_.tools.registry.now()->find(id);
    const std::string key = device ? device->key : std::to_string(id.value);
    log::error("device stopped", {{"device", key},
                                  {"code", refusal.code},
                                  {"means", explain_send_error(refusal.code)},
                                  {"detail", refusal.detail},
                                  {"hint", devices::way_out_of_error(key)}});
}

asio::awaitable<std::shared_ptr<Channel>> SendDispatcher::channel_of(const ClaimedSend& claimed) {
    auto device = worker_.tools.registry.now()->find_active(claimed.send.device_id);
    if (!device || device->revision != claimed.device_revision) {
        auto reload = [this](Snapshot& db) { return worker_.tools.registry.reload(db); };
        co_await worker_.tools.db.read(reload);
        device = worker_.tools.registry.now()->find_active(claimed.send.device_id);
        if (!device) throw Error(Errc::stale, "the device is not active any more");  // its queue waits untouched
    }
    Account& account = accounts_[claimed.send.device_id];
    if (account.device != device) {
        account.channel = open_channel(*device, worker_.tools.http, worker_.tools.world);
        account.device = device;
    }
    co_return account.channel;
}

Outgoing SendDispatcher::compose(const ClaimedSend& claimed) const {
    Target target = open_target(worker_.tools.vault, claimed.target);
    Outgoing out;
    out.to = std::move(target.to);
    out.group_id = std::move(target.group_id);
    out.kind = claimed.send.kind;
    out.text = claimed.send.content;
    if (claimed.send.payload) out.object = worker_.tools.vault.open(*claimed.send.payload, sends::payload_data);
    if (claimed.quoted && claimed.send.part == 1) out.reply_to = worker_.tools.vault.open(*claimed.quoted, messages::id_data);
    out.callback_token = sends::opaque_of(claimed.send);
    return out;
}

}  // namespace wabot
