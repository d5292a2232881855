#include "core/operations/work_actions.hpp"
#include "core/base/clock.hpp"

#include "core/database/filter.hpp"
#include "core/operations/work_items.hpp"
#include "core/queue/attempts.hpp"
#include "tests/fakes/code_of.hpp"
#include "tests/fakes/pipeline.hpp"

using namespace wabot;
using namespace wabot::test;
using work_actions::Verdict;

namespace {

using Words = std::vector<std::string>;

HttpOutcome no_answer(const HttpRequest&) {
    return HttpFailure{true, "connection closed before an answer"};
}

struct Operator : Pipeline {
    bool retry(const WorkId& id) {
        return store.write([&](Transaction& tx) { return work_actions::retry(tx, a_cause, id, tx.now()); });
    }
    bool cancel(const WorkId& id) {
        return store.write([&](Transaction& tx) { return work_actions::cancel(tx, a_cause, id); });
    }
    bool resolve(const WorkId& id, Verdict truth) {
        return store.write([&](Transaction& tx) { return work_actions::resolve(tx, a_cause, id, truth); });
    }
    WorkState state(const WorkId& id) {
        return store.read([&](Snapshot& db) { return work::state_of(db, id).state; });
    }
    WorkItem item(const WorkId& id) {
        return store.read([&](Snapshot& db) { return work::get(db, id); });
    }
    std::vector<FailedAttempt> failures(const WorkId& id) {
        return store.read([&](Snapshot& db) { return attempts::list(db, id.queue, id.number); });
    }
    Words listed(const work::Filter& filter = {}) {
        Words out;
        for (const auto& listed : store.read([&](Snapshot& db) { return work::list(db, filter, {.limit = 100}); })) out.push_back(listed.item.id);
        return out;
    }
    Words message_states() {
        Words out;
        for (const Message& message : all(Direction::outgoing)) out.emplace_back(to_word(message.status));
        return out;
    }
    /// That a person's step stands in the feed under the person's name.
    bool is_noted(std::string_view kind, const WorkId& id) {
        return store.read([&](Snapshot& db) {
            static constexpr std::string_view sql =
                "SELECT count(*) FROM changes WHERE kind = $1 AND object_type = $2 AND object_id = $3 AND actor = $4";
            return db.query(sql, kind, to_word(id.queue), id.number, a_cause.actor.label).one<std::int64_t>() == 1;
        });
    }

    void break_agent() {
        store.write([](Transaction& tx) { tx.execute("UPDATE agents SET config = '{\"rules\": 7}', revision = revision + 1"); });
    }
    void mend_agent() {
        store.write([](Transaction& tx) {
            tx.execute(
                "UPDATE agents SET config = '{\"rules\": [{\"pattern\": \"one\", \"response\": \"1\"}, {\"pattern\": \"two\", \"response\": \"2\"}, "
                "{\"pattern\": \"three\", \"response\": \"3\"}]}', revision = revision + 1");
        });
    }
    /// A dead turn of a message for each text.
    void die(const Words& texts) {
        options.turn_attempts = 1;
        break_agent();
        for (std::size_t i = 0; i < texts.size(); ++i) write_text(ada, "wamid.dead" + std::to_string(i), texts[i]);
        work();
        mend_agent();
    }
    /// An uncertain send of "1".
    void be_uncertain() {
        http.script = {no_answer};
        write_text(ada, "wamid.1", "one");
        work();
        REQUIRE(send_states() == Words{"uncertain 1"});
    }
    void be_held() {
        store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.options = {{"on_uncertain", "hold"}}}); });
        be_uncertain();
        world.clock.advance(options.uncertain_window + 1s);
        work();
        REQUIRE(send_states() == Words{"held 1"});
    }
    void be_dead() {
        http.script = {[](const HttpRequest&) { return graph_error(400, 131026); }};
        write_text(ada, "wamid.1", "one");
        work();
        REQUIRE(send_states() == Words{"failed 1"});
    }
    void be_retrying() {
        http.script = {[](const HttpRequest&) { return graph_error(500, 131000); }};
        write_text(ada, "wamid.1", "one");
        work();
        REQUIRE(send_states() == Words{"queued 2"});
    }

    const WorkId turn{QueueName::turn, 1};
    const WorkId send{QueueName::send, 1};
    const WorkId job{QueueName::job, 1};
};

}  // namespace

