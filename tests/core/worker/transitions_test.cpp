// Arrows of the state tables that happen around the work of a message: workers that stop, hang, or do not hear of what they did.
#include <atomic>

#include "core/base/blocking.hpp"
#include "core/base/clock.hpp"
#include "core/base/timers.hpp"
#include "core/base/world.hpp"
#include "core/database/open_database.hpp"
#include "core/messaging/answering/immediate_turns.hpp"
#include "core/messaging/lanes.hpp"
#include "core/messaging/sending/compose.hpp"
#include "core/queue/attempts.hpp"
#include "core/queue/jobs.hpp"
#include "tests/fakes/code_of.hpp"
#include "tests/fakes/pipeline.hpp"
#include "tests/fakes/unsteady_store.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

using Words = std::vector<std::string>;
using Store = UnsteadyStore::Answer;

constexpr const char* carl = "12025550119";

struct Arrows : Pipeline {
    Arrows() { db = &unsteady; }

    /// The message is stored, and nobody has looked at its turn.
    void store_text(const char* from, const std::string& id, const std::string& text) {
        write_text(from, id, text);
        auto others = std::exchange(options.queues, {QueueName::inbox});
        work();
        options.queues = std::move(others);
    }
    /// Its reply waits to be sent.
    void queue_reply(const char* from, const std::string& id, const std::string& text) {
        write_text(from, id, text);
        auto others = std::exchange(options.queues, {QueueName::inbox, QueueName::turn});
        work();
        options.queues = std::move(others);
    }
    std::vector<ClaimedTurn> claim_turns() {
        return store.write([&](Transaction& tx) { return turns::claim(tx, a_cause, answering, 10, tx.now() + options.lease, worker_id, {8}); });
    }
    std::vector<ClaimedSend> claim_sends() {
        return store.write([&](Transaction& tx) { return sends::claim(tx, a_cause, 10, tx.now() + options.lease, worker_id, limits()).sends; });
    }
    /// As another worker does all the time.
    void reclaim() {
        store.write([&](Transaction& tx) { workers::reclaim(tx, a_cause, limits()); });
    }
    void leave() {
        store.write([&](Transaction& tx) { workers::leave(tx, a_cause, worker_id, limits()); });
    }
    void enter() {
        worker_id =
            store.write([&](Transaction& tx) { return workers::enter(tx, a_cause, workers::this_process(), "inbox,turn,send,job", limits()); });
    }
    void set_active(bool is_active) {
        store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.is_active = is_active}); });
    }
    std::int64_t failed_attempts() { return count("SELECT count(*) FROM failed_attempts"); }
    /// Once, of the unit of a worker after which `sql` counts something, and of those that share its COMMIT, the answer is lost.
    void lose_answer_when(std::string sql) {
        std::erase(options.queues, QueueName::job);  // is not what this is about, and fails as well when it shares that COMMIT
        unsteady.look = [this, sql = std::move(sql)](Transaction& tx) {
            return unsteady.answers_lost == 0 && tx.query(sql).one<std::int64_t>() > 0 ? Store::lost : Store::comes;
        };
    }

    /// Time passes in steps shorter than the lease, each after the worker has lengthened it; until more than three leases are over.
    template <class Lease>
    bool outlives_its_lease(Lease lease_until) {
        const Time now = world.clock.now();
        const auto until = lease_until();
        if (until < now + options.lease) return false;
        reclaim();
        if (steps++ >= 6) return true;
        world.clock.advance(options.lease - options.lease / 4);
        return false;
    }

    UnsteadyStore unsteady{store.db()};
    AnswerCaches answering;
    int steps = 0;
};

}  // namespace

// --- a graceful stop

TEST_CASE_METHOD(Arrows, "arrows: a turn in hand when its worker leaves goes back, and its attempt does not count", "[arrows]") {
    store_text(ada, "wamid.1", "one");
    REQUIRE(claim_turns().size() == 1);
    leave();
    CHECK(failed_attempts() == 0);
    CHECK(count("SELECT count(*) FROM conversations WHERE turn_state = 'ready' AND turn_worker IS NULL AND turn_lease_until IS NULL") == 1);
    enter();
    const auto again = claim_turns();
    REQUIRE(again.size() == 1);
    CHECK(again[0].attempt == 1);
}

