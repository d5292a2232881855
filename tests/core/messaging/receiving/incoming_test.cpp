#include "core/base/blocking.hpp"
#include "core/base/random.hpp"
#include "core/devices/account_events.hpp"
#include "core/messaging/receiving/inbox_drain.hpp"
#include "core/messaging/templates.hpp"
#include "tests/fakes/pipeline.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

const std::string own = "12025550100";

struct Incoming : Pipeline {
    Json edit_item(const std::string& id, const std::string& original, const std::string& text, const std::string& at = "1795300100") {
        return {{"from", ada},
                {"id", id},
                {"timestamp", at},
                {"type", "edit"},
                {"edit", {{"original_message_id", original}, {"message", {{"type", "text"}, {"text", {{"body", text}}}}}}}};
    }
    Json revoke_item(const std::string& id, const std::string& original) {
        return {{"from", ada}, {"id", id}, {"timestamp", "1795300200"}, {"type", "revoke"}, {"revoke", {{"original_message_id", original}}}};
    }
    void write(const Json& item) { post(envelope("messages", item, "555000")); }
    /// A change of another field than messages, as of `time`.
    void tell(const std::string& field, const Json& value, std::int64_t time = 1795300000, const std::string& waba = "1") {
        Json change{{"field", field}, {"value", value}};
        Json entry{{"id", waba}, {"time", time}, {"changes", Json::array({change})}};
        post(Json{{"object", "whatsapp_business_account"}, {"entry", Json::array({entry})}});
    }
    Json from_user(const std::string& id, const std::string& user, const std::string& parent = {}, const char* number = nullptr) {
        Json item{{"id", id}, {"timestamp", "1795300000"}, {"type", "text"}, {"text", {{"body", "x"}}}, {"from_user_id", user}};
        if (number != nullptr) item["from"] = number;
        if (!parent.empty()) item["from_parent_user_id"] = parent;
        return item;
    }
    /// Reads what was posted; nobody answers.
    void only_drain() {
        DrainLog drain_log;
        while (blocking(drain_inbox(store.db(), vault, world.random, registry, drain_log, {1h, 1min})) > 0) continue;
    }
    std::vector<ContactNote> notes(ContactId id) {
        return store.read([&](Snapshot& db) { return contacts::notes(db, id); });
    }
    Contact contact(const std::string& who) {
        return store.read([&](Snapshot& db) { return contacts::get(db, vault, who); });
    }
    Device the_device() {
        return store.read([&](Snapshot& db) { return *devices::find(db, device); });
    }
    void replay_last() {
        store.write([&](Transaction& tx) { inbox::replay(tx, a_cause, last_event_in(tx).id); });
        work();
    }
    static InboxEvent last_event_in(Snapshot& db) { return inbox::list(db, std::nullopt, {.limit = 1}).at(0); }
    std::vector<std::string> item_states() {
        std::vector<std::string> out;
        for (const InboxItem& item : store.read([](Snapshot& db) { return inbox::items(db, last_event_in(db).id); })) out.push_back(item.state);
        return out;
    }
};

Json metadata_of(const Message& message) {
    return read_json(message.metadata.text);
}

}  // namespace

TEST_CASE_METHOD(Incoming, "incoming: an edit before the turn is answered by its new text, one after it by nothing", "[incoming]") {
    write_text(ada, "wamid.a", "one");
    write(edit_item("wamid.b", "wamid.a", "two"));
    work();
    CHECK(sent_texts() == std::vector<std::string>{"2"});
    write(edit_item("wamid.c", "wamid.a", "three", "1795300150"));
    work();
    CHECK(sent_texts() == std::vector<std::string>{"2"});
    const Message edited = all(Direction::incoming).front();
    CHECK(edited.content == "three");
    CHECK(edited.edited_at == Time(std::chrono::seconds(1795300150)));
    CHECK(metadata_of(edited)["original_content"] == "one");
    CHECK(all(Direction::incoming).at(1).parent_id == edited.id);
    check_at_rest();
}

TEST_CASE_METHOD(Incoming, "incoming: edits count by the time of their writing, and may come before their message", "[incoming]") {
    write(edit_item("wamid.c", "wamid.a", "three", "1795300150"));
    write(edit_item("wamid.b", "wamid.a", "two", "1795300100"));
    write_text(ada, "wamid.a", "one");
    work();
    CHECK(all(Direction::incoming).at(2).content == "three");
    CHECK(sent_texts() == std::vector<std::string>{"3"});
    CHECK(count("SELECT count(*) FROM messages WHERE amends_hash IS NOT NULL") == 0);
}