// --- turns

TEST_CASE_METHOD(Operator, "work actions: a dead turn that is retried is answered before what came later", "[work_actions]") {
    die({"one"});
    CHECK(state(turn) == WorkState::dead);
    CHECK(failures(turn).size() == 1);
    write_text(ada, "wamid.2", "two");
    options.turn_concurrency = 0;
    one_round();  // stored, and not answered yet
    options.turn_concurrency = 256;
    retry(turn);
    CHECK(state(turn) == WorkState::available);
    work();
    CHECK(sent_texts() == Words{"1", "2"});
    CHECK(state(turn) == WorkState::done);
    CHECK(item(turn).attempt == 1);
    CHECK(is_noted("turn.retried", turn));
    check_at_rest();
    work();
    CHECK(sent_texts().size() == 2);
}

TEST_CASE_METHOD(Operator, "work actions: several dead turns of one conversation are answered again in their order", "[work_actions]") {
    die({"one", "two", "three"});
    REQUIRE(listed() == Words{"turn/3", "turn/2", "turn/1"});
    retry({QueueName::turn, 3});
    retry({QueueName::turn, 1});
    retry({QueueName::turn, 2});
    work();
    CHECK(sent_texts() == Words{"1", "2", "3"});
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: a turn that dies again is a dead letter again", "[work_actions]") {
    die({"one"});
    break_agent();
    retry(turn);
    work();
    CHECK(state(turn) == WorkState::dead);
    CHECK(failures(turn).size() == 2);
    check_at_rest();
    mend_agent();
    retry(turn);
    work();
    CHECK(sent_texts() == Words{"1"});
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: a turn under retry survives the death of its worker", "[work_actions]") {
    die({"one"});
    options.turn_attempts = 8;
    retry(turn);
    AnswerCaches answering;
    const auto claimed =
        store.write([&](Transaction& tx) { return turns::claim(tx, a_cause, answering, 10, tx.now() + options.lease, worker_id, {8}); });
    REQUIRE(claimed.size() == 1);
    CHECK(state(turn) == WorkState::running);
    CHECK(code_of([&] { cancel(turn); }) == Errc::conflict);
    CHECK(code_of([&] { retry(turn); }) == Errc::conflict);
    world.clock.advance(options.lease + 1s);
    work();
    CHECK(sent_texts() == Words{"1"});
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: a cancelled turn leaves its message without an answer, and the lane goes on", "[work_actions]") {
    SECTION("that is tried again") {
        break_agent();
        write_text(ada, "wamid.1", "one");
        write_text(ada, "wamid.2", "two");
        work();
        REQUIRE(state(turn) == WorkState::retrying);
        mend_agent();
        cancel(turn);
        work();
        CHECK(sent_texts() == Words{"2"});
    }
    SECTION("that is the only one") {
        break_agent();
        write_text(ada, "wamid.1", "one");
        work();
        cancel(turn);
        check_at_rest();
        mend_agent();
        work();
        CHECK(sent_texts().empty());
    }
    SECTION("that was to be answered after all") {
        die({"one"});
        retry(turn);
        cancel(turn);
        check_at_rest();
        work();
        CHECK(sent_texts().empty());
    }
    SECTION("that is dead") {
        die({"one"});
        cancel(turn);
    }
    CHECK(state(turn) == WorkState::cancelled);
    CHECK(is_noted("turn.cancelled", turn));
    CHECK(code_of([&] { retry(turn); }) == Errc::conflict);
    CHECK_FALSE(cancel(turn));
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: a finished turn is left alone", "[work_actions]") {
    write_text(ada, "wamid.1", "one");
    work();
    CHECK(state(turn) == WorkState::done);
    CHECK(code_of([&] { retry(turn); }) == Errc::conflict);
    CHECK(code_of([&] { cancel(turn); }) == Errc::conflict);
    CHECK(code_of([&] { resolve(turn, Verdict::sent); }) == Errc::conflict);
}