TEST_CASE_METHOD(Arrows, "arrows: a turn of a worker that has left is written by nobody else's hand", "[arrows]") {
    store_text(ada, "wamid.1", "one");
    const auto claimed = claim_turns();
    REQUIRE(claimed.size() == 1);
    const Decision decision = blocking(turns::decide(claimed[0]));
    leave();
    store.write([&](Transaction& tx) { turns::finish(tx, a_cause, claimed[0], decision); });
    CHECK(all(Direction::outgoing).empty());
    enter();
    work();
    CHECK(sent_texts() == Words{"1"});
    CHECK(turn_of(all()[0].id).attempt == 1);
    check_at_rest();
}

TEST_CASE_METHOD(Arrows, "arrows: a send in hand when its worker leaves goes back as it was, unless it was offered", "[arrows]") {
    queue_reply(ada, "wamid.1", "one");
    const auto claimed = claim_sends();
    REQUIRE(claimed.size() == 1);
    SECTION("claimed: its attempt does not count") {
        leave();
        CHECK(send_states() == Words{"queued 1"});
        CHECK(failed_attempts() == 0);
        CHECK(code_of([&] { store.write([&](Transaction& tx) { sends::begin_hand_over(tx, claimed[0], Bytes{"h"}); }); }) == Errc::stale);
        enter();
        work();
        CHECK(send_states() == Words{"sent 1"});
    }
    SECTION("handing over: nobody knows") {
        store.write([&](Transaction& tx) { sends::begin_hand_over(tx, claimed[0], Bytes{"h"}); });
        leave();
        CHECK(send_states() == Words{"uncertain 1"});
        CHECK(failed_attempts() == 1);
        enter();
        world.clock.advance(options.uncertain_window + 1s);
        work();
        CHECK(send_states() == Words{"failed 1", "sent 2"});
    }
    CHECK(sent_texts() == Words{"1"});
    check_at_rest();
}

TEST_CASE_METHOD(Arrows, "arrows: a worker that is asked to stop ends what it began and gives back what it did not", "[arrows]") {
    options.send_concurrency = 1;
    bool is_held = true;
    http.hangs = [&](const HttpRequest& request) { return is_held && request.body.find(bob) != std::string::npos; };
    queue_reply(ada, "wamid.1", "one");
    bool are_two = false;
    CHECK(run_until(
        [&] {
            // After its first send it claims one more than it has hands for.
            if (http.requests.size() == 1 && !are_two) {
                queue_reply(bob, "wamid.2", "two");
                queue_reply(carl, "wamid.3", "three");
                are_two = true;
            }
            if (http.requests.size() < 2 || count("SELECT count(*) FROM sends WHERE state = 'claimed'") == 0) return false;
            running->stop();
            is_held = false;
            return true;
        },
        world.clock));
    CHECK(send_states() == Words{"sent 1", "sent 1", "queued 1"});
    CHECK(failed_attempts() == 0);
    work();
    CHECK(sent_texts() == Words{"1", "2", "3"});
    check_at_rest();
}

// --- leases

TEST_CASE_METHOD(Arrows, "arrows: a send that takes longer than a lease keeps it", "[arrows]") {
    options.lease = 200ms;
    bool is_held = true;
    http.hangs = [&](const HttpRequest&) { return is_held; };
    queue_reply(ada, "wamid.1", "one");
    const auto lease_until = [&] {
        return store.read([](Snapshot& snapshot) {
            return snapshot.query("SELECT COALESCE(send_lease_until, 0) FROM conversations WHERE send_state = 'running'")
                .first<Time>()
                .value_or(Time{});
        });
    };
    CHECK(run_until(
        [&] {
            if (http.requests.empty() || !outlives_its_lease(lease_until)) return false;
            CHECK(send_states() == Words{"handing_over 1"});
            is_held = false;
            return true;
        },
        world.clock));
    CHECK(send_states() == Words{"sent 1"});
    CHECK(http.requests.size() == 1);
    CHECK(failed_attempts() == 0);
    check_at_rest();
}

