// What the command line promises of every command that changes the store, walked over the table of commands: a rehearsal writes nothing, a change
// leaves one entry in the audit log, and asking twice is not doing twice.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/framework/command.hpp"
#include "cli/run.hpp"
#include "core/audit/audit_log.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/migrations.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/scratch_store.hpp"

using namespace wabot;
using namespace wabot::cli;

namespace {

using Line = std::vector<std::string>;

struct Case {
    std::string_view path;
    Line line;
    std::vector<Line> before = {};
    void (*prepare)(Transaction&) = nullptr;
    int again = 0;  // how the second run of the line ends
    bool is_audited = true;
    bool is_only_rehearsed = false;  // needs more than a store
};

const Line shop = {"device", "create", "shop", "--kind", "sim", "--no-verify"};  // which asks in a rehearsal, and on PostgreSQL that takes an id
const Line faq = {"agent", "create", "faq", "--type", "rule_based", "--fallback", "Hello"};
const Line lottery = {"ignore", "create", "--keyword", "lottery", "--device", "shop"};
const Line letter = {"message", "send", "+12025550117", "--device", "shop", "--text", "Your order is ready."};

const Line take_back = {"migrate", "down", "--confirm=" + std::string(migrations_for("sqlite").back().name)};

Line with(Line line, const std::string& word) {
    line.push_back(word);
    return line;
}

void hold_sends(Transaction& tx) {
    tx.execute("UPDATE sends SET state = 'held'");
}

void make_incoming(Transaction& tx) {
    static constexpr std::string_view sql = R"sql(
        UPDATE messages SET direction = 'incoming', sender_kind = 'contact', status = 'received', whatsapp_message_id_enc = $1,
               whatsapp_message_id_hash = $1, whatsapp_message_id_last4 = 'aaaa')sql";
    tx.execute(sql, Bytes{"x"});
}

void break_devices(Transaction& tx) {
    tx.execute("UPDATE devices SET status = 'error', last_error = '190: the token was taken back'");
}

void add_old_webhook(Transaction& tx) {
    tx.execute("INSERT INTO inbox (kind, digest, body, state, received_at) VALUES ('sim', $1, $1, 'done', $2)", Bytes{"x"}, tx.now());
}

void grow_old(Transaction& tx) {
    tx.execute("UPDATE changes SET created_at = 1");
}