TEST_CASE_METHOD(Incoming, "incoming: a message that was taken back is not answered, kept and not shown", "[incoming]") {
    const bool is_early = GENERATE(false, true);
    if (is_early) write(revoke_item("wamid.b", "wamid.a"));
    write_text(ada, "wamid.a", "one");
    if (!is_early) write(revoke_item("wamid.b", "wamid.a"));
    work();
    CHECK(sent_texts().empty());
    const Message revoked = all(Direction::incoming).at(is_early ? 1 : 0);
    CHECK(revoked.revoked_at);
    CHECK_FALSE(revoked.content);
    CHECK(turn_of(revoked.id).reason == "revoked");
    CHECK(store.read([&](Snapshot& db) { return messages::kept_content(db, revoked.id); }) == "one");
    write(edit_item("wamid.c", "wamid.a", "two"));
    work();
    CHECK(store.read([&](Snapshot& db) { return messages::kept_content(db, revoked.id); }) == "one");
    check_at_rest();
}

TEST_CASE_METHOD(Incoming, "incoming: what another one's edit or revocation names is left alone", "[incoming]") {
    write_text(ada, "wamid.a", "one");
    Json foreign = revoke_item("wamid.b", "wamid.a");
    foreign["from"] = bob;
    write(foreign);
    Json value{{"messaging_product", "whatsapp"}, {"metadata", {{"display_phone_number", own}, {"phone_number_id", "555000"}}}};
    Json echo = revoke_item("wamid.c", "wamid.a");
    echo["from"] = own;
    echo["to"] = ada;
    value["message_echoes"] = Json::array({echo});
    tell("smb_message_echoes", value);
    only_drain();
    CHECK(all(Direction::incoming).front().content == "one");
}

TEST_CASE_METHOD(Incoming, "incoming: what the business edits or takes back in its app is marked", "[incoming]") {
    Json value{{"messaging_product", "whatsapp"}, {"metadata", {{"display_phone_number", own}, {"phone_number_id", "555000"}}}};
    value["message_echoes"] = Json::array(
        {Json{{"from", own}, {"to", ada}, {"id", "wamid.a"}, {"timestamp", "1795300000"}, {"type", "text"}, {"text", {{"body", "typed"}}}}});
    tell("smb_message_echoes", value);
    Json revoke = revoke_item("wamid.b", "wamid.a");
    revoke["from"] = own;
    revoke["to"] = ada;
    value["message_echoes"] = Json::array({revoke});
    tell("smb_message_echoes", value);
    work();
    CHECK(all(Direction::outgoing).front().revoked_at);
    CHECK(sent_texts().empty());
}

TEST_CASE_METHOD(Incoming, "incoming: a message of ours that is echoed is a double", "[incoming]") {
    write_text(ada, "wamid.a", "hi");
    work();
    Json value{{"metadata", {{"display_phone_number", own}, {"phone_number_id", "555000"}}}};
    value["message_echoes"] =
        Json::array({Json{{"from", own}, {"to", ada}, {"id", "wamid.reply1"}, {"type", "text"}, {"text", {{"body", "Hello!"}}}}});
    tell("smb_message_echoes", value);
    work();
    CHECK(item_states() == std::vector<std::string>{"duplicate"});
    CHECK(count("SELECT count(*) FROM conversations WHERE control = 'human'") == 0);
}

TEST_CASE_METHOD(Incoming, "incoming: number, user id and parent id that come together are one contact's", "[incoming]") {
    write(from_user("wamid.a", "US.900"));
    write(from_user("wamid.b", "US.900", "US.ENT.7", ada));
    write_text(ada, "wamid.c", "x");
    only_drain();
    CHECK(count("SELECT count(*) FROM contacts") == 1);
    CHECK(count("SELECT count(*) FROM contact_identities WHERE kind = 'parent'") == 1);
    CHECK(notes(contact("US.900").id).empty());
}