TEST_CASE_METHOD(Arrows, "arrows: a turn that takes longer than a lease keeps it", "[arrows]") {
    options.lease = 200ms;
    store_text(ada, "wamid.1", "one");
    // Begun by one who left, it goes the long way; then the store does not take its end.
    REQUIRE(claim_turns().size() == 1);
    leave();
    enter();
    std::atomic<bool> is_held = true;
    unsteady.look = [&](Transaction& tx) {
        if (is_held && tx.query("SELECT count(*) FROM turns WHERE outcome IS NOT NULL").one<std::int64_t>() > 0)
            throw Error(Errc::unavailable, "not now");
        return Store::comes;
    };
    const auto lease_until = [&] {
        return store.read([](Snapshot& snapshot) {
            return snapshot.query("SELECT COALESCE(turn_lease_until, 0) FROM conversations WHERE turn_state = 'running'")
                .first<Time>()
                .value_or(Time{});
        });
    };
    CHECK(run_until(
        [&] {
            if (is_held && outlives_its_lease(lease_until)) is_held = false;
            return http.requests.size() == 1;
        },
        world.clock));
    CHECK(steps > 6);
    CHECK(turn_of(all()[0].id).attempt == 1);
    CHECK(failed_attempts() == 0);
    check_at_rest();
}

// --- claims whose answer was lost

TEST_CASE_METHOD(Arrows, "arrows: a claim whose worker did not hear of it is given up, and what it took runs once", "[arrows]") {
    // The clock stands still: no lease runs out by itself.
    SECTION("turns") {
        store_text(ada, "wamid.1", "one");
        REQUIRE(claim_turns().size() == 1);
        leave();
        enter();
        lose_answer_when("SELECT count(*) FROM conversations WHERE turn_state = 'running'");
    }
    SECTION("sends") {
        queue_reply(ada, "wamid.1", "one");
        lose_answer_when("SELECT count(*) FROM sends WHERE state = 'claimed'");
    }
    SECTION("a turn at once, with its first send") {
        store_text(ada, "wamid.1", "one");
        lose_answer_when("SELECT count(*) FROM turns WHERE outcome = 'replied'");
    }
    options.lease = 400ms;
    CHECK(run_until([&] { return http.requests.size() == 1; }, world.clock));
    CHECK(unsteady.answers_lost > 0);
    CHECK(sent_texts() == Words{"1"});
    CHECK(reply().status == MessageStatus::sent);
    CHECK(failed_attempts() == 1);  // counted: who knows what it did
    check_at_rest();
}

TEST_CASE_METHOD(Arrows, "arrows: a claim that was lost does not touch what the worker holds by others", "[arrows]") {
    options.lease = 400ms;
    bool is_held = true;
    http.hangs = [&](const HttpRequest& request) { return is_held && request.body.find(ada) != std::string::npos; };
    queue_reply(ada, "wamid.1", "one");
    CHECK(run_until(
        [&] {
            if (http.requests.empty()) return false;
            if (!unsteady.look) {
                lose_answer_when("SELECT count(*) FROM sends WHERE state = 'claimed'");
                world.clock.advance(1ms);  // two claims of one instant are one to the lanes
                queue_reply(bob, "wamid.2", "two");
            }
            if (http.requests.size() < 2) return false;
            is_held = false;
            return true;
        },
        world.clock));
    CHECK(unsteady.answers_lost > 0);
    CHECK(send_states() == Words{"sent 1", "sent 2"});
    CHECK(http.requests.size() == 2);
    check_at_rest();
}

// --- turns

TEST_CASE_METHOD(Arrows, "arrows: a turn that failed is not claimed before its back-off is over", "[arrows]") {
    store.write([&](Transaction& tx) { tx.execute("UPDATE agents SET config = '{\"rules\": 7}', revision = revision + 1"); });
    write_text(ada, "wamid.1", "one");
    work();
    const MessageId question = all()[0].id;
    CHECK(turn_of(question).attempt == 1);
    world.clock.advance(1500ms);  // 2 s, a fifth more or less
    work();
    CHECK(claim_turns().empty());
    CHECK(turn_of(question).attempt == 1);
    world.clock.advance(1s);
    work();
    CHECK(turn_of(question).attempt == 2);
    world.clock.advance(3s);  // 4 s now
    work();
    CHECK(turn_of(question).attempt == 2);
    world.clock.advance(2s);
    work();
    CHECK(turn_of(question).attempt == 3);
}

