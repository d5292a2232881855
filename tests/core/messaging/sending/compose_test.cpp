#include "core/messaging/sending/compose.hpp"
#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"
#include "core/files/files.hpp"
#include "core/messaging/sending/read_receipts.hpp"
#include "core/messaging/service_window.hpp"
#include "core/messaging/templates.hpp"
#include "core/operations/work_actions.hpp"
#include "tests/core/channels/every_content.hpp"
#include "tests/fakes/code_of.hpp"
#include "tests/fakes/pipeline.hpp"

using namespace wabot;
using namespace wabot::test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

/// A contact who has just written, and what is sent to it.
struct Contents : Pipeline {
    Contents() {
        write_text(ada, "wamid.1", "what?");
        work();
        contact = all().at(0).contact_id;
        store.write([&](Transaction& tx) { tx.execute("UPDATE contacts SET last_incoming_at = $1", world.clock.now()); });
    }

    MessageId type(const Content& content, std::optional<MessageId> reply_to = std::nullopt) {
        const messages::OperatorMessage typed{device, contact, messages::seal_content(vault, content), reply_to, "c-new", world.clock.now() + 1h};
        return store.write([&](Transaction& tx) { return messages::send_as_operator(tx, a_cause, typed); });
    }
    MessageId first() { return all().at(0).id; }

    /// What the provider got of the last send, without the names of recipient and attempt.
    Json last_body() const {
        Json body = Json::parse(http.requests.back().body);
        for (const char* name : {"to", "biz_opaque_callback_data"}) body.erase(name);
        return body;
    }

    FileId add_file(const std::string& bytes) {
        const std::string key = new_blob_key(world.random);
        bool is_given = false;
        const auto source = [&] { return std::exchange(is_given, true) ? std::string() : bytes; };
        const BlobFacts facts = put_blob(blobs, key, source, files::size_max);
        return store.write([&](Transaction& tx) {
            return files::add(tx, {files::new_uuid(world.random), device, FileOrigin::outgoing, "boat \"1\".png", "image/png", facts.size,
                                   facts.sha256, "local", key});
        });
    }
    static Content image_of(FileId file) { return content::make(ContentKind::image, {{"file", file.value}, {"caption", "A boat"}}); }

    /// The requests to one end of the API.
    std::vector<HttpRequest> asked(const std::string& edge) const {
        std::vector<HttpRequest> out;
        for (const HttpRequest& request : http.requests)
            if (request.url.ends_with("/" + edge)) out.push_back(request);
        return out;
    }

    ContactId contact;
};

std::string read_all(BodySource& source) {
    std::string bytes, part(7, '\0');  // small, so that every seam is crossed
    while (bytes.size() < source.size()) bytes += part.substr(0, source.read(part));
    return bytes;
}

HttpOutcome media_id(const std::string& id) {
    return HttpAnswer{200, {}, Json{{"id", id}}.dump()};
}

}  // namespace

TEST_CASE_METHOD(Contents, "contents: every kind arrives as it was asked for, and is stored sealed", "[pipeline]") {
    for (const auto& [name, content] : every_content()) {
        INFO(name);
        world.clock.advance(10s);  // no limit is what this is about
        const MessageId id = type(content, first());
        work();
        Outgoing expected = outgoing(content);
        Json body = Json::parse(compose_whatsapp_message(expected));
        for (const char* member : {"to", "biz_opaque_callback_data"}) body.erase(member);
        if (content.kind == ContentKind::reaction) body["reaction"]["message_id"] = "wamid.1";
        if (body.contains("context")) body["context"]["message_id"] = "wamid.1";
        CHECK(last_body() == body);
        const Message stored = store.read([&](Snapshot& db) { return messages::get(db, id); });
        CHECK(stored.message_type == to_word(content.kind));
        CHECK(stored.content.value_or("") == content::readable(content));
        CHECK(stored.status == MessageStatus::sent);
    }
    const auto payloads = store.read([](Snapshot& db) { return db.query("SELECT payload FROM sends WHERE payload IS NOT NULL").all<Bytes>(); });
    CHECK(payloads.size() == every_content().size() - 1);  // all but the plain text
    for (const Bytes& payload : payloads) CHECK(payload.data.find("555 01") == std::string::npos);
    CHECK(count("SELECT count(*) FROM sends WHERE content LIKE '%555 01%'") == 0);
    CHECK(count("SELECT count(DISTINCT body_hash) FROM sends") == count("SELECT count(*) FROM sends"));
    check_at_rest();
}