TEST_CASE_METHOD(Incoming, "incoming: contacts that turn out to share an address are told as possibly the same, and stay two", "[incoming]") {
    write_text(ada, "wamid.a", "x");
    write(from_user("wamid.b", "US.900"));
    write(from_user("wamid.c", "US.900", "", ada));
    write(from_user("wamid.d", "US.900", "", ada));
    only_drain();
    CHECK(count("SELECT count(*) FROM contacts") == 2);
    const ContactId by_number = contact("+" + std::string(ada)).id, by_user = contact("US.900").id;
    REQUIRE(notes(by_number).size() == 1);
    CHECK(notes(by_number)[0].other_contact_id == by_user);
    REQUIRE(notes(by_user).size() == 1);
    CHECK(notes(by_user)[0].other_contact_id == by_number);
}

TEST_CASE_METHOD(Incoming, "incoming: a changed number is linked when it is nobody's, and noted", "[incoming]") {
    const bool is_taken = GENERATE(false, true);
    write_text(ada, "wamid.a", "x");
    if (is_taken) write_text(bob, "wamid.b", "x");
    write(Json{{"from", ada},
               {"id", "wamid.c"},
               {"timestamp", "1795300000"},
               {"type", "system"},
               {"system", {{"type", "user_changed_number"}, {"body", "changed"}, {"wa_id", bob}}}});
    only_drain();
    Json again{
        {"from", ada}, {"id", "wamid.a"}, {"timestamp", "1795300009"}, {"type", "text"}, {"text", {{"body", "x"}}}};  // a double changes nothing
    write(again);
    only_drain();
    const Contact moved = contact("+" + std::string(ada));
    REQUIRE(notes(moved.id).size() == 1);
    if (is_taken) {
        CHECK(notes(moved.id)[0].other_contact_id == contact("+" + std::string(bob)).id);
        CHECK(moved.phone_number->last4 == "0117");
    } else {
        CHECK(notes(moved.id)[0].kind == ContactNoteKind::new_number);
        CHECK(contact("+" + std::string(bob)).id == moved.id);
        CHECK(moved.phone_number->last4 == "0118");
    }
}

TEST_CASE_METHOD(Incoming, "incoming: the wish for advertisements is kept by its time", "[incoming]") {
    const auto wish = [&](const char* value, int at) {
        Json change{
            {"metadata", {{"phone_number_id", "555000"}}},
            {"user_preferences", Json::array({Json{{"wa_id", ada}, {"category", "marketing_messages"}, {"value", value}, {"timestamp", at}}})}};
        tell("user_preferences", change);
        work();
    };
    wish("stop", 1795300000);
    CHECK(contact("+" + std::string(ada)).marketing == Marketing::stop);
    wish("resume", 1795299000);  // came late
    CHECK(contact("+" + std::string(ada)).marketing == Marketing::stop);
    wish("resume", 1795300001);
    CHECK(contact("+" + std::string(ada)).marketing == Marketing::resume);
    CHECK(count("SELECT count(*) FROM messages") == 0);
}

TEST_CASE_METHOD(Incoming, "incoming: a body that the store cannot take waits until the store is mended", "[incoming]") {
    const auto rename = [&](const char* from, const char* to) {
        store.write([&](Transaction& tx) { tx.script(std::string("ALTER TABLE ") + from + " RENAME TO " + to); });
    };
    rename("contact_identities", "elsewhere");
    write_text(ada, "wamid.1", "hi");
    CHECK_THROWS_AS(work(), Error);
    CHECK(count("SELECT count(*) FROM inbox WHERE state = 'received'") == 1);
    CHECK(count("SELECT count(*) FROM inbox_items") == 0);
    rename("elsewhere", "contact_identities");
    work();
    CHECK(item_states() == std::vector<std::string>{"done"});
    CHECK(count("SELECT count(*) FROM messages WHERE direction = 'incoming'") == 1);
}

TEST_CASE_METHOD(Incoming, "incoming: an account that is disabled stops its device until it is reinstated", "[incoming]") {
    const Json off{{"event", "DISABLED_UPDATE"}, {"ban_info", {{"waba_ban_state", "DISABLE"}}}};
    const Json on{{"event", "DISABLED_UPDATE"}, {"ban_info", {{"waba_ban_state", "REINSTATE"}}}};
    tell("account_update", off, 1795300000);
    work();
    CHECK(the_device().status == DeviceStatus::error);
    CHECK(the_device().error_kind == DeviceErrorKind::account_event);
    CHECK(the_device().last_error == "account: DISABLED_UPDATE");
    tell("account_update", on, 1795300100);
    work();
    CHECK(the_device().status == DeviceStatus::disconnected);
    CHECK_FALSE(the_device().error_kind);
    tell("account_update", Json{{"event", "ACCOUNT_DELETED"}}, 1795300050);  // older than the reinstatement
    work();
    CHECK(the_device().status == DeviceStatus::disconnected);
    replay_last();
    CHECK(item_states() == std::vector<std::string>{"duplicate"});
    CHECK(count("SELECT count(*) FROM account_events") == 3);
}