// --- sends

TEST_CASE_METHOD(Operator, "work actions: a dead send that is retried goes as a new attempt, with all its tries", "[work_actions]") {
    options.send_attempts = 1;
    be_dead();
    CHECK(message_states() == Words{"failed"});
    CHECK(failures(send).size() == 1);
    CHECK(retry(send));
    CHECK_FALSE(retry(send));
    CHECK(message_states() == Words{"queued"});
    CHECK(state(send) == WorkState::done);
    work();
    CHECK(send_states() == Words{"failed 1", "sent 2"});
    CHECK(message_states() == Words{"sent"});
    CHECK(is_noted("send.retried", send));
    CHECK(code_of([&] { retry(send); }) == Errc::conflict);
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: a retried send goes before what is queued behind its message", "[work_actions]") {
    be_dead();
    options.send_concurrency = 0;
    write_text(ada, "wamid.2", "two");
    work();
    retry(send);
    options.send_concurrency = 32;
    work();
    CHECK(sent_texts() == Words{"1", "1", "2"});
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: a retried send that fails again is the dead letter", "[work_actions]") {
    be_dead();
    http.script = {[](const HttpRequest&) { return graph_error(400, 131026); }};
    retry(send);
    work();
    CHECK(listed({.state = WorkState::dead}) == Words{"send/2"});
    CHECK(message_states() == Words{"failed"});
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: a retried send has its two repeats again when nobody answers clearly", "[work_actions]") {
    be_dead();
    http.otherwise = no_answer;
    retry(send);
    for (int i = 0; i < 6; ++i) {
        work();
        world.clock.advance(options.uncertain_window + 1s);
    }
    CHECK(send_states() == Words{"failed 1", "failed 2", "failed 3", "held 4"});
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: a held send waits for a person", "[work_actions]") {
    be_held();
    CHECK(state(send) == WorkState::held);
    SECTION("who says that it arrived") {
        CHECK(resolve(send, Verdict::sent));
        CHECK_FALSE(resolve(send, Verdict::sent));
        work();
        CHECK(send_states() == Words{"sent 1"});
        CHECK(message_states() == Words{"sent"});
        CHECK(is_noted("send.resolved_sent", send));
    }
    SECTION("who says that it did not") {
        CHECK(resolve(send, Verdict::not_sent));
        CHECK_FALSE(resolve(send, Verdict::not_sent));
        work();
        CHECK(send_states() == Words{"failed 1", "sent 2"});
        CHECK(message_states() == Words{"sent"});
        CHECK(is_noted("send.resolved_not_sent", send));
    }
    SECTION("who tries again") {
        retry(send);
        work();
        CHECK(send_states() == Words{"failed 1", "sent 2"});
        CHECK(listed().empty());
    }
    SECTION("who gives it up") {
        cancel(send);
        work();
        CHECK(send_states() == Words{"cancelled 1"});
        CHECK(message_states() == Words{"cancelled"});
    }
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: an uncertain send is settled by a person before its window ends", "[work_actions]") {
    be_uncertain();
    write_text(ada, "wamid.2", "two");
    work();
    REQUIRE(sent_texts() == Words{"1"});
    CHECK(code_of([&] { retry(send); }) == Errc::conflict);
    SECTION("as sent, and the next one goes") {
        resolve(send, Verdict::sent);
        work();
        CHECK(sent_texts() == Words{"1", "2"});
        CHECK(message_states() == Words{"sent", "sent"});
    }
    SECTION("as not sent, and it goes again before the next one") {
        resolve(send, Verdict::not_sent);
        work();
        CHECK(sent_texts() == Words{"1", "1", "2"});
        CHECK(message_states() == Words{"sent", "sent"});
        SECTION("a status that says it had arrived makes the double known") {
            status("wamid.out", "sent", std::to_string(all(Direction::outgoing)[0].id.value) + ".1.1");
            work();
            CHECK(count("SELECT count(*) FROM sends WHERE duplicate_at IS NOT NULL") == 1);
        }
    }
    SECTION("given up, and the next one goes") {
        cancel(send);
        work();
        CHECK(sent_texts() == Words{"1", "2"});
        CHECK(message_states() == Words{"cancelled", "sent"});
        SECTION("a status that comes later says that it arrived") {
            status("wamid.out", "delivered", std::to_string(all(Direction::outgoing)[0].id.value) + ".1.1");
            work();
            CHECK(state(send) == WorkState::done);
        }
    }
    CHECK(code_of([&] { resolve(send, Verdict::not_sent); }) == Errc::conflict);
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: saying that a second attempt arrived too makes the double known", "[work_actions]") {
    be_uncertain();
    resolve(send, Verdict::not_sent);
    http.script = {no_answer};
    work();
    status("wamid.out", "sent", std::to_string(all(Direction::outgoing)[0].id.value) + ".1.1");
    options.send_concurrency = 0;
    work();
    REQUIRE(send_states() == Words{"sent 1", "uncertain 2"});
    resolve({QueueName::send, 2}, Verdict::sent);
    CHECK(count("SELECT count(*) FROM sends WHERE duplicate_at IS NOT NULL") == 1);
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: what was accepted by another attempt is not sent again by hand", "[work_actions]") {
    be_held();
    status("wamid.out", "sent", std::to_string(all(Direction::outgoing)[0].id.value) + ".1.1");
    work();
    CHECK(code_of([&] { retry(send); }) == Errc::conflict);
    CHECK(code_of([&] { resolve(send, Verdict::not_sent); }) == Errc::conflict);
    CHECK(http.requests.size() == 1);
}

