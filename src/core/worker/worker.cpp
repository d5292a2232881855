#include "core/worker/worker.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <limits>
#include <map>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/fault_point.hpp"
#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/base/timers.hpp"
#include "core/base/world.hpp"
#include "core/database/database_fault.hpp"
#include "core/messaging/answering/immediate_turns.hpp"
#include "core/messaging/answering/turns.hpp"
#include "core/messaging/receiving/inbox_drain.hpp"
#include "core/messaging/sending/statuses.hpp"
#include "core/queue/jobs.hpp"
#include "core/queue/pauses.hpp"
#include "core/worker/send_dispatcher.hpp"
#include "core/worker/worker_context.hpp"
#include "core/worker/worker_registry.hpp"

namespace wabot {

namespace {

using namespace std::chrono_literals;

constexpr auto timer_interval = 250ms;     // how soon work that becomes due by itself is seen
constexpr auto gather_interval = 5ms;      // between two looks at an empty lane of sends: each that ends calls for one
constexpr auto pause_interval = 200ms;     // how soon a pause of a queue is seen
constexpr double left_to_others_ms = 500;  // the inbox that another drainer is at: what is read beside it is read for nothing
constexpr int claim_max = 64;
constexpr auto sweep_interval = 60s;  // of what should not be left over, and may be
constexpr auto heartbeat_interval_max = workers::silence_max / 4;

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

struct Worker::State final : WorkerContext {
    State(WorkerTools t, WorkerOptions o, WorkerId worker, asio::any_io_executor ex)
        : WorkerContext(t, o, worker, ex), inbox_signal(ex), turn_signal(ex), job_signal(ex), sending(*this) {}

    Signal inbox_signal, turn_signal, job_signal;
    SendDispatcher sending;
    DrainLog drain_log;
    // What is in flight, by lane: only these leases are lengthened, so that what was lost on the way runs out and is taken up again.
    std::map<ConversationId, ClaimedLane> turns_in_flight;
    std::map<JobId, ClaimedJob> jobs_in_flight;
    std::vector<Pause> pauses;
    std::optional<std::chrono::nanoseconds> pauses_seen_at;
    Time retention_hour{};  // whose job was put in line
    std::optional<std::chrono::nanoseconds> swept_at;
    int loops = 0;
    std::array<std::atomic<std::uint64_t>, std::size(all_queues)> steps{};  // what each queue's loop took, and how many of these has_moved() saw
    std::array<std::uint64_t, std::size(all_queues)> steps_seen{};
    AnswerCaches answering;

    turns::Limits turn_limits() const { return {options.turn_attempts}; }

    // --- inbox

    asio::awaitable<std::size_t> drain_some() {
        const std::optional<std::size_t> drained = co_await drain_inbox(tools.db, tools.vault, tools.world.random, tools.registry, drain_log,
                                                                        {options.takeover_timeout, options.media_wait});
        if (!drained) {
            const std::chrono::milliseconds pause(static_cast<int>(left_to_others_ms * (0.5 + tools.world.random.fraction())));
            co_await tools.world.timers.after(pause);
        }
        if (drained.value_or(0) == 0) co_return 0;
        WABOT_FAULT("inbox.drained");
        turn_signal.notify();
        co_return *drained;
    }

    // --- turns

    asio::awaitable<std::size_t> answer_turns() {
        auto load_due = [this](Snapshot& db) { return turns::load_due(db, answering, claim_max); };
        turns::DueTurns due = co_await tools.db.read(load_due);
        std::size_t answered = 0;
        if (options.turn_concurrency > 0) answered = co_await answer_at_once(due);
        if (due.others) answered += co_await claim_turns();
        co_return answered;
    }

    /// Those that cannot be decided or written this way are left to be claimed.
    asio::awaitable<std::size_t> answer_at_once(turns::DueTurns& due) {
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
        const sends::SendCapacity room = sending.room().at_most(may_send ? std::numeric_limits<int>::max() : 0);
        Time until{};
        auto finish = [&](Transaction& tx) {
            Done now;
            until = tx.now() + options.lease;
            turns::ImmediateTurns at_once(tx, by_worker, id, until, room);
            for (const auto& [ready, decision] : decided) now.finished += at_once.finish(ready, decision) ? 1U : 0U;
            now.claimed = at_once.claimed();
            done = std::move(now);
        };
        const auto claimed_at = tools.world.clock.since_boot();
        try {
            co_await write_claim(finish, until);
        } catch (const Error& error) {
            if (is_of_store(error)) throw;
            due.others = true;
            co_return 0;
        }
        WABOT_FAULT("turn.finished");
        sending.accept_claimed(std::move(done.claimed), claimed_at);
        sending.signal().notify();
        co_return done.finished;
    }

    asio::awaitable<std::size_t> claim_turns() {
        const int limit = std::min(claim_max, options.turn_concurrency - static_cast<int>(turns_in_flight.size()));
        if (limit <= 0) co_return 0;
        Time until{};
        auto claim = [this, limit, &until](Transaction& tx) {
            until = tx.now() + options.lease;
            return turns::claim(tx, by_worker, answering, limit, until, id, turn_limits());
        };
        auto claimed = co_await write_claim(claim, until);
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
        sending.signal().notify();
    }