TEST_CASE_METHOD(Incoming, "incoming: good news of the account lift no error that a refusal has set, whatever its words are", "[incoming]") {
    const auto refuse = [&](Transaction& tx) { devices::set_status(tx, a_cause, device, DeviceStatus::error, "account: the token has expired"); };
    store.write(refuse);
    tell("account_update", Json{{"event", "DISABLED_UPDATE"}, {"ban_info", {{"waba_ban_state", "REINSTATE"}}}}, 1795300100);
    work();
    CHECK(the_device().status == DeviceStatus::error);
    CHECK(the_device().error_kind == DeviceErrorKind::send_refused);
}

TEST_CASE_METHOD(Incoming, "incoming: news of an account reach its own devices only", "[incoming]") {
    store.write([&](Transaction& tx) { devices::update(tx, a_cause, vault, device, {.options = {{"waba_id", "42"}}}); });
    tell("account_update", Json{{"event", "ACCOUNT_DELETED"}}, 1795300000, "43");
    work();
    CHECK(the_device().status != DeviceStatus::error);
    tell("account_update", Json{{"event", "ACCOUNT_DELETED"}}, 1795300000, "42");
    work();
    CHECK(the_device().status == DeviceStatus::error);
}

TEST_CASE_METHOD(Incoming, "incoming: how a number stands is told by its newest news", "[incoming]") {
    const auto quality = [&](const char* event, const char* limit, int at) {
        tell("phone_number_quality_update", Json{{"display_phone_number", own}, {"event", event}, {"current_limit", limit}}, at);
    };
    const auto standing = [&] {
        return store.read([&](Snapshot& db) { return account_events::standing(db, *devices::find(db, device), db.now() - std::chrono::hours(1)); });
    };
    quality("FLAGGED", "TIER_1K", 1795300000);
    work();
    CHECK(standing().quality == "FLAGGED");
    CHECK(standing().messaging_limit == "TIER_1K");
    CHECK(standing().troubles.size() == 1);
    quality("UNFLAGGED", "TIER_10K", 1795300100);
    work();
    CHECK(standing().quality == "UNFLAGGED");
    CHECK(standing().messaging_limit == "TIER_10K");
    CHECK(standing().troubles.empty());
    CHECK(standing().latest.size() == 2);
}

TEST_CASE_METHOD(Incoming, "incoming: templates are known by what the provider tells of them, the newest wins", "[incoming]") {
    const auto status = [&](const char* event, const char* reason, int at) {
        tell("message_template_status_update",
             Json{{"event", event},
                  {"message_template_id", 7001},
                  {"message_template_name", "order_ready"},
                  {"message_template_language", "en"},
                  {"message_template_category", "UTILITY"},
                  {"reason", reason}},
             at);
        work();
    };
    const auto now = [&] { return store.read([](Snapshot& db) { return templates::find(db, "1", "order_ready", "en"); }).value(); };
    status("REJECTED", "INVALID_FORMAT", 1795300000);
    CHECK(now().status == "REJECTED");
    CHECK(now().reason == "INVALID_FORMAT");
    CHECK(now().category == "UTILITY");
    CHECK(templates::is_refused(now()));
    status("APPROVED", "NONE", 1795300100);
    status("PAUSED", "NONE", 1795300050);  // came late
    CHECK(now().status == "APPROVED");
    CHECK_FALSE(now().reason);
    tell("message_template_quality_update",
         Json{{"new_quality_score", "YELLOW"}, {"message_template_name", "order_ready"}, {"message_template_language", "en"}});
    tell("template_category_update",
         Json{{"new_category", "MARKETING"}, {"message_template_name", "order_ready"}, {"message_template_language", "en"}}, 1795300200);
    work();
    CHECK(now().quality == "YELLOW");
    CHECK(now().category == "MARKETING");
    CHECK(now().status == "APPROVED");
    CHECK(count("SELECT count(*) FROM templates") == 1);
}