/// Of each command that writes at least one. A new command needs its own.
const Case cases[] = {
    // With --demo it writes to the store; the rest of it is files and the schema.
    {.path = "init", .line = {"init", "--dir", "{folder}/place", "--demo"}},

    {.path = "device create", .line = shop, .again = 5},
    {.path = "device create", .line = with(shop, "--if-not-exists")},
    {.path = "device update", .line = {"device", "update", "shop", "--name", "The shop"}, .before = {shop}},
    {.path = "device disable", .line = {"device", "disable", "shop"}, .before = {shop}},
    {.path = "device enable", .line = {"device", "enable", "shop"}, .before = {shop, {"device", "disable", "shop"}}},
    {.path = "device resume", .line = {"device", "resume", "shop"}, .before = {shop}, .prepare = break_devices},
    {.path = "device delete", .line = {"device", "delete", "shop", "--yes"}, .before = {shop}, .again = 3},
    {.path = "device delete", .line = {"device", "delete", "shop", "--yes", "--if-exists"}, .before = {shop}},

    {.path = "agent create", .line = faq, .again = 5},
    {.path = "agent create", .line = with(faq, "--if-not-exists")},
    {.path = "agent update", .line = {"agent", "update", "faq", "--fallback", ""}, .before = {faq}},
    {.path = "agent delete", .line = {"agent", "delete", "faq", "--yes"}, .before = {faq}, .again = 3},
    {.path = "agent delete", .line = {"agent", "delete", "faq", "--yes", "--if-exists"}, .before = {faq}},
    {.path = "agent disable", .line = {"agent", "disable", "faq"}, .before = {faq}},
    {.path = "agent enable", .line = {"agent", "enable", "faq"}, .before = {faq, {"agent", "disable", "faq"}}},
    {.path = "agent attach", .line = {"agent", "attach", "faq", "shop"}, .before = {shop, faq}},
    {.path = "agent detach",
     .line = {"agent", "detach", "faq", "shop"},
     .before = {faq, {"device", "create", "shop", "--kind", "sim", "--agent", "faq"}}},

    {.path = "ignore create", .line = lottery, .before = {shop}},
    {.path = "ignore delete", .line = {"ignore", "delete", "1"}, .before = {shop, lottery}, .again = 3},
    {.path = "ignore delete", .line = {"ignore", "delete", "1", "--if-exists"}, .before = {shop, lottery}},

    {.path = "conversation handoff", .line = {"conversation", "handoff", "1", "--to", "agent"}, .before = {shop, letter}},

    // Without a key it is sent again: that is what was asked for.
    {.path = "message send", .line = with(letter, "--idempotency-key=order 7"), .before = {shop}},
    {.path = "message read", .line = {"message", "read", "1"}, .before = {shop, letter}, .prepare = make_incoming},

    {.path = "event replay", .line = {"event", "replay", "1"}, .prepare = add_old_webhook},

    {.path = "queue pause", .line = {"queue", "pause", "send", "job"}},
    {.path = "queue resume", .line = {"queue", "resume", "send", "job"}, .before = {{"queue", "pause", "send"}}},

    {.path = "job cancel", .line = {"job", "cancel", "send/1"}, .before = {shop, letter}},
    {.path = "job retry", .line = {"job", "retry", "send/1"}, .before = {shop, letter, {"job", "cancel", "send/1"}}},
    {.path = "job retry", .line = {"job", "retry", "--state", "held", "--yes"}, .before = {shop, letter, letter}, .prepare = hold_sends},
    {.path = "job resolve", .line = {"job", "resolve", "send/1", "--as", "sent"}, .before = {shop, letter}, .prepare = hold_sends},
    {.path = "job resolve", .line = {"job", "resolve", "send/1", "--as", "not-sent"}, .before = {shop, letter}, .prepare = hold_sends},

    {.path = "retention run", .line = {"retention", "run"}, .before = {shop, faq}, .prepare = grow_old},

    // A file of its user's.
    {.path = "completion", .line = {"completion", "bash", "--install"}, .is_audited = false},

    // It posts to a server, which writes what it makes of that.
    {.path = "trigger",
     .line = {"trigger", "whatsapp.message.text", "--device", "whatsapp-demo"},
     .before = {{"init", "--dir", "{folder}/place", "--demo"}},
     .is_audited = false,
     .is_only_rehearsed = true},

    // What was applied when stands in schema_migrations, and the log is itself of the schema.
    {.path = "migrate up", .line = {"migrate", "up"}, .before = {take_back}, .is_audited = false},
    {.path = "migrate down", .line = take_back, .again = 11, .is_audited = false},
};

struct Ended {
    int exit;
    std::string out, talk;
};

class Store {
public:
    Ended run(const Line& line, const Line& more = {}) {
        Line whole{"-c", "none", "--no-input"};
        for (std::string word : line) {
            if (const auto at = word.find("{folder}"); at != std::string::npos) word.replace(at, 8, store_.folder().string());
            whole.push_back(std::move(word));
        }
        whole.insert(whole.end(), more.begin(), more.end());
        StringSink data, talk;
        const int exit = cli::run(whole, environment_, data, talk);
        return {exit, data.text, talk.text};
    }

    void prepare(const Case& it) {
        for (const Line& line : it.before) {
            const Ended ended = run(line);
            CAPTURE(line, ended.talk);
            REQUIRE(ended.exit == 0);
        }
        if (it.prepare != nullptr) write(it.prepare);
    }

    template <class Work>
    void write(Work work) {
        write_and_wait(store_.db(), work);
    }

    std::vector<AuditEntry> entries() {
        return store_.read([](Snapshot& db) { return audit::list(db, {}, {.limit = 1000}); });
    }