TEST_CASE_METHOD(Operator, "work actions: a dead send that is cancelled is no dead letter any more", "[work_actions]") {
    be_dead();
    CHECK(listed() == Words{"send/1"});
    cancel(send);
    CHECK(send_states() == Words{"cancelled 1"});
    CHECK(message_states() == Words{"failed"});  // and says why: that it was given up changes nothing about that
    CHECK(reply().error);
    CHECK(listed().empty());
    CHECK(is_noted("send.cancelled", send));
    CHECK_FALSE(cancel(send));
    work();
    CHECK(http.requests.size() == 1);
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: a queued send is cancelled, and the others keep their times", "[work_actions]") {
    be_retrying();
    write_text(ada, "wamid.2", "two");
    work();
    REQUIRE(listed() == Words{"send/2", "send/1"});
    SECTION("the first: the second goes at once") {
        cancel(send);
        work();
        CHECK(sent_texts() == Words{"1", "2"});
        CHECK(message_states() == Words{"cancelled", "sent"});
        SECTION("and goes after all when it is wanted again") {
            retry(send);
            work();
            CHECK(sent_texts() == Words{"1", "2", "1"});
            CHECK(message_states() == Words{"sent", "sent"});
        }
    }
    SECTION("the second: the first goes on waiting") {
        cancel({QueueName::send, 2});
        work();
        CHECK(sent_texts() == Words{"1"});
        world.clock.advance(1min);
        work();
        CHECK(sent_texts() == Words{"1", "1"});
    }
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: what a worker holds is left alone", "[work_actions]") {
    options.send_concurrency = 0;
    write_text(ada, "wamid.1", "one");
    work();
    CHECK(state(send) == WorkState::available);
    const auto claimed =
        store.write([&](Transaction& tx) { return sends::claim(tx, a_cause, 10, tx.now() + options.lease, worker_id, limits()).sends; });
    REQUIRE(claimed.size() == 1);
    CHECK(state(send) == WorkState::running);
    CHECK(code_of([&] { cancel(send); }) == Errc::conflict);
    CHECK(code_of([&] { retry(send); }) == Errc::conflict);
    CHECK(code_of([&] { resolve(send, Verdict::sent); }) == Errc::conflict);
    SECTION("and what stands behind it can be cancelled meanwhile") {
        write_text(ada, "wamid.2", "two");
        work();
        cancel({QueueName::send, 2});
        const Sealed id = vault.seal("wamid.out", messages::id_data);
        store.write([&](Transaction& tx) {
            sends::begin_hand_over(tx, claimed[0], Bytes{"x"});
            sends::record_sent(tx, a_cause, claimed[0], id);
        });
        options.send_concurrency = 32;
        work();
        CHECK(send_states() == Words{"sent 1", "cancelled 1"});
        CHECK(http.requests.empty());
        check_at_rest();
    }
    SECTION("and a dead one of the conversation can be retried meanwhile") {
        store.write([&](Transaction& tx) {
            sends::begin_hand_over(tx, claimed[0], Bytes{"x"});
            sends::record_refused(tx, a_cause, claimed[0], NotSent{RetryClass::permanent, std::nullopt, "131026", "no"}, limits(), 0.5);
        });
        write_text(ada, "wamid.2", "two");
        work();
        const auto second =
            store.write([&](Transaction& tx) { return sends::claim(tx, a_cause, 10, tx.now() + options.lease, worker_id, limits()).sends; });
        REQUIRE(second.size() == 1);
        retry(send);
        const Sealed id = vault.seal("wamid.out", messages::id_data);
        store.write([&](Transaction& tx) {
            sends::begin_hand_over(tx, second[0], Bytes{"x"});
            sends::record_sent(tx, a_cause, second[0], id);
        });
        options.send_concurrency = 32;
        work();
        CHECK(send_states() == Words{"failed 1", "sent 1", "sent 2"});
        check_at_rest();
    }
}

