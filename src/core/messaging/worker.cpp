#include "core/messaging/worker.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <deque>
#include <functional>
#include <map>

#include "core/base/error.hpp"
#include "core/base/fault.hpp"
#include "core/base/log.hpp"
#include "core/channels/open_channel.hpp"
#include "core/messaging/drain.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/sends.hpp"
#include "core/messaging/signal.hpp"
#include "core/messaging/statuses.hpp"
#include "core/messaging/turns.hpp"
#include "core/messaging/turns_at_once.hpp"
#include "core/messaging/workers.hpp"
#include "core/queue/pauses.hpp"

namespace wabot {

namespace {

using namespace std::chrono_literals;

constexpr auto poll_interval = 50ms;    // how soon work of other processes is seen
constexpr auto timer_interval = 250ms;  // how soon work that becomes due by itself is seen
constexpr auto pause_interval = 200ms;  // how soon a pause of a queue is seen
constexpr int claim_max = 64;
constexpr auto hang_after = 1s;       // without the end of a send: providers hang, and nothing more is claimed than there are hands
constexpr auto sweep_interval = 60s;  // of what should not be left over, and may be
constexpr auto claim_age_max = 10s;   // an older claim, or one as old as a lease, is not handed over: this process was stopped for a while
constexpr auto heartbeat_interval_max = workers::silence_max / 4;

const Cause by_worker{{"system", "worker"}, ""};

/// Remembers what was seen of the store, so that an idle worker asks a counter and not the tables.
class Watch {
public:
    explicit Watch(Database& db, Clock& clock) : db_(db), clock_(clock) {}
    /// Whether something may have come since the last time, from others or by the passing of time.
    bool worth_looking() {
        const auto count = db_.change_count();
        const auto now = clock_.since_boot();
        if (count == seen_ && now - looked_at_ < timer_interval) return false;
        seen_ = count;
        looked_at_ = now;
        return true;
    }

private:
    Database& db_;
    Clock& clock_;
    std::uint64_t seen_ = ~std::uint64_t{0};
    std::chrono::nanoseconds looked_at_{};
};

}  // namespace

struct Worker::State : std::enable_shared_from_this<Worker::State> {
    State(WorkerTools t, WorkerOptions o, WorkerId worker, asio::any_io_executor ex)
        : tools(t),
          options(o),
          id(worker),
          executor(ex),
          inbox_signal(ex),
          turn_signal(ex),
          send_signal(ex),
          job_signal(ex),
          idle_signal(ex),
          upkeep_signal(ex) {}

    WorkerTools tools;
    WorkerOptions options;
    WorkerId id;
    asio::any_io_executor executor;
    Signal inbox_signal, turn_signal, send_signal, job_signal, idle_signal, upkeep_signal;
    std::atomic<bool> stopping{false};
    // What is in flight, by lane: only these leases are lengthened, so that what was lost on the way runs out and is taken up again.
    std::map<ConversationId, ClaimedLane> turns_in_flight;
    std::map<ConversationId, ClaimedLane> sends_in_hand;
    // Claimed while others are on their way, so that the next one need not wait for a commit.
    struct WaitingSend {
        ClaimedSend claimed;
        std::chrono::nanoseconds claimed_at;
    };
    std::deque<WaitingSend> sends_waiting;
    int sends_in_flight = 0;
    std::chrono::nanoseconds send_ended_at{};
    std::map<JobId, ClaimedJob> jobs_in_flight;
    std::vector<Pause> pauses;
    std::optional<std::chrono::nanoseconds> pauses_seen_at;
    Time retention_hour{};  // whose job was put in line
    std::optional<std::chrono::nanoseconds> swept_at;
    int loops = 0;
    std::array<std::atomic<std::uint64_t>, std::size(all_queues)> steps{};  // what each queue's loop took, and how many of these has_moved() saw
    std::array<std::uint64_t, std::size(all_queues)> steps_seen{};
    Answering answering;
    struct OpenedChannel {
        std::shared_ptr<const DeviceEntry> device;
        std::shared_ptr<Channel> channel;
    };
    std::map<DeviceId, OpenedChannel> channels;

    sends::Limits send_limits() const { return {options.send_attempts, options.uncertain_window}; }
    turns::Limits turn_limits() const { return {options.turn_attempts}; }

    // --- inbox