TEST_CASE_METHOD(Contents, "contents: another attempt, and one that a person asks for, hold the same", "[pipeline]") {
    const Content content = content::make(ContentKind::location, {{"latitude", 1.5}, {"longitude", 2.5}});
    http.script = {[](const HttpRequest&) { return HttpFailure{true, "connection closed before an answer"}; }};
    const MessageId id = type(content);
    work();
    world.clock.advance(options.uncertain_window + 1s);
    work();
    const Json body = last_body();
    CHECK(store.read([&](Snapshot& db) { return messages::get(db, id); }).status == MessageStatus::held);
    const auto send = store.read([](Snapshot& db) { return db.query("SELECT max(id) FROM sends").one<std::int64_t>(); });
    store.write([&](Transaction& tx) { work_actions::resolve(tx, a_cause, {QueueName::send, send}, work_actions::Verdict::not_sent); });
    work();
    CHECK(last_body() == body);
    CHECK(body["location"] == Json{{"latitude", "1.5"}, {"longitude", "2.5"}});
    CHECK(asked("messages").size() == 2);
    check_at_rest();
}

TEST_CASE_METHOD(Contents, "contents: a file is given to the provider once, before the hand-over", "[pipeline]") {
    const std::string bytes = "\x89PNG\r\n\x1a\n and more";
    const FileId file = add_file(bytes);
    std::string form, type_of_form;
    const auto take = [&](const HttpRequest& request) {
        CHECK(count("SELECT count(*) FROM sends WHERE state = 'handing_over'") == 0);
        form = read_all(*request.source);
        type_of_form = request.headers.at(1).second;
        return media_id("700000000000001");
    };
    http.script = {take};
    type(image_of(file));
    work();
    CHECK(last_body()["image"] == Json{{"caption", "A boat"}, {"id", "700000000000001"}});
    CHECK_THAT(form, Contains(bytes) && Contains("name=\"file\"; filename=\"boat _1_.png\"\r\nContent-Type: image/png\r\n\r\n") &&
                         Contains("name=\"messaging_product\"\r\n\r\nwhatsapp\r\n") && Contains("name=\"type\"\r\n\r\nimage/png\r\n"));
    const std::string boundary = type_of_form.substr(type_of_form.find("boundary=") + 9);
    CHECK(form.starts_with("--" + boundary + "\r\n"));
    CHECK(form.ends_with("\r\n--" + boundary + "--\r\n"));

    SECTION("and the next message uses what it keeps") {
        type(image_of(file));
        work();
        CHECK(asked("media").size() == 1);
        CHECK(last_body()["image"]["id"] == "700000000000001");
    }
    SECTION("until it forgets it, or the account is another one") {
        const bool is_changed = GENERATE(true, false);
        if (is_changed)
            store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.secrets = {{"access_token", "new"}}}); });
        else
            world.clock.advance(29 * 24h + 1min);
        store.write([&](Transaction& tx) { tx.execute("UPDATE contacts SET last_incoming_at = $1", world.clock.now()); });
        http.script = {[](const HttpRequest&) { return media_id("700000000000002"); }};
        type(image_of(file));
        work();
        CHECK(asked("media").size() == 2);
        CHECK(last_body()["image"]["id"] == "700000000000002");
    }
    check_at_rest();
}

TEST_CASE_METHOD(Contents, "contents: what goes wrong with a file is a refusal, never uncertain", "[pipeline]") {
    const FileId file = add_file("\x89PNG\r\n\x1a\n");
    SECTION("for good") {
        http.script = {[](const HttpRequest&) { return graph_error(400, 131053); }};
        type(image_of(file));
        work();
        CHECK(send_states().back() == "failed 1");
        CHECK(asked("messages").empty());
    }
    SECTION("for now: a refusal, a page of somebody between, no answer") {
        const int kind = GENERATE(0, 1, 2, 3);
        http.script = {[kind](const HttpRequest&) -> HttpOutcome {
            if (kind == 0) return graph_error(500, 131000);
            if (kind == 1) return HttpAnswer{502, {}, "<html>"};
            if (kind == 2) return HttpAnswer{200, {}, "{}"};
            return HttpFailure{true, "connection closed before an answer"};
        }};
        type(image_of(file));
        work();
        CHECK(send_states().back() == "queued 2");
        http.script = {[](const HttpRequest&) { return media_id("700000000000003"); }};
        world.clock.advance(1h);
        work();
        CHECK(send_states().back() == "sent 2");
    }
    SECTION("it is not reached: no attempt is counted") {
        http.script = {[](const HttpRequest&) { return HttpFailure{false, "could not connect"}; }};
        type(image_of(file));
        work();
        CHECK(send_states().back() == "queued 1");
        http.script = {[](const HttpRequest&) { return media_id("700000000000003"); }};
        world.clock.advance(1h);
        work();
    }
    SECTION("its bytes are gone") {
        const auto key = store.read([](Snapshot& db) { return db.query("SELECT storage_key FROM files").one<std::string>(); });
        blobs.remove(key);
        type(image_of(file));
        work();
        CHECK(send_states().back() == "failed 1");
    }
    CHECK(count("SELECT count(*) FROM changes WHERE kind = 'send.uncertain'") == 0);
    check_at_rest();
}