    asio::awaitable<std::size_t> claim_sends() { return sending.claim(); }

    // --- jobs

    asio::awaitable<std::size_t> claim_jobs() {
        auto due = [](Snapshot& db) { return jobs::any_due(db, db.now()); };
        if (!co_await tools.db.read(due)) co_return 0;
        const int limit = options.job_concurrency - static_cast<int>(jobs_in_flight.size());
        if (limit <= 0) co_return 0;
        const auto is_known = [this](std::string_view kind, std::int64_t version) {
            return find_job_kind(tools.job_kinds, kind, version) != nullptr;
        };
        auto claim = [&](Transaction& tx) { return jobs::claim(tx, by_worker, is_known, limit, tx.now() + options.lease, id); };
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
            const JobTools job_tools{tools.db, tools.vault, tools.world, tools.http, tools.blobs, tools.registry, options.keep};
            co_await find_job_kind(tools.job_kinds, job.kind, job.version)->run(job_tools, job);
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
            auto load_due = [](Snapshot& db) { return pauses::list(db); };
            pauses = co_await tools.db.read(load_due);
            pauses_seen_at = now;
        }
        co_return std::any_of(pauses.begin(), pauses.end(), [queue](const Pause& pause) { return pause.name == queue; });
    }

    asio::awaitable<void> upkeep() {
        std::vector<std::pair<Lane, ClaimedLane>> held;  // copied here: the unit runs on the database's thread
        for (const auto& [key, lane] : turns_in_flight) held.emplace_back(Lane::turn, lane);
        for (const auto& [key, lane] : sending.lanes_in_flight()) held.emplace_back(Lane::send, lane);
        const auto now = tools.world.clock.since_boot();
        const bool sweeps = !swept_at || now - *swept_at >= sweep_interval;
        std::vector<ClaimedJob> held_jobs;
        for (const auto& [key, job] : jobs_in_flight) held_jobs.push_back(job);
        const std::vector<Time> lost = lost_claims;
        auto work = [this, &held, &held_jobs, &lost, sweeps](Transaction& tx) {
            workers::heartbeat(tx, id, workers::names_of(options.queues));
            for (const Time until : lost)
                for (const Lane lane : {Lane::turn, Lane::send}) lanes::expire(tx, lane, id, until);
            for (const auto& [lane, claimed] : held) lanes::extend(tx, lane, claimed, tx.now() + options.lease);
            for (const ClaimedJob& job : held_jobs) jobs::extend(tx, job, tx.now() + options.lease);
            workers::reclaim(tx, by_worker, send_limits());
            if (sweeps) statuses::join_leftovers(tx);
            const Time hour = std::chrono::floor<std::chrono::hours>(tx.now());
            if (hour != retention_hour) retention::enqueue(tx);
            return hour;
        };
        retention_hour = co_await tools.db.write(work);
        lost_claims.erase(lost_claims.begin(), lost_claims.begin() + static_cast<std::ptrdiff_t>(lost.size()));
        if (sweeps) swept_at = now;
    }

    using Step = asio::awaitable<std::size_t> (State::*)();

    /// Until there is nothing left, or no more is wanted. How much it did.
    asio::awaitable<std::size_t> work_off(QueueName queue, Step step) {
        std::size_t done = 1, all = 0;
        while (done > 0 && !stopping.load()) {
            ++steps[static_cast<std::size_t>(queue)];
            if (co_await is_paused(queue)) co_return all;
            done = co_await (this->*step)();
            all += done;
        }
        co_return all;
    }

    /// Calls `step` whenever there may be something for it and its queue is not paused, until the worker stops. An error of the store is waited out.
    asio::awaitable<void> loop(QueueName queue, Signal& signal, Step step, std::chrono::milliseconds gather = 0ms) {
        Watch watch(tools.db, tools.world.clock);
        std::chrono::milliseconds pause = 0ms;
        bool was_called = true;
        while (!stopping.load()) {
            ++steps[static_cast<std::size_t>(queue)];
            std::exception_ptr failure;
            try {
                const bool looks = was_called || watch.worth_looking();
                if (looks && co_await work_off(queue, step) == 0 && gather > 0ms) co_await tools.world.timers.after(gather);
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
    bool is_busy() const { return !turns_in_flight.empty() || !sending.lanes_in_flight().empty() || !jobs_in_flight.empty(); }

    void start_loop(QueueName queue, Signal& signal, Step step, std::chrono::milliseconds gather = 0ms) {
        if (works_on(queue)) start(loop(queue, signal, step, gather));
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
    s.start_loop(QueueName::send, s.sending.signal(), &State::claim_sends, gather_interval);
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
    state_->sending.signal().notify();
    state_->job_signal.notify();
    state_->upkeep_signal.notify();
}

bool Worker::made_progress() {
    State& s = *state_;
    const auto place = [](QueueName queue) { return static_cast<std::size_t>(queue); };
    const auto stands = [&](QueueName queue) { return s.steps[place(queue)] == s.steps_seen[place(queue)]; };
    if (std::any_of(s.options.queues.begin(), s.options.queues.end(), stands)) return false;
    for (const QueueName queue : s.options.queues) s.steps_seen[place(queue)] = s.steps[place(queue)];
    return true;
}

}  // namespace wabot