    /// Every row of every table.
    std::vector<std::vector<std::vector<Value>>> dump() {
        std::vector<std::vector<std::vector<Value>>> tables;
        for (const std::string& table : store_.db().table_names())
            tables.push_back(store_.read([&](Snapshot& db) { return db.query("SELECT * FROM " + table + " ORDER BY 1").cells; }));
        return tables;
    }

private:
    test::ScratchStore store_;
    const Environment environment_{{"HOME", store_.folder().string()},
                                   {"DATABASE_URL", store_.url()},
                                   {"WABOT_MASTER_KEY", std::string(64, 'a')},
                                   {"WABOT_STATE_DIR", (store_.folder() / "state").string()}};
};

}  // namespace

TEST_CASE("mutations: every command that writes has its case here", "[mutations]") {
    for (const Command* command : all_commands()) {
        CAPTURE(command->path);
        const bool has_case = std::ranges::any_of(cases, [&](const Case& it) { return it.path == command->path; });
        CHECK(has_case == (command->effect == Effect::writes));
    }
}

TEST_CASE("mutations: a rehearsal says what would be and writes nothing", "[mutations]") {
    for (const Case& it : cases) {
        Store store;
        store.prepare(it);
        const auto before = store.dump();
        for (const Line& more : {Line{"-n"}, Line{"-n", "-o", "json"}}) {
            const Ended ended = store.run(it.line, more);
            CAPTURE(it.line, more, ended.out, ended.talk);
            CHECK(ended.exit == 0);
            CHECK(ended.talk.find("(dry run, nothing changed)") != std::string::npos);
            if (more.size() > 1) CHECK(ended.out.find("\"dry_run\":true") != std::string::npos);
            CHECK(store.dump() == before);
        }
    }
}

TEST_CASE("mutations: a change leaves one entry in the audit log, and a second run changes nothing", "[mutations]") {
    for (const Case& it : cases) {
        if (it.is_only_rehearsed) continue;
        Store store;
        store.prepare(it);
        const std::size_t before = it.is_audited ? store.entries().size() : 0;
        const Ended first = store.run(it.line);
        CAPTURE(it.line, first.out, first.talk);
        CHECK(first.exit == 0);
        if (it.is_audited) {
            const auto entries = store.entries();
            REQUIRE(entries.size() == before + 1);
            const AuditEntry& entry = entries.front();
            CHECK(entry.action == it.path);
            CHECK(entry.kind == AuditKind::change);
            CHECK(entry.actor_kind == "cli");
            CHECK(entry.actor.starts_with("cli:"));
            CHECK_FALSE(entry.request_id.empty());
            CHECK(entry.objects.text.find('/') != std::string::npos);
            CHECK(entry.facts.text.find("2025550117") == std::string::npos);
        }
        const Ended second = store.run(it.line, {"-o", "json"});
        CAPTURE(second.out, second.talk);
        CHECK(second.exit == it.again);
        if (it.again == 0) CHECK(second.out.find("\"changed\":true") == std::string::npos);
        if (it.again == 0) CHECK(second.out.find("\"changed\":false") != std::string::npos);
        if (it.is_audited) CHECK(store.entries().size() == before + 1);
    }
}

TEST_CASE("mutations: an entry names the fields that differ, and of what is secret or sealed no more", "[mutations]") {
    Store store;
    store.prepare({.before = {shop}});
    const Ended ended =
        store.run({"device", "update", "shop", "--name", "The shop of +1 202 555 0117", "--phone", "+12025550117", "--option", "rate_per_s=7"});
    CAPTURE(ended.talk);
    REQUIRE(ended.exit == 0);
    const AuditEntry entry = store.entries().front();
    CHECK(entry.objects.text == R"(["device/1"])");
    const Json fields = read_json(entry.facts.text)["fields"];
    CHECK(fields["options"] == Json{"rate_per_s"});
    CHECK(fields["phone_number"].is_null());
    CHECK(fields["name"]["from"] == "shop");
    CHECK(entry.facts.text.find("0117") == std::string::npos);
}