    asio::awaitable<std::size_t> drain_some() {
        const std::size_t drained = co_await drain(tools.db, tools.vault, tools.world.random, tools.directory, options.takeover_timeout);
        if (drained > 0) WABOT_FAULT("inbox.drained");
        if (drained > 0) turn_signal.notify();
        co_return drained;
    }

    // --- turns

    asio::awaitable<std::size_t> answer_turns() {
        auto look = [this](Snapshot& db) { return turns::look(db, answering, claim_max); };
        turns::Look due = co_await tools.db.read(look);
        std::size_t answered = 0;
        if (options.turn_concurrency > 0) answered = co_await answer_at_once(due);
        if (due.others) answered += co_await claim_turns();
        co_return answered;
    }

    /// Those that cannot be decided or written this way are left to be claimed.
    asio::awaitable<std::size_t> answer_at_once(turns::Look& due) {
        std::vector<std::pair<ReadyTurn, Decision>> decided;
        for (ReadyTurn& ready : due.ready) {
            std::optional<Decision> decision;
            try {
                WABOT_FAULT("turn.at_once");
                decision = co_await turns::decide(ready.turn);
            } catch (const std::exception&) {
                due.others = true;
            }
            if (decision) decided.emplace_back(std::move(ready), std::move(*decision));
        }
        if (decided.empty()) co_return 0;
        const auto device_of = [](const auto& one) { return one.first.turn.message.device_id; };
        std::ranges::stable_sort(decided, {}, device_of);  // the order in which buckets are held
        WABOT_FAULT("turn.computed");
        struct Done {
            std::vector<ClaimedSend> claimed;
            std::size_t finished = 0;
        } done;
        const bool may_send = works_on(QueueName::send) && !co_await is_paused(QueueName::send) && !stopping.load();
        const int room = may_send ? send_room() : 0;
        auto finish = [&](Transaction& tx) {
            Done now;
            turns::AtOnce at_once(tx, by_worker, id, tx.now() + options.lease, room);
            for (const auto& [ready, decision] : decided) now.finished += at_once.finish(ready, decision) ? 1U : 0U;
            now.claimed = at_once.claimed();
            done = std::move(now);
        };
        const auto claimed_at = tools.world.clock.since_boot();
        try {
            co_await tools.db.write(finish);
        } catch (const Error& error) {
            if (error.code() == Errc::unavailable) throw;
            due.others = true;
            co_return 0;
        }
        WABOT_FAULT("turn.finished");
        take_in_hand(std::move(done.claimed), claimed_at);
        send_signal.notify();
        co_return done.finished;
    }

    asio::awaitable<std::size_t> claim_turns() {
        const int limit = std::min(claim_max, options.turn_concurrency - static_cast<int>(turns_in_flight.size()));
        if (limit <= 0) co_return 0;
        auto claim = [this, limit](Transaction& tx) {
            return turns::claim(tx, by_worker, answering, limit, tx.now() + options.lease, id, turn_limits());
        };
        auto claimed = co_await tools.db.write(claim);
        if (!claimed.empty()) WABOT_FAULT("turn.claimed");
        for (auto& turn : claimed) {
            const ClaimedLane lane = turn.lane;
            turns_in_flight[lane.id] = lane;
            spawn(run_turn(std::move(turn)), [this, lane] { ended(turns_in_flight, lane, turn_signal); });
        }
        co_return claimed.size();
    }

    asio::awaitable<void> run_turn(ClaimedTurn turn) {
        std::string failure;
        Decision decision;
        try {
            decision = co_await turns::decide(turn);
        } catch (const std::exception& error) {
            failure = error.what();
        }
        WABOT_FAULT("turn.computed");
        const double jitter = tools.world.random.fraction();
        auto finish = [&](Transaction& tx) {
            if (failure.empty())
                turns::finish(tx, by_worker, turn, decision);
            else
                turns::fail(tx, by_worker, turn, failure, turn_limits(), jitter);
        };
        co_await write_surely(finish);
        WABOT_FAULT("turn.finished");
        if (!failure.empty()) log::warning("turn failed", {{"turn_id", turn.id}, {"attempt", turn.attempt}, {"error", failure}});
        send_signal.notify();
    }

    // --- sends

    /// How many more sends to claim: ahead of the free hands as long as these become free, else no more than there are.
    int send_room() const {
        const bool flows = tools.world.clock.since_boot() - send_ended_at < hang_after;
        const int hands = flows ? options.send_concurrency : options.send_concurrency - sends_in_flight;
        return hands - static_cast<int>(sends_waiting.size());
    }
    bool wants_sends() const { return send_room() > 0 && 2 * static_cast<int>(sends_waiting.size()) <= options.send_concurrency; }