TEST_CASE_METHOD(Incoming, "incoming: each of a group has statuses of its own, and one's failure is not the message's", "[incoming]") {
    write_text(ada, "wamid.a", "hi");
    work();
    const auto status = [&](const char* word, const char* participant) {
        Json item{{"id", "wamid.reply1"},      {"status", word},
                  {"timestamp", "1795300001"}, {"recipient_type", "group"},
                  {"recipient_id", "GROUP-1"}, {"recipient_participant_id", participant}};
        if (std::string_view(word) == "failed") item["errors"] = Json::array({{{"code", 131026}, {"title", "Message undeliverable"}}});
        post(envelope("statuses", item, "555000"));
        work();
    };
    status("failed", bob);
    CHECK(reply().status == MessageStatus::sent);
    status("delivered", ada);
    CHECK(reply().status == MessageStatus::delivered);
    status("delivered", bob);
    CHECK(count("SELECT count(*) FROM message_statuses WHERE status = 'delivered'") == 2);
}

TEST_CASE_METHOD(Incoming, "incoming: a body that was read is read again without doubles, and what was not understood then is", "[incoming]") {
    Json items = Json::array({text_item(ada, "wamid.a", "hi")});
    items.push_back(
        Json{{"from", ada}, {"id", "wamid.b"}, {"timestamp", "1795300000"}, {"type", "button"}, {"button", {{"payload", "p7"}, {"text", "Yes"}}}});
    write(items);
    work();
    const auto replies = sent_texts().size();
    store.write([](Transaction& tx) { tx.execute("UPDATE messages SET metadata = '{}', content = NULL WHERE message_type = 'button'"); });
    replay_last();
    CHECK(item_states() == std::vector<std::string>{"duplicate", "duplicate"});
    CHECK(sent_texts().size() == replies);
    CHECK(all(Direction::incoming).size() == 2);
    CHECK(all(Direction::incoming).at(1).content == "Yes");
    CHECK(metadata_of(all(Direction::incoming).at(1))["button"]["payload"] == "p7");
    check_at_rest();
}

TEST_CASE_METHOD(Incoming, "incoming: a thousand items of all kinds are stored one by one, the broken ones kept", "[incoming]") {
    Json items = Json::array();
    for (int i = 0; i < 1000; ++i) {
        const std::string id = "wamid.many" + std::to_string(i);
        switch (i % 5) {
            case 0: items.push_back(text_item(ada, id, "nothing")); break;
            case 1:
                items.push_back(
                    Json{{"from", bob}, {"id", id}, {"type", "image"}, {"image", {{"id", std::to_string(i)}, {"mime_type", "image/png"}}}});
                break;
            case 2: items.push_back(Json{{"from", bob}, {"type", "text"}, {"text", {{"body", "no id"}}}}); break;
            case 3: items.push_back(Json{{"from", ada}, {"id", id}, {"type", "hologram"}, {"hologram", {{"x", 1}}}}); break;
            default: items.push_back(i); break;
        }
    }
    write(items);
    only_drain();
    CHECK(count("SELECT count(*) FROM messages") == 600);
    CHECK(count("SELECT count(*) FROM inbox_items WHERE state = 'quarantined'") == 400);
    CHECK(last_event().state == InboxState::quarantined);
    CHECK(all(Direction::incoming).at(1).metadata.text == R"({"media":{"media_id":"1","mime_type":"image/png"}})");
}

TEST_CASE_METHOD(Pipeline, "incoming: a message counts from when it was written", "[pipeline]") {
    const auto written = [&](const std::string& id, Time at) {
        Json item = text_item(ada, id, "hi");
        item["timestamp"] = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count());
        post(envelope("messages", item, "555000"));
        work();
    };
    const auto last_incoming_at = [&] {
        return store.read([](Snapshot& db) { return db.query("SELECT last_incoming_at FROM contacts").one<Time>(); });
    };
    const auto reasons = [&] {
        return store.read([](Snapshot& db) { return db.query("SELECT COALESCE(reason, '') FROM turns ORDER BY id").all<std::string>(); });
    };
    const Time now = world.clock.now();
    written("wamid.old", now - 72h);
    CHECK(last_incoming_at() == now - 72h);
    CHECK(http.requests.empty());
    CHECK(reasons() == std::vector<std::string>{"window closed"});
    written("wamid.new", now - 23h);
    CHECK(http.requests.size() == 1);
    written("wamid.older", now - 48h);
    CHECK(last_incoming_at() == now - 23h);
    CHECK(http.requests.size() == 1);
    written("wamid.ahead", now + 72h);
    CHECK(last_incoming_at() == now);
    CHECK(http.requests.size() == 2);
}