TEST_CASE("mutations: what is shown in full is noted first, once for a command", "[mutations]") {
    Store store;
    store.prepare({.before = {shop}});
    CHECK(store.run({"contact", "list", "--reveal"}).exit == 0);
    CHECK(store.entries().size() == 1);  // there was nothing to show

    store.prepare({.before = {letter, {"message", "send", "+12025550142", "--text", "hi"}}});
    const Ended masked = store.run({"contact", "list"});
    CHECK(masked.out.find("12025550117") == std::string::npos);
    const Ended shown = store.run({"contact", "list", "--reveal"});
    CHECK(shown.out.find("12025550117") != std::string::npos);
    const auto entries = store.entries();
    REQUIRE(entries.size() == 4);
    CHECK(entries.front().kind == AuditKind::reveal);
    CHECK(entries.front().action == "contact list");
    CHECK(entries.front().objects.text == R"(["contact"])");
    CHECK(entries.front().facts.text == "{}");
    CHECK(store.run({"contact", "list", "--reveal", "-n"}).exit == 2);

    // Where it cannot be noted nothing is shown.
    store.write([](Transaction& tx) { tx.script("ALTER TABLE audit_log RENAME TO log_of_another"); });
    const Ended refused = store.run({"contact", "list", "--reveal", "-o", "json"});
    CHECK(refused.exit != 0);
    CHECK(refused.out.find("2025550") == std::string::npos);
    CHECK(refused.talk.find("cannot note that numbers are shown") != std::string::npos);
}

TEST_CASE("mutations: the same key with another message is a conflict, and each actor's own", "[mutations]") {
    Store store;
    store.prepare({.before = {shop, with(letter, "--idempotency-key=k")}});
    CHECK(store.run({"message", "send", "+12025550117", "--text", "Something else", "--idempotency-key=k"}).exit == 5);
    CHECK(store.run({"message", "send", "+12025550142", "--text", "Your order is ready.", "--idempotency-key=k"}).exit == 5);
    CHECK(store.run(with(letter, "--idempotency-key=l")).exit == 0);
    store.write([](Transaction& tx) { tx.execute("UPDATE idempotency_keys SET actor = 'cli:somebody else'"); });
    CHECK(store.run({"message", "send", "+12025550117", "--text", "Something else", "--idempotency-key=k"}).exit == 0);
    CHECK(store.run(with(letter, "--idempotency-key=")).exit == 6);
    CHECK(store.run(with(letter, "--idempotency-key=" + std::string(129, 'x'))).exit == 6);
}

TEST_CASE("mutations: the audit log is listed by who and by what", "[mutations]") {
    Store store;
    store.prepare({.before = {shop,
                              faq,
                              {"device", "create", "other", "--kind", "sim", "--no-verify"},
                              {"agent", "attach", "faq", "other"},
                              {"queue", "pause", "send"}}});
    const auto ids = [&](const Line& filter) {
        std::vector<int> out;
        const Ended ended = store.run({"audit", "list", "-o", "json"}, filter);
        const Json list = read_json(ended.out);
        for (const Json& entry : list["items"]) out.push_back(entry["id"].get<int>());
        return out;
    };
    CHECK(ids({}) == std::vector{5, 4, 3, 2, 1});
    CHECK(ids({"--object", "device/shop"}) == std::vector{1});
    CHECK(ids({"--object", "device/2"}) == std::vector{4, 3});
    CHECK(ids({"--object", "device"}) == std::vector{4, 3, 1});
    CHECK(ids({"--object", "queue/send"}) == std::vector{5});
    CHECK(ids({"--actor", "cli:nobody else"}).empty());
    CHECK(ids({"--limit", "2", "--cursor", "4"}) == std::vector{3, 2});
    CHECK(store.run({"audit", "get", "1"}).exit == 0);
    CHECK(store.run({"audit", "get", "9"}).exit == 3);
    CHECK_THROWS(store.write([](Transaction& tx) { tx.execute("UPDATE audit_log SET actor = 'cli:another'"); }));
}