TEST_CASE_METHOD(Contents, "contents: after an upload that took long the send is claimed anew, and the file not given again", "[pipeline]") {
    const FileId file = add_file("\x89PNG\r\n\x1a\n");
    http.script = {[&](const HttpRequest&) {
        world.clock.advance(15s);
        return media_id("700000000000004");
    }};
    type(image_of(file));
    work();
    CHECK(send_states().back() == "sent 1");
    CHECK(asked("media").size() == 1);
    check_at_rest();
}

TEST_CASE_METHOD(Contents, "contents: outside of the 24 hours a template may be written, and nothing else", "[pipeline]") {
    const Content text = content::text("Still there?"),
                  form = content::make(ContentKind::template_, {{"name", "hello"}, {"language", {{"code", "en"}}}});
    const auto code_and_text = [&] {
        try {
            type(text);
        } catch (const Error& error) {
            return std::pair(error.code(), std::string(error.what()));
        }
        return std::pair(Errc::bug, std::string());
    };
    world.clock.advance(24h - 2min);
    CHECK_NOTHROW(type(text));
    world.clock.advance(2min);
    CHECK(code_and_text() == std::pair(Errc::rejected, "the 24-hour window of contact " + std::to_string(contact.value) + " closed 1 min ago"));
    world.clock.advance(3h);
    CHECK_THAT(code_and_text().second, Contains("closed 3 h ago"));
    world.clock.advance(70h);
    CHECK_THAT(code_and_text().second, Contains("closed 3 days ago"));
    CHECK_NOTHROW(type(form));
    store.write([](Transaction& tx) { tx.execute("UPDATE contacts SET last_incoming_at = NULL"); });
    CHECK(code_and_text() == std::pair(Errc::rejected, std::string("the contact has not written yet, so its 24-hour window is closed")));
    CHECK(count("SELECT count(*) FROM sends") == 2);
    CHECK_FALSE(has_window(DeviceKind::sim));
    CHECK_FALSE(window_end(DeviceKind::sim, world.clock.now()));
}

TEST_CASE_METHOD(Contents, "contents: a template that the provider refuses is not queued", "[pipeline]") {
    const Content form = content::make(ContentKind::template_, {{"name", "hello"}, {"language", {{"code", "en"}}}});
    store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.options = {{"waba_id", "900100"}}}); });
    const auto apply = [&](const std::string& status, const std::string& language) {
        const TemplateUpdate news{.name = "hello", .language = language, .status = status, .reason = "INVALID_FORMAT"};
        world.clock.advance(1s);
        store.write([&](Transaction& tx) { templates::apply(tx, "900100", news, world.clock.now()); });
    };
    apply("REJECTED", "de");
    CHECK_NOTHROW(type(form));
    apply("REJECTED", "en");
    CHECK_THROWS_WITH(type(form), "template hello/en is REJECTED: INVALID_FORMAT");
    CHECK(count("SELECT count(*) FROM sends") == 1);
    apply("APPROVED", "en");
    CHECK_NOTHROW(type(form));
}

TEST_CASE_METHOD(Contents, "contents: a marketing template does not go to who wants no marketing, unless it is said", "[pipeline]") {
    store.write([&](Transaction& tx) {
        devices::update(tx, a_cause, vault, device, {.options = {{"waba_id", "77"}}});
        tx.execute(
            "INSERT INTO templates (waba_id, name, language, status, category, created_at, updated_at) VALUES ('77', 'sale', 'en', 'APPROVED', "
            "'MARKETING', $1, $1)",
            tx.now());
    });
    const Content sale = content::make(ContentKind::template_, {{"name", "sale"}, {"language", {{"code", "en"}}}});
    CHECK_NOTHROW(type(sale));
    store.write([&](Transaction& tx) { contacts::set_marketing(tx, a_cause, device, contact, Marketing::stop, tx.now()); });
    CHECK(code_of([&] { type(sale); }) == Errc::rejected);
    CHECK_NOTHROW(type(content::make(ContentKind::template_, {{"name", "notice"}, {"language", {{"code", "en"}}}})));
    const messages::OperatorMessage all_the_same{device, contact, messages::seal_content(vault, sale), {}, "c-new", world.clock.now() + 1h, true};
    CHECK_NOTHROW(store.write([&](Transaction& tx) { return messages::send_as_operator(tx, a_cause, all_the_same); }));
}