TEST_CASE_METHOD(Arrows, "arrows: an answer at once is not written when what it was decided on has changed", "[arrows]") {
    store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.options = {{"rate_per_s", "16"}}}); });  // one token at a time
    store_text(ada, "wamid.1", "one");
    store_text(bob, "wamid.2", "two");
    const auto look = store.read([&](Snapshot& snapshot) { return turns::load_due(snapshot, answering, 10); });
    REQUIRE(look.ready.size() == 2);
    CHECK_FALSE(look.others);
    const auto decide = [](const ReadyTurn& ready) { return blocking(turns::decide(ready.turn)); };
    const auto conversation = look.ready[0].turn.lane.id;
    Words after{"2", "1"};
    SECTION("the lane was claimed by another") {
        REQUIRE(claim_turns().size() == 2);
        leave();
        enter();
        store.write([&](Transaction& tx) {
            tx.execute("UPDATE conversations SET turn_lease_no = turn_lease_no - 1 WHERE id <> $1", conversation);
            tx.execute("DELETE FROM turns WHERE conversation_id <> $1", conversation);
        });
    }
    SECTION("the lane is held by another") {
        store.write([&](Transaction& tx) { tx.execute("UPDATE conversations SET turn_state = 'running' WHERE id = $1", conversation); });
        after = {"2"};
    }
    SECTION("another has answered it") {
        store.write([&](Transaction& tx) {
            turns::ImmediateTurns at_once(tx, a_cause, worker_id, tx.now() + options.lease, 0);
            CHECK(at_once.finish(look.ready[0], decide(look.ready[0])));
        });
    }
    SECTION("the cursor has passed its message") {
        store.write([&](Transaction& tx) {
            tx.execute("UPDATE conversations SET turn_cursor = $2 WHERE id = $1", conversation, look.ready[0].turn.message.message_id);
        });
        after = {"2"};
    }
    SECTION("a person has taken over") {
        store.write([&](Transaction& tx) { conversations::hand_off(tx, a_cause, conversation, Control::human, tx.now() + 1h); });
        after = {"2"};
    }
    SECTION("a person has the word for longer") {
        // Looked at when the word was the agents' again, as the time was over.
        store.write([&](Transaction& tx) { tx.execute("UPDATE conversations SET control_until = $2 WHERE id = $1", conversation, tx.now() + 1h); });
    }
    const auto replies = count("SELECT count(*) FROM messages WHERE direction = 'outgoing'");
    std::vector<ClaimedSend> claimed;
    store.write([&](Transaction& tx) {
        turns::ImmediateTurns at_once(tx, a_cause, worker_id, tx.now() + options.lease, 10);
        CHECK_FALSE(at_once.finish(look.ready[0], decide(look.ready[0])));
        CHECK(at_once.finish(look.ready[1], decide(look.ready[1])));
        claimed = at_once.claimed();
    });
    // The one token was given back by the first and taken by the second.
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].send.content == "2");
    CHECK(count("SELECT count(*) FROM messages WHERE direction = 'outgoing'") == replies + 1);
    store.write([&](Transaction& tx) { sends::give_back(tx, claimed[0]); });
    for (int i = 0; i < 3; ++i) {
        work();
        world.clock.advance(1s);
    }
    auto sent = sent_texts();
    std::sort(sent.rbegin(), sent.rend());
    CHECK(sent == after);
}

// --- sends

TEST_CASE_METHOD(Arrows, "arrows: a send whose hand-over cannot be written down is not offered, and goes back as it was", "[arrows]") {
    queue_reply(ada, "wamid.1", "one");
    std::atomic<int> times_away = 0;
    unsteady.look = [&](Transaction& tx) {
        static constexpr std::string_view sql = "SELECT count(*) FROM sends WHERE state = 'handing_over' AND lease_no = 1";
        if (tx.query(sql).one<std::int64_t>() == 0) return Store::comes;
        ++times_away;
        throw Error(Errc::unavailable, "the store is away");
    };
    CHECK(run_until([&] { return http.requests.size() == 1; }, world.clock));
    CHECK(times_away > 0);
    CHECK(send_states() == Words{"sent 1"});
    CHECK(failed_attempts() == 0);
    CHECK(count("SELECT max(send_lease_no) FROM conversations") == 2);
    check_at_rest();
}