// --- jobs

TEST_CASE_METHOD(Operator, "work actions: jobs are retried from dead, held and cancelled, and cancelled while they wait", "[work_actions]") {
    store.write([](Transaction& tx) {
        tx.execute("INSERT INTO jobs (kind, state, attempt, due_at, created_at, updated_at) VALUES ('retention', 'ready', 0, $1, $1, $1)", tx.now());
    });
    const auto set = [&](std::string_view state, int attempt) {
        store.write([&](Transaction& tx) { tx.execute("UPDATE jobs SET state = $1, attempt = $2 WHERE id = 1", state, attempt); });
    };
    for (const std::string_view from : {"dead", "held", "cancelled"}) {
        set(from, 20);
        retry(job);
        CHECK(state(job) == WorkState::available);
    }
    for (const std::string_view from : {"ready", "dead", "held"}) {
        set(from, 3);
        cancel(job);
        CHECK(state(job) == WorkState::cancelled);
    }
    CHECK(count("SELECT count(*) FROM jobs WHERE id = 1 AND finished_at IS NOT NULL") == 1);
    set("running", 1);
    CHECK(code_of([&] { cancel(job); }) == Errc::conflict);
    CHECK(code_of([&] { retry(job); }) == Errc::conflict);
    set("ready", 2);
    CHECK(state(job) == WorkState::retrying);
    CHECK(code_of([&] { resolve(job, Verdict::sent); }) == Errc::conflict);
    work();
    CHECK(state(job) == WorkState::done);
    CHECK(code_of([&] { cancel(job); }) == Errc::conflict);
    CHECK(code_of([&] { retry(job); }) == Errc::conflict);
}

// --- what waits for its next attempt

