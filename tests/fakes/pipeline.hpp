#pragma once

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>
#include "core/agents/agents.hpp"
#include "core/base/error.hpp"
#include "core/base/world.hpp"
#include "core/contacts/contacts.hpp"
#include "core/contacts/ignore_rules.hpp"
#include "core/database/database.hpp"
#include "core/devices/device_registry.hpp"
#include "core/devices/devices.hpp"
#include "core/inbox/inbox.hpp"
#include "core/messaging/answering/turns.hpp"
#include "core/messaging/conversations.hpp"
#include "core/messaging/messages.hpp"
#include "core/messaging/sending/sends.hpp"
#include "core/queue/jobs.hpp"
#include "core/telemetry/metrics.hpp"
#include "core/worker/worker.hpp"
#include "core/worker/worker_registry.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/blob_store.hpp"
#include "tests/fakes/http.hpp"
#include "tests/fakes/scratch_store.hpp"
#include "tests/fakes/world.hpp"

namespace wabot::test {

using namespace std::chrono_literals;

inline constexpr const char* ada = "12025550117";
inline constexpr const char* bob = "12025550118";

inline HttpOutcome graph_ok(const std::string& id) {
    return HttpAnswer{200, {}, Json{{"messaging_product", "whatsapp"}, {"messages", Json::array({Json{{"id", id}}})}}.dump()};
}

inline HttpOutcome graph_error(int status, int code) {
    return HttpAnswer{status, {}, Json{{"error", {{"message", "no"}, {"code", code}}}}.dump()};
}

inline Json envelope(const char* member, const Json& item, const std::string& number_id) {
    Json value{{"messaging_product", "whatsapp"}, {"metadata", {{"display_phone_number", "12025550100"}, {"phone_number_id", number_id}}}};
    value[member] = item.is_array() ? item : Json::array({item});
    return {{"object", "whatsapp_business_account"},
            {"entry", Json::array({{{"id", "1"}, {"changes", Json::array({{{"field", "messages"}, {"value", value}}})}}})}};
}

inline Json text_item(const char* from, const std::string& id, const std::string& text) {
    return {{"from", from}, {"id", id}, {"timestamp", "1795300000"}, {"type", "text"}, {"text", {{"body", text}}}};
}

/// A store with a whatsapp device and a rule agent, a scripted Graph API, and one worker that moves round by round.
struct Pipeline {
    Pipeline() {
        http.otherwise = [this](const HttpRequest&) { return graph_ok("wamid.reply" + std::to_string(++accepted)); };
        store.write([&](Transaction& tx) {
            DeviceChange change;
            change.key = "sales";
            change.options = {{"phone_number_id", "555000"}};
            change.secrets = {{"access_token", "token"}, {"app_secret", "secret"}};
            device = devices::create(tx, a_cause, vault, DeviceKind::whatsapp, change).id;
            AgentChange agent;
            agent.key = "faq";
            agent.rules = std::vector<AnswerRule>{{"hi|hello", "Hello!"}, {"one", "1"}, {"two", "2"}, {"three", "3"}};
            faq = agents::create(tx, a_cause, AgentType::rule_based, agent).id;
            agents::attach(tx, a_cause, faq, device);
            worker_id = workers::enter(tx, a_cause, workers::this_process(), "inbox,turn,send,job", limits());
        });
    }

    sends::Limits limits() const { return {options.send_attempts, options.uncertain_window}; }

    void post(const Json& body) {
        auto arrival = inbox::make_arrival(vault, "whatsapp", body.dump(), "r");
        arrival.verified_by = device;
        arrival.verified_revision = store.read([&](Snapshot& db) { return devices::find(db, device)->revision; });
        last_appended = store.write([&](Transaction& tx) { return inbox::append(tx, arrival); });
    }
    void write_text(const char* from, const std::string& id, const std::string& text) {
        post(envelope("messages", text_item(from, id, text), "555000"));
    }
    void status(const std::string& id, const std::string& word, const std::string& callback_token = {}) {
        Json item{{"id", id}, {"status", word}, {"timestamp", "1795300001"}, {"recipient_id", ada}};
        if (!callback_token.empty()) item["biz_opaque_callback_data"] = callback_token;
        if (word == "failed") item["errors"] = Json::array({{{"code", 131026}, {"title", "Message undeliverable"}}});
        post(envelope("statuses", item, "555000"));
    }