    /// What waits behind a provider that hangs goes back, for workers whose hands are free.
    void give_back_waiting() {
        const auto now = tools.world.clock.since_boot();
        while (!sends_waiting.empty() && sends_in_flight >= options.send_concurrency && now - sends_waiting.front().claimed_at > 2 * hang_after) {
            WaitingSend waiting = std::move(sends_waiting.front());
            sends_waiting.pop_front();
            const ClaimedLane lane = waiting.claimed.lane;
            spawn(return_send(std::move(waiting)), [this, lane] { ended(sends_in_hand, lane, send_signal); });
        }
    }
    asio::awaitable<void> return_send(WaitingSend waiting) {
        std::optional<SendOutcome> nothing;
        co_await record(waiting.claimed, std::move(nothing));
    }

    asio::awaitable<std::size_t> claim_sends() {
        give_back_waiting();
        if (!wants_sends()) co_return 0;
        auto due = [](Snapshot& db) { return lanes::any_due(db, Lane::send, db.now()); };
        if (!co_await tools.db.read(due)) co_return 0;
        const int limit = std::min(claim_max, send_room());
        auto claim = [this, limit](Transaction& tx) { return sends::claim(tx, by_worker, limit, tx.now() + options.lease, id, send_limits()); };
        const auto claimed_at = tools.world.clock.since_boot();
        auto claimed = co_await tools.db.write(claim);
        take_in_hand(std::move(claimed.sends), claimed_at);
        co_return claimed.lanes;
    }

    void take_in_hand(std::vector<ClaimedSend> sends, std::chrono::nanoseconds claimed_at) {
        if (!sends.empty()) WABOT_FAULT("send.claimed");
        for (auto& send : sends) {
            sends_in_hand[send.lane.id] = send.lane;
            sends_waiting.push_back({std::move(send), claimed_at});
        }
        start_sends();
    }

    void start_sends() {
        while (!sends_waiting.empty() && sends_in_flight < options.send_concurrency) {
            WaitingSend next = std::move(sends_waiting.front());
            sends_waiting.pop_front();
            ++sends_in_flight;
            const ClaimedLane lane = next.claimed.lane;
            spawn(run_send(std::move(next)), [this, lane] { ended(sends_in_hand, lane, send_signal); });
        }
        if (wants_sends()) send_signal.notify();
    }

    /// The commit before the first octet, and the refusal to go on after having been stopped for too long.
    struct Gate final : HandOver {
        Gate(State& s, const ClaimedSend& c, std::chrono::nanoseconds at) : state(s), claimed(c), claimed_at(at) {}
        asio::awaitable<void> commit() override {
            is_asked = true;
            const Bytes body_hash = state.tools.vault.hash(claimed.send.content);
            WABOT_FAULT("send.connected");
            auto begin = [&](Transaction& tx) { sends::begin_hand_over(tx, claimed, body_hash); };
            co_await state.tools.db.write(begin);
            WABOT_FAULT("send.handing_over");
            const auto age_max = std::min<std::chrono::nanoseconds>(claim_age_max, state.options.lease);
            if (state.tools.world.clock.since_boot() - claimed_at > age_max) throw Error(Errc::stale, "the claim is too old to be handed over");
            is_committed = true;
        }
        State& state;
        const ClaimedSend& claimed;
        const std::chrono::nanoseconds claimed_at;
        bool is_asked = false;
        bool is_committed = false;
    };

    asio::awaitable<void> run_send(WaitingSend next) {
        const ClaimedSend& claimed = next.claimed;
        auto outcome = co_await hand_over(claimed, next.claimed_at);
        --sends_in_flight;
        send_ended_at = tools.world.clock.since_boot();
        start_sends();
        co_await record(claimed, std::move(outcome));
    }