TEST_CASE_METHOD(Arrows, "arrows: a send whose hand-over was written without an answer is not offered, and goes back as it was", "[arrows]") {
    queue_reply(ada, "wamid.1", "one");
    lose_answer_when("SELECT count(*) FROM sends WHERE state = 'handing_over'");
    CHECK(run_until([&] { return http.requests.size() == 1; }, world.clock));
    CHECK(unsteady.answers_lost > 0);
    CHECK(send_states() == Words{"sent 1"});
    CHECK(failed_attempts() == 0);
    check_at_rest();
}

TEST_CASE_METHOD(Arrows, "arrows: what waits behind a provider that hangs goes back for workers whose hands are free", "[arrows]") {
    options.send_concurrency = 1;
    bool is_held = true;
    http.hangs = [&](const HttpRequest& request) { return is_held && request.body.find(bob) != std::string::npos; };
    queue_reply(ada, "wamid.1", "one");
    enum { begins, hangs, over } stage = begins;
    CHECK(run_until(
        [&] {
            if (stage == begins && http.requests.size() == 1 && reply().status == MessageStatus::sent) {
                queue_reply(bob, "wamid.2", "two");
                queue_reply(carl, "wamid.3", "three");
                stage = hangs;
            }
            if (stage == hangs && send_states() == Words{"sent 1", "handing_over 1", "claimed 1"}) {
                world.clock.advance(3s);
                stage = over;
            }
            if (stage != over || send_states() != Words{"sent 1", "handing_over 1", "queued 1"}) return false;
            // Another one's hands are free.
            const auto claimed = claim_sends();
            REQUIRE(claimed.size() == 1);
            CHECK(claimed[0].send.content == "3");
            store.write([&](Transaction& tx) { sends::give_back(tx, claimed[0]); });
            is_held = false;
            return true;
        },
        world.clock));
    work();
    CHECK(sent_texts() == Words{"1", "2", "3"});
    CHECK(send_states() == Words{"sent 1", "sent 1", "sent 1"});
    CHECK(failed_attempts() == 0);
    check_at_rest();
}

TEST_CASE_METHOD(Arrows, "arrows: the queue of an inactive device stays untouched until it is active again", "[arrows]") {
    queue_reply(ada, "wamid.1", "one");
    set_active(false);
    for (int i = 0; i < 3; ++i) {
        work();
        world.clock.advance(1h);
    }
    CHECK(http.requests.empty());
    CHECK(send_states() == Words{"queued 1"});
    CHECK(failed_attempts() == 0);
    CHECK(reply().status == MessageStatus::queued);
    set_active(true);
    world.clock.advance(10s);
    work();
    CHECK(send_states() == Words{"sent 1"});
    CHECK(sent_texts() == Words{"1"});
    check_at_rest();
}

TEST_CASE_METHOD(Arrows, "arrows: what comes for a disabled device is stored", "[arrows]") {
    set_active(false);
    store_text(ada, "wamid.1", "one");
    work();
    REQUIRE(all().size() == 1);
    CHECK(turn_of(all()[0].id).reason == "device inactive");
    check_at_rest();
}

TEST_CASE_METHOD(Arrows, "arrows: a turn of a device that is inactive when it comes up gives no reply", "[arrows]") {
    store_text(ada, "wamid.1", "one");
    set_active(false);
    work();
    CHECK(turn_of(all()[0].id).reason == "device inactive");
    CHECK(http.requests.empty());
    check_at_rest();
}

TEST_CASE_METHOD(Arrows, "arrows: what a person typed and nobody answered clearly is held, whatever the device says", "[arrows]") {
    write_text(ada, "wamid.1", "what?");
    work();
    http.script = {[](const HttpRequest&) -> HttpOutcome { return HttpFailure{true, "connection closed before an answer"}; }};
    store.write([&](Transaction& tx) {
        messages::send_as_operator(tx, a_cause, {device, all()[0].contact_id, {.text = "Let me see."}, std::nullopt, "c-new", tx.now() + 1h});
    });
    work();
    CHECK(send_states() == Words{"uncertain 1"});
    world.clock.advance(options.uncertain_window + 1s);
    work();
    CHECK(send_states() == Words{"held 1"});
    CHECK(reply().status == MessageStatus::held);
    CHECK(http.requests.size() == 1);
    check_at_rest();
}