TEST_CASE_METHOD(Contents, "contents: a refusal by who wants no marketing is noted as the wish", "[pipeline]") {
    const auto wish = [&] { return store.read([&](Snapshot& db) { return contacts::find(db, contact)->marketing; }); };
    CHECK_FALSE(wish());
    SECTION("in the answer") {
        http.script = {[](const HttpRequest&) { return graph_error(400, 131050); }};
        type(content::make(ContentKind::text, {{"body", "hi"}}));
        work();
    }
    SECTION("in a status") {
        type(content::make(ContentKind::text, {{"body", "hi"}}));
        work();
        Json item{{"id", "wamid.reply1"}, {"status", "failed"}, {"timestamp", "1795300001"}, {"recipient_id", ada}};
        item["errors"] = Json::array({{{"code", 131050}, {"title", "no"}}});
        item["biz_opaque_callback_data"] = Json::parse(http.requests.back().body)["biz_opaque_callback_data"];
        post(envelope("statuses", item, "555000"));
        work();
    }
    CHECK(wish() == Marketing::stop);
}

TEST_CASE_METHOD(Contents, "contents: the number that the provider knows a contact by is its number too", "[pipeline]") {
    const auto answer = [](const std::string& wa_id) {
        return [wa_id](const HttpRequest&) -> HttpOutcome {
            return HttpAnswer{200, {}, R"({"contacts":[{"input":"x","wa_id":")" + wa_id + R"("}],"messages":[{"id":"wamid.other"}]})"};
        };
    };
    const auto numbers = [&] { return store.read([&](Snapshot& db) { return contacts::identities(db, contact).size(); }); };
    const auto before = numbers();
    SECTION("one that nobody has") {
        http.script = {answer("12025559944")};
        type(content::make(ContentKind::text, {{"body", "hi"}}));
        work();
        CHECK(numbers() == before + 1);
        post(envelope("messages", text_item("12025559944", "wamid.2", "it is me"), "555000"));
        work();
        CHECK(all().back().contact_id == contact);
        CHECK(count("SELECT count(*) FROM contacts") == 1);
    }
    SECTION("one of another contact: both are told") {
        post(envelope("messages", text_item("12025559944", "wamid.2", "hello"), "555000"));
        work();
        http.script = {answer("12025559944")};
        type(content::make(ContentKind::text, {{"body", "hi"}}));
        work();
        CHECK(numbers() == before);
        CHECK(count("SELECT count(*) FROM contact_notes WHERE kind = 'possibly_same'") == 2);
    }
}

TEST_CASE_METHOD(Contents, "contents: only what the provider knows can be quoted or reacted to", "[pipeline]") {
    const Content thumb = content::make(ContentKind::reaction, {{"emoji", "👍"}});
    const MessageId queued = type(content::text("not sent yet"));
    CHECK(code_of([&] { type(thumb, queued); }) == Errc::conflict);
    CHECK(code_of([&] { type(content::text("hi"), queued); }) == Errc::conflict);
    work();
    CHECK_NOTHROW(type(thumb, queued));
    write_text(bob, "wamid.2", "two");
    work();
    const MessageId of_bob = all(Direction::incoming).back().id;
    CHECK(code_of([&] { type(thumb, of_bob); }) == Errc::conflict);
}

TEST_CASE_METHOD(Contents, "read receipts: one for a message, and a sign of typing while it is fresh", "[pipeline]") {
    const auto enqueue = [&](MessageId id, bool typing) {
        return store.write([&](Transaction& tx) { return read_receipts::enqueue(tx, a_cause, id, typing); });
    };
    http.otherwise = [](const HttpRequest&) { return HttpAnswer{200, {}, R"({"success":true})"}; };
    const auto body = [&] { return Json::parse(http.requests.back().body); };
    const Json plain{{"messaging_product", "whatsapp"}, {"status", "read"}, {"message_id", "wamid.1"}};
    CHECK(enqueue(first(), false));
    CHECK_FALSE(enqueue(first(), false));
    work();
    CHECK(body() == plain);
    const std::size_t before = http.requests.size();
    CHECK(enqueue(first(), true));
    work();
    Json typing = plain;
    typing["typing_indicator"] = {{"type", "text"}};
    CHECK(body() == typing);
    CHECK(http.requests.size() == before + 1);

    SECTION("late, it is no sign of typing any more") {
        enqueue(first(), true);
        world.clock.advance(26s);
        work();
        CHECK(body() == plain);
    }
    SECTION("tried again when it may pass, let go when it may not") {
        http.script = {[](const HttpRequest&) { return graph_error(500, 131000); }, [](const HttpRequest&) { return graph_error(400, 131009); }};
        enqueue(first(), true);
        work();
        CHECK(count("SELECT count(*) FROM jobs WHERE state = 'ready'") == 1);
        world.clock.advance(1h);
        work();
        CHECK(http.requests.size() == before + 3);
        CHECK(count("SELECT count(*) FROM jobs WHERE state <> 'done'") == 0);
    }
    SECTION("and none for what we wrote") {
        CHECK(code_of([&] { enqueue(type(content::text("hi")), false); }) == Errc::conflict);
    }
}