TEST_CASE_METHOD(Operator, "work actions: what waits for its next attempt goes now, once, and its attempts count on", "[work_actions]") {
    SECTION("a send") {
        be_retrying();
        CHECK(state(send) == WorkState::retrying);
        CHECK(retry(send));
        CHECK_FALSE(retry(send));
        CHECK(is_noted("send.retried", send));
        work();
        CHECK(sent_texts() == Words{"1", "1"});
        CHECK(item(send).attempt == 2);
    }
    SECTION("a turn") {
        options.turn_attempts = 3;
        break_agent();
        write_text(ada, "wamid.1", "one");
        work();
        mend_agent();
        CHECK(state(turn) == WorkState::retrying);
        CHECK(retry(turn));
        CHECK_FALSE(retry(turn));
        CHECK(is_noted("turn.retried", turn));
        work();
        CHECK(sent_texts() == Words{"1"});
        CHECK(item(turn).attempt == 2);
    }
    SECTION("a job") {
        store.write([](Transaction& tx) {
            static constexpr std::string_view sql =
                "INSERT INTO jobs (kind, state, attempt, due_at, created_at, updated_at) VALUES ('retention', 'ready', 2, $2, $1, $1)";
            tx.execute(sql, tx.now(), tx.now() + 5h);
        });
        CHECK(retry(job));
        CHECK_FALSE(retry(job));
        work();
        CHECK(state(job) == WorkState::done);
        CHECK(item(job).attempt == 3);
    }
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: what waits since the clock was ahead waits no longer than was meant", "[work_actions]") {
    const Time right = world.clock.now();
    world.clock.set(right + 7h);
    SECTION("a send") {
        be_retrying();
        world.clock.set(right);
        work();
        CHECK(sent_texts() == Words{"1"});  // its back-off is not over
        world.clock.advance(1min);
        work();
        CHECK(sent_texts() == Words{"1", "1"});
    }
    SECTION("a turn") {
        options.turn_attempts = 3;
        break_agent();
        write_text(ada, "wamid.1", "one");
        work();
        mend_agent();
        world.clock.set(right);
        work();
        world.clock.advance(1min);
        work();
        CHECK(sent_texts() == Words{"1"});
    }
    SECTION("a job") {
        store.write([](Transaction& tx) {
            static constexpr std::string_view sql =
                "INSERT INTO jobs (kind, state, attempt, due_at, created_at, updated_at) VALUES ('retention', 'ready', 2, $2, $1, $1)";
            tx.execute(sql, tx.now(), tx.now() + 30s);
        });
        world.clock.set(right);
        work();
        CHECK(state(job) == WorkState::retrying);
        world.clock.advance(1min);
        work();
        CHECK(state(job) == WorkState::done);
    }
}

TEST_CASE_METHOD(Operator, "work actions: a message that came while the clock was ahead is answered, however old its conversation is",
                 "[work_actions]") {
    write_text(ada, "wamid.1", "one");
    work();
    REQUIRE(sent_texts() == Words{"1"});
    const Time right = world.clock.now() + 10s;
    world.clock.set(right + 7h);
    options.turn_concurrency = 0;
    write_text(ada, "wamid.2", "two");
    one_round();  // stored, and not answered yet
    options.turn_concurrency = 256;
    world.clock.set(right);
    SECTION("by itself") {}
    SECTION("and with one behind it that came by the right clock") {
        write_text(ada, "wamid.3", "three");
    }
    work();
    world.clock.advance(1min);
    work();
    CHECK(sent_texts().at(1) == "2");
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: a send that became uncertain while the clock was ahead has its window from now on", "[work_actions]") {
    const Time right = world.clock.now();
    world.clock.set(right + 7h);
    be_uncertain();
    world.clock.set(right);
    work();
    CHECK(state(send) == WorkState::uncertain);
    for (int i = 0; i < 3; ++i) {
        world.clock.advance(options.uncertain_window + 1s);
        work();
    }
    CHECK(send_states() == Words{"failed 1", "sent 2"});
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: a device that was throttled while the clock was ahead waits as long as was meant", "[work_actions]") {
    const Time right = world.clock.now();
    world.clock.set(right + 7h);
    http.script = {[](const HttpRequest&) { return graph_error(400, 80007); }};
    write_text(ada, "wamid.1", "one");
    work();
    REQUIRE(count("SELECT count(*) FROM device_pacing WHERE blocked_until > limited_at") == 1);
    world.clock.set(right);
    work();
    CHECK(http.requests.size() == 1);
    for (int i = 0; i < 3; ++i) {
        world.clock.advance(1min);
        work();
    }
    CHECK(sent_texts() == Words{"1", "1"});
    check_at_rest();
}