    /// Rounds until nothing is due; the agents' and the device's configuration is looked up anew each time.
    void work() {
        while (one_round() > 0) continue;
    }
    std::size_t one_round() {
        asio::io_context context(1);
        Worker worker({store.db(), vault, world.world, http, blobs, registry, metrics, job_kinds}, options, worker_id, context.get_executor());
        std::size_t done = 0;
        auto run = [&]() -> asio::awaitable<void> { done = co_await worker.round(); };
        asio::co_spawn(context, run(), rethrow);
        context.run();
        return done;
    }
    /// A worker as `serve` runs it, until `is_done` or, which is a failure, for ten seconds of the real clock. Its timers are the machine's; so is
    /// its clock, unless another is given.
    template <class Until>
    bool run_until(Until is_done, Clock& clock = real_world().clock) {
        asio::io_context context(1);
        World its_world{clock, real_world().timers, world.random};
        Worker worker({*db, vault, its_world, http, blobs, registry, metrics, job_kinds}, options, worker_id, context.get_executor());
        running = &worker;
        bool was_done = false;
        auto watch = [&]() -> asio::awaitable<void> {
            for (int i = 0; i < 1000 && !(was_done = is_done()); ++i) co_await real_world().timers.after(10ms);
            worker.stop();
        };
        asio::co_spawn(context, worker.run(), rethrow);
        asio::co_spawn(context, watch(), rethrow);
        context.run();
        return was_done;
    }
    static void rethrow(std::exception_ptr failure) {
        if (failure) std::rethrow_exception(failure);
    }

    std::vector<Message> all(std::optional<Direction> direction = std::nullopt) {
        auto found = store.read([&](Snapshot& db) { return messages::list(db, {.direction = direction}, {.limit = 1000}); });
        std::reverse(found.begin(), found.end());
        return found;
    }
    Message reply() {
        const auto replies = all(Direction::outgoing);
        REQUIRE(replies.size() == 1);
        return replies.front();
    }
    std::vector<std::string> send_states() {
        return store.read([](Snapshot& db) { return db.query("SELECT state || ' ' || attempt FROM sends ORDER BY id").all<std::string>(); });
    }
    std::vector<std::string> sent_texts() const {
        std::vector<std::string> out;
        for (const auto& request : http.requests) out.push_back(Json::parse(request.body)["text"]["body"]);
        return out;
    }
    Turn turn_of(MessageId id) {
        const auto turn = store.read([&](Snapshot& db) { return turns::find_of_message(db, id); });
        REQUIRE(turn);
        return *turn;
    }
    std::int64_t count(const std::string& sql) {
        return store.read([&](Snapshot& db) { return db.query(sql).one<std::int64_t>(); });
    }
    InboxEvent last_event() {
        return store.read([](Snapshot& db) { return inbox::list(db, std::nullopt, {.limit = 1}); }).at(0);
    }
    /// Nothing runs, nothing is pending and the counters agree with the rows.
    void check_at_rest() {
        CHECK(
            count(
                "SELECT count(*) FROM conversations WHERE turn_state <> 'idle' OR send_state <> 'idle' OR turn_pending <> 0 OR send_pending <> 0") ==
            0);
        CHECK(count("SELECT count(*) FROM sends WHERE state IN ('queued', 'claimed', 'handing_over', 'uncertain')") == 0);
        CHECK(count("SELECT count(*) FROM turns WHERE outcome IS NULL") == 0);
    }

    FakeWorld world;
    ScratchStore store{world.clock};
    Database* db = &store.db();  // what `run_until` works with
    Worker* running = nullptr;   // as long as it does
    Vault vault{std::string(64, '7'), world.random};
    FakeHttp http;
    FakeBlobs blobs{world.clock};
    DeviceRegistry registry{vault, {}};
    Metrics metrics;
    WorkerOptions options;
    std::span<const JobKind> job_kinds = all_job_kinds();
    DeviceId device;
    AgentId faq;
    WorkerId worker_id;
    int accepted = 0;
    inbox::Appended last_appended = inbox::Appended::stale;
};

}  // namespace wabot::test