// --- the inbox

TEST_CASE_METHOD(Arrows, "arrows: a body for nobody is received again when a device is changed to serve it", "[arrows]") {
    post(envelope("messages", text_item(ada, "wamid.1", "one"), "777"));
    work();
    CHECK(last_event().state == InboxState::unrouted);
    store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.name = "another name"}); });
    work();
    CHECK(last_event().state == InboxState::unrouted);
    store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.options = {{"phone_number_id", "777"}}}); });
    work();
    CHECK(last_event().state == InboxState::done);
    CHECK(sent_texts() == Words{"1"});
    check_at_rest();
}

// --- jobs and pauses

namespace {

std::atomic<bool> job_is_held, job_runs;

asio::awaitable<void> wait_long(const JobTools&, const ClaimedJob&) {
    job_runs = true;
    while (job_is_held) co_await real_world().timers.after(std::chrono::milliseconds(5));
}

constexpr JobKind slow_kinds[] = {{"slow", 1, wait_long}};

struct SlowJob : Arrows {
    SlowJob() {
        job_kinds = slow_kinds;
        job_is_held = true;
        job_runs = false;
        options.queues = {QueueName::job};
        options.lease = 200ms;
        store.write([](Transaction& tx) { jobs::enqueue(tx, {.kind = "slow"}); });
    }
    std::string state() {
        return store.read(
            [](Snapshot& snapshot) { return snapshot.query("SELECT state || ' ' || attempt FROM jobs WHERE kind = 'slow'").one<std::string>(); });
    }
};

}  // namespace

TEST_CASE_METHOD(SlowJob, "arrows: a job that runs when its worker is asked to stop comes to its end, its lease lengthened", "[arrows]") {
    const auto lease_until = [&] {
        return store.read([](Snapshot& snapshot) {
            return snapshot.query("SELECT lease_until FROM jobs WHERE kind = 'slow' AND state = 'running'").first<Time>().value_or(Time{});
        });
    };
    bool is_asked = false;
    CHECK(run_until(
        [&] {
            if (job_runs && !is_asked) {
                running->stop();
                is_asked = true;
            }
            if (!is_asked || !outlives_its_lease(lease_until)) return false;
            CHECK(state() == "running 1");
            job_is_held = false;
            return true;
        },
        world.clock));
    CHECK(state() == "done 1");
    CHECK(failed_attempts() == 0);
}

TEST_CASE_METHOD(SlowJob, "arrows: a job whose worker leaves before its end goes back uncounted, and the late end is nobody's", "[arrows]") {
    bool has_left = false;
    CHECK(run_until(
        [&] {
            if (!job_runs) return false;
            // As one does whose time to stop is over; upkeep of the worker itself goes on.
            leave();
            has_left = true;
            CHECK(state() == "ready 0");
            running->stop();
            job_is_held = false;
            return true;
        },
        world.clock));
    CHECK(has_left);
    CHECK(state() == "ready 0");
    enter();
    work();
    CHECK(state() == "done 1");
}

TEST_CASE_METHOD(Arrows, "arrows: a pause outlives those who work and who asked for it", "[arrows]") {
    store.write([](Transaction& tx) { pauses::pause(tx, a_cause, QueueName::send); });
    write_text(ada, "wamid.1", "one");
    leave();
    enter();
    const auto reopened = open_database(store.url(), world.clock, {.uses_own_clock = true});
    db = reopened.get();
    CHECK(run_until([&] { return all(Direction::outgoing).size() == 1; }));
    world.clock.advance(1h);
    work();
    CHECK(send_states() == Words{"queued 1"});
    CHECK(http.requests.empty());
    store.write([](Transaction& tx) { pauses::resume(tx, a_cause, QueueName::send); });
    CHECK(run_until([&] { return http.requests.size() == 1; }));
    CHECK(send_states() == Words{"sent 1"});
    check_at_rest();
}