TEST_CASE_METHOD(Operator, "work actions: a job that was added while the clock was ahead runs", "[work_actions]") {
    store.write([](Transaction& tx) {
        tx.execute("INSERT INTO jobs (kind, due_at, created_at, updated_at) VALUES ('retention', $1, $1, $1)", tx.now() + 7h);
    });
    work();
    work();
    CHECK(state(job) == WorkState::done);
}

// --- what is said

TEST_CASE_METHOD(Operator, "work actions: a refusal names the state and what can be done", "[work_actions]") {
    be_uncertain();
    try {
        retry(send);
        FAIL("an uncertain send was retried");
    } catch (const Error& error) {
        CHECK(std::string(error.what()) == "send/1 is uncertain (may have arrived; a status settles it, else its window ends) and cannot be retried");
        CHECK(error.hint() == "possible actions: job resolve, job cancel");
    }
    CHECK(code_of([&] { retry({QueueName::send, 99}); }) == Errc::not_found);
    CHECK(code_of([&] { cancel({QueueName::turn, 99}); }) == Errc::not_found);
    CHECK(code_of([&] { resolve({QueueName::job, 99}, Verdict::sent); }) == Errc::not_found);
}

TEST_CASE("work actions: ids are a queue and a number", "[work_actions]") {
    CHECK(to_work_id("send/81") == WorkId{QueueName::send, 81});
    CHECK(to_text({QueueName::turn, 7}) == "turn/7");
    for (const char* word : {"send", "send/", "send/x", "81", "inbox/1", "sends/1", "send/1/2", ""}) CHECK_FALSE(to_work_id(word));
}

TEST_CASE_METHOD(Operator, "work actions: a refused send says with which code, and an uncertain one with none", "[work_actions]") {
    be_retrying();
    CHECK(item(send).error_code == "131000");
    CHECK(failures(send).front().error_code == "131000");
    CHECK(store.read([&](Snapshot& db) { return attempts::times_refused(db, {1}, "131000"); }) == 1);
    CHECK(store.read([&](Snapshot& db) { return attempts::times_refused(db, {1}, "13100"); }) == 0);
    http.script = {no_answer};
    world.clock.advance(1h);
    work();
    CHECK(item(send).state == WorkState::uncertain);
    CHECK_FALSE(item(send).error_code);
    CHECK_FALSE(failures(send).back().error_code);
}

TEST_CASE_METHOD(Operator, "work actions: a turn whose reason only reads like a cancelled one is done", "[work_actions]") {
    write_text(ada, "wamid.1", "one");
    work();
    store.write([](Transaction& tx) { tx.execute("UPDATE turns SET outcome = 'no_reply', reason = 'cancelled', reason_kind = 'ignored'"); });
    CHECK(state(turn) == WorkState::done);
    store.write([](Transaction& tx) { tx.execute("UPDATE turns SET reason_kind = 'cancelled'"); });
    CHECK(state(turn) == WorkState::cancelled);
}