    /// Nothing: it was not offered, and goes back as it is.
    asio::awaitable<std::optional<SendOutcome>> hand_over(const ClaimedSend& claimed, std::chrono::nanoseconds claimed_at) {
        std::optional<SendOutcome> outcome;
        if (stopping.load()) co_return outcome;
        Gate gate(*this, claimed, claimed_at);
        try {
            const auto channel = co_await channel_of(claimed);
            const Outgoing outgoing = compose(claimed);
            outcome = co_await channel->send(outgoing, gate);
            WABOT_FAULT("send.answered");
        } catch (const Error& error) {
            // Nothing was offered. A claim that was lost, came too late or could not be written down is given back as it is: none of it is the
            // message's fault. Anything else is tried again.
            const bool is_store_away = gate.is_asked && error.code() == Errc::unavailable;
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

    asio::awaitable<void> record(const ClaimedSend& claimed, std::optional<SendOutcome> outcome) {
        const double jitter = tools.world.random.fraction();
        std::optional<Sealed> provider_id;
        if (outcome)
            if (const auto* sent = std::get_if<Sent>(&*outcome)) provider_id = tools.vault.seal(sent->provider_message_id, messages::id_data);
        auto work = [&](Transaction& tx) {
            if (!outcome) return sends::give_back(tx, claimed);
            if (provider_id) return sends::record_sent(tx, by_worker, claimed, *provider_id);
            if (const auto* refused = std::get_if<NotSent>(&*outcome))
                return sends::record_refused(tx, by_worker, claimed, *refused, send_limits(), jitter);
            sends::record_uncertain(tx, by_worker, claimed, std::get<Uncertain>(*outcome).detail, send_limits());
        };
        co_await write_surely(work);
        WABOT_FAULT("send.recorded");
        if (!outcome) co_return;
        if (provider_id)
            log::write(log::Level::info, log::Logger::messages, "message sent",
                       {{"message_id", claimed.send.message_id}, {"send_id", claimed.send.id}});
        if (const auto* refused = std::get_if<NotSent>(&*outcome))
            log::write(log::Level::warning, log::Logger::messages, "send refused",
                       {{"send_id", claimed.send.id}, {"attempt", claimed.send.attempt}, {"code", refused->code}, {"detail", refused->detail}});
        else if (const auto* uncertain = std::get_if<Uncertain>(&*outcome))
            log::write(log::Level::warning, log::Logger::messages, "send uncertain",
                       {{"send_id", claimed.send.id}, {"attempt", claimed.send.attempt}, {"detail", uncertain->detail}});
    }

    /// What the provider said must not be forgotten because the store is away for a moment: tried until the lease would be over anyhow.
    template <class Work>
    asio::awaitable<void> write_surely(Work work) {
        const auto until = tools.world.clock.since_boot() + options.lease;
        for (;;) {
            try {
                auto again = std::ref(work);
                co_await tools.db.write(again);
                co_return;
            } catch (const Error& error) {
                // A conflict is a row that another unit was quicker to add: seen, the next time.
                const bool passes = error.code() == Errc::unavailable || error.code() == Errc::conflict;
                if (!passes || tools.world.clock.since_boot() > until) throw;
            }
            co_await tools.world.timers.after(poll_interval);
        }
    }

    asio::awaitable<std::shared_ptr<Channel>> channel_of(const ClaimedSend& claimed) {
        auto device = tools.directory.now()->find(claimed.send.device_id);
        if (!device || device->revision != claimed.device_revision) {
            auto reload = [this](Snapshot& db) { return tools.directory.reload(db); };
            co_await tools.db.read(reload);
            device = tools.directory.now()->find(claimed.send.device_id);
            if (!device) throw Error(Errc::unavailable, "the device is not active");
        }
        auto& opened = channels[claimed.send.device_id];
        if (opened.device != device) opened = {device, open_channel(*device, tools.http, tools.world)};
        co_return opened.channel;
    }

    Outgoing compose(const ClaimedSend& claimed) const {
        Target target = open_target(tools.vault, claimed.target);
        Outgoing out;
        out.to = std::move(target.to);
        out.group_id = std::move(target.group_id);
        out.text = claimed.send.content;
        if (claimed.quoted && claimed.send.part == 1) out.reply_to = tools.vault.open(*claimed.quoted, messages::id_data);
        out.opaque = sends::opaque_of(claimed.send);
        return out;
    }

    // --- jobs

    asio::awaitable<std::size_t> claim_jobs() {
        auto due = [](Snapshot& db) { return jobs::any_due(db, db.now()); };
        if (!co_await tools.db.read(due)) co_return 0;
        const int limit = options.job_concurrency - static_cast<int>(jobs_in_flight.size());
        if (limit <= 0) co_return 0;
        auto claim = [this, limit](Transaction& tx) { return jobs::claim(tx, by_worker, tools.job_kinds, limit, tx.now() + options.lease, id); };
        const std::vector<ClaimedJob> claimed = co_await tools.db.write(claim);
        for (const ClaimedJob& job : claimed) {
            jobs_in_flight[job.id] = job;
            spawn(run_job(job), [this, key = job.id] {
                jobs_in_flight.erase(key);
                job_signal.notify();
                if (stopping.load()) upkeep_signal.notify();
            });
        }
        co_return claimed.size();
    }

    asio::awaitable<void> run_job(ClaimedJob job) {
        std::string failure;
        try {
            const auto is_kind = [&job](const JobKind& kind) { return kind.kind == job.kind && kind.version == job.version; };
            const auto kind = std::find_if(tools.job_kinds.begin(), tools.job_kinds.end(), is_kind);
            const JobTools job_tools{tools.db, tools.world, options.keep};
            co_await kind->run(job_tools, job);
        } catch (const std::exception& error) {
            failure = error.what();
        }
        const double jitter = tools.world.random.fraction();
        auto end = [&](Transaction& tx) { failure.empty() ? jobs::finish(tx, job) : jobs::fail(tx, by_worker, job, failure, jitter); };
        co_await write_surely(end);
        if (!failure.empty()) log::warning("job failed", {{"job_id", job.id}, {"kind", job.kind}, {"attempt", job.attempt}, {"error", failure}});
    }

    // --- keeping up

    /// Whether the queue is paused, as of a moment ago.
    asio::awaitable<bool> is_paused(QueueName queue) {
        const auto now = tools.world.clock.since_boot();
        if (!pauses_seen_at || now - *pauses_seen_at >= pause_interval) {
            auto look = [](Snapshot& db) { return pauses::list(db); };
            pauses = co_await tools.db.read(look);
            pauses_seen_at = now;
        }
        co_return std::any_of(pauses.begin(), pauses.end(), [queue](const Pause& pause) { return pause.name == queue; });
    }

    asio::awaitable<void> upkeep() {
        std::vector<std::pair<Lane, ClaimedLane>> held;  // copied here: the unit runs on the database's thread
        for (const auto& [key, lane] : turns_in_flight) held.emplace_back(Lane::turn, lane);
        for (const auto& [key, lane] : sends_in_hand) held.emplace_back(Lane::send, lane);
        const auto now = tools.world.clock.since_boot();
        const bool sweeps = !swept_at || now - *swept_at >= sweep_interval;
        std::vector<ClaimedJob> held_jobs;
        for (const auto& [key, job] : jobs_in_flight) held_jobs.push_back(job);
        auto work = [this, &held, &held_jobs, sweeps](Transaction& tx) {
            workers::heartbeat(tx, id, workers::names_of(options.queues));
            for (const auto& [lane, claimed] : held) lanes::extend(tx, lane, claimed, tx.now() + options.lease);
            for (const ClaimedJob& job : held_jobs) jobs::extend(tx, job, tx.now() + options.lease);
            workers::rescue(tx, by_worker, send_limits());
            if (sweeps) statuses::join_leftovers(tx);
            const Time hour = std::chrono::floor<std::chrono::hours>(tx.now());
            if (hour != retention_hour) retention::enqueue(tx);
            return hour;
        };
        retention_hour = co_await tools.db.write(work);
        if (sweeps) swept_at = now;
    }

    /// Runs beside the loops; a failure is logged and costs at most a lease.
    void spawn(asio::awaitable<void> work, std::function<void()> ended) {
        auto self = shared_from_this();
        asio::co_spawn(executor, std::move(work), [self, ended = std::move(ended)](std::exception_ptr failure) {
            if (failure) log_failure("worker step failed", failure);
            ended();
            self->idle_signal.notify();
        });
    }

    void ended(std::map<ConversationId, ClaimedLane>& in_flight, const ClaimedLane& lane, Signal& signal) {
        if (const auto found = in_flight.find(lane.id); found != in_flight.end() && found->second.lease_no == lane.lease_no) in_flight.erase(found);
        signal.notify();
        if (stopping.load()) upkeep_signal.notify();  // which lengthens leases until the last of them has ended
    }

    static void log_failure(std::string_view phrase, std::exception_ptr failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& error) {
            log::error(phrase, {{"error", error.what()}});
        }
    }

    using Step = asio::awaitable<std::size_t> (State::*)();

    /// Until there is nothing left, or no more is wanted.
    asio::awaitable<void> work_off(QueueName queue, Step step) {
        std::size_t done = 1;
        while (done > 0 && !stopping.load()) {
            ++steps[static_cast<std::size_t>(queue)];
            if (co_await is_paused(queue)) co_return;
            done = co_await (this->*step)();
        }
    }

    /// Calls `step` whenever there may be something for it and its queue is not paused, until the worker stops. An error of the store is waited out.
    asio::awaitable<void> loop(QueueName queue, Signal& signal, Step step) {
        Watch watch(tools.db, tools.world.clock);
        std::chrono::milliseconds pause = 0ms;
        bool was_called = true;
        while (!stopping.load()) {
            ++steps[static_cast<std::size_t>(queue)];
            std::exception_ptr failure;
            try {
                if (was_called || watch.worth_looking()) co_await work_off(queue, step);
                pause = 0ms;
            } catch (...) {
                failure = std::current_exception();
            }
            if (failure) {
                log_failure("worker loop failed", failure);
                pause = std::clamp<std::chrono::milliseconds>(pause * 2, 100ms, 5000ms);
                co_await tools.world.timers.after(pause);
            }
            was_called = co_await signal.wait(poll_interval);
        }
    }

    asio::awaitable<void> upkeep_loop() {
        while (!stopping.load() || is_busy()) {
            std::exception_ptr failure;
            try {
                co_await upkeep();
            } catch (...) {
                failure = std::current_exception();
            }
            if (failure) log_failure("worker upkeep failed", failure);
            co_await upkeep_signal.wait(std::clamp<std::chrono::milliseconds>(options.lease / 4, 20ms, heartbeat_interval_max));
        }
    }

    /// One step of a round, to the end of what it began.
    asio::awaitable<std::size_t> step_of(QueueName queue, Step step) {
        if (!works_on(queue) || co_await is_paused(queue)) co_return 0;
        const std::size_t done = co_await (this->*step)();
        co_await until_idle();
        co_return done;
    }

    bool works_on(QueueName queue) const { return std::find(options.queues.begin(), options.queues.end(), queue) != options.queues.end(); }
    bool is_busy() const { return !turns_in_flight.empty() || !sends_in_hand.empty() || !jobs_in_flight.empty(); }

    void start_loop(QueueName queue, Signal& signal, Step step) {
        if (works_on(queue)) start(loop(queue, signal, step));
    }
    void start(asio::awaitable<void> work) {
        ++loops;
        spawn(std::move(work), [this] { --loops; });
    }

    asio::awaitable<void> until_idle() {
        while (loops > 0 || is_busy()) co_await idle_signal.wait(poll_interval);
    }
};

Worker::Worker(WorkerTools tools, WorkerOptions options, WorkerId id, asio::any_io_executor executor)
    : state_(std::make_shared<State>(tools, options, id, std::move(executor))) {}

Worker::~Worker() = default;

asio::awaitable<void> Worker::run() {
    State& s = *state_;
    s.start_loop(QueueName::inbox, s.inbox_signal, &State::drain_some);
    s.start_loop(QueueName::turn, s.turn_signal, &State::answer_turns);
    s.start_loop(QueueName::send, s.send_signal, &State::claim_sends);
    s.start_loop(QueueName::job, s.job_signal, &State::claim_jobs);
    s.start(s.upkeep_loop());
    co_await s.until_idle();
}

asio::awaitable<std::size_t> Worker::round() {
    State& s = *state_;
    co_await s.upkeep();
    std::size_t done = co_await s.step_of(QueueName::inbox, &State::drain_some);
    done += co_await s.step_of(QueueName::turn, &State::answer_turns);
    done += co_await s.step_of(QueueName::send, &State::claim_sends);
    done += co_await s.step_of(QueueName::job, &State::claim_jobs);
    co_return done;
}

void Worker::notify() {
    state_->inbox_signal.notify();
}

void Worker::stop() {
    state_->stopping.store(true);
    state_->inbox_signal.notify();
    state_->turn_signal.notify();
    state_->send_signal.notify();
    state_->job_signal.notify();
    state_->upkeep_signal.notify();
}

bool Worker::has_moved() {
    State& s = *state_;
    const auto place = [](QueueName queue) { return static_cast<std::size_t>(queue); };
    const auto stands = [&](QueueName queue) { return s.steps[place(queue)] == s.steps_seen[place(queue)]; };
    if (std::any_of(s.options.queues.begin(), s.options.queues.end(), stands)) return false;
    for (const QueueName queue : s.options.queues) s.steps_seen[place(queue)] = s.steps[place(queue)];
    return true;
}

}  // namespace wabot