TEST_CASE_METHOD(Operator, "work actions: every row is in exactly one state of the table", "[work_actions]") {
    die({"one", "two"});
    cancel({QueueName::turn, 2});
    options.turn_attempts = 8;
    http.script = {no_answer, [](const HttpRequest&) { return graph_error(400, 131026); }};
    write_text(bob, "wamid.b1", "one");
    work();
    write_text(bob, "wamid.b2", "two");
    write_text(ada, "wamid.a3", "three");
    work();
    std::int64_t all = 0;
    for (const QueueName queue : {QueueName::turn, QueueName::send, QueueName::job})
        for (std::size_t i = 0; i < words_of<WorkState>.size(); ++i)
            all += store.read([&](Snapshot& db) { return work::count(db, queue, static_cast<WorkState>(i)); });
    CHECK(all == count("SELECT (SELECT count(*) FROM turns) + (SELECT count(*) FROM sends) + (SELECT count(*) FROM jobs)"));
}

TEST_CASE_METHOD(Operator, "work actions: lists go by queue, state, device and error, part by part", "[work_actions]") {
    die({"one", "two"});
    http.script = {[](const HttpRequest&) { return graph_error(400, 131026); }};
    write_text(bob, "wamid.b1", "one");
    work();
    CHECK(listed() == Words{"turn/2", "turn/1", "send/1"});
    CHECK(listed({.queue = QueueName::send}) == Words{"send/1"});
    CHECK(listed({.state = WorkState::dead}) == Words{"turn/2", "turn/1", "send/1"});
    CHECK(listed({.state = WorkState::held}).empty());
    CHECK(listed({.queue = QueueName::turn, .state = WorkState::done}) == Words{"turn/3"});
    CHECK(listed({.device = device}).size() == 3);
    CHECK(listed({.device = DeviceId{99}}).empty());
    CHECK(listed({.error = Pattern::of_expression("^131026")}) == Words{"send/1"});
    CHECK(item(send).error);
    CHECK(item(send).device == "sales");

    Words parts;
    std::int64_t after = 0;
    for (;;) {
        const auto part = store.read([&](Snapshot& db) { return work::list(db, {}, {.after = after, .limit = 1}); });
        if (part.empty()) break;
        REQUIRE(part.size() == 1);
        parts.push_back(part[0].item.id);
        after = part[0].place;
    }
    CHECK(parts == Words{"turn/2", "turn/1", "send/1"});
}

TEST_CASE_METHOD(Operator, "work actions: a list that is filtered or sorted comes part by part as well", "[work_actions]") {
    die({"one", "two"});
    http.script = {[](const HttpRequest&) { return graph_error(400, 131026); }};
    write_text(bob, "wamid.b1", "one");
    work();
    const auto in_parts = [&](const work::Filter& filter, std::string_view expression, std::string_view sort) {
        Page page{.limit = 1};
        const FilterReading reading{.fields = fields_of<WorkItem>, .now = world.clock.now(), .hash = {}};
        if (!expression.empty()) page.query.where = read_filter(expression, reading);
        if (!sort.empty()) read_sort(sort, fields_of<WorkItem>, page.query);
        Words out;
        for (;;) {
            const auto part = store.read([&](Snapshot& db) { return work::list(db, filter, page); });
            if (part.empty()) return out;
            REQUIRE(part.size() == 1);
            out.push_back(part[0].item.id);
            page.after = part[0].place;
            if (page.query.sort != nullptr) page.after_value = page.query.sort->get(&part[0].item);
        }
    };
    CHECK(in_parts({}, "state = dead", "") == Words{"turn/2", "turn/1", "send/1"});
    CHECK(in_parts({}, "", "id") == Words{"send/1", "turn/1", "turn/2"});
    CHECK(in_parts({}, "", "created_at:desc") == Words{"send/1", "turn/1", "turn/2"});
    CHECK(in_parts({}, "kind = send or number = 1", "id:desc") == Words{"turn/1", "send/1"});
    CHECK(in_parts({.error = Pattern::of_expression("^131026")}, "state = dead", "") == Words{"send/1"});
    CHECK(in_parts({.queue = QueueName::turn, .state = WorkState::done}, "", "id") == Words{"turn/3"});
    CHECK(in_parts({.device = DeviceId{99}}, "", "id").empty());
    CHECK(in_parts({.device = device}, "not (error is null)", "id").size() == 3);
}
