#include "core/base/clock.hpp"
#include "core/base/hex.hpp"
#include "core/messaging/media.hpp"

#include "core/files/files.hpp"
#include "core/operations/message_history.hpp"
#include "core/operations/work_actions.hpp"
#include "core/operations/work_items.hpp"
#include "tests/fakes/pipeline.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

const std::string small_jpeg = "\xFF\xD8\xFF\xE0 a picture of the menu";

Json image_item(const char* from, const std::string& id, const Json& more = Json::object()) {
    Json image{{"id", "9001"}, {"mime_type", "image/jpeg"}, {"sha256", to_hex(sha256(small_jpeg))}, {"caption", "hi"}};
    image.update(more);
    return {{"from", from}, {"id", id}, {"timestamp", "1795300000"}, {"type", "image"}, {"image", image}};
}

/// A Graph that has one picture, beside the messages that it takes.
struct Pictures : Pipeline {
    Pictures() {
        http.otherwise = [this](const HttpRequest& request) -> HttpOutcome {
            if (request.method == "POST") return graph_ok("wamid.reply" + std::to_string(++accepted));
            if (request.url.find("lookaside") == std::string::npos) {
                ++look_ups;
                return HttpAnswer{
                    200, {}, Json{{"url", "https://lookaside.fbsbx.com/9001"}, {"mime_type", "image/jpeg"}, {"file_size", small_jpeg.size()}}.dump()};
            }
            ++downloads;
            return download(request);
        };
    }

    void write_image(const Json& more = Json::object(), const std::string& id = "wamid.image") {
        post(envelope("messages", image_item(ada, id, more), "555000"));
    }
    Media medium() {
        const MessageId message{count("SELECT min(message_id) FROM media")};
        return store.read([&](Snapshot& db) { return media::of_message(db, message); }).at(0);
    }
    std::string state() { return std::string(to_word(medium().state)); }
    std::string job_state() {
        return store.read([](Snapshot& db) { return db.query("SELECT state FROM jobs WHERE kind = 'fetch_media'").one<std::string>(); });
    }
    QuestionFile told() {
        return store.read([&](Snapshot& db) { return media::as_question(db, medium().message_id); }).at(0);
    }
    std::string history() {
        std::string out;
        const History all = store.read([&](Snapshot& db) { return messages::history_of(db, medium().message_id, options.uncertain_window); });
        for (const HistoryStep& step : all.steps) out += step.what + " " + step.detail + "\n";
        return out;
    }
    std::vector<std::string> replies() {
        std::vector<std::string> out;
        for (const Message& message : all(Direction::outgoing)) out.push_back(message.content.value_or(""));
        return out;
    }

    std::function<HttpOutcome(const HttpRequest&)> download = [](const HttpRequest&) -> HttpOutcome { return HttpAnswer{200, {}, small_jpeg}; };
    int look_ups = 0, downloads = 0;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(Pictures, "media: what came with a message is a file before the message is answered", "[media]") {
    std::size_t replies_then = 99;
    download = [&](const HttpRequest&) -> HttpOutcome {
        replies_then = replies().size();
        return HttpAnswer{200, {}, small_jpeg};
    };
    write_image();
    work();
    CHECK(replies_then == 0);
    CHECK(replies() == Texts{"Hello!"});
    check_at_rest();
    CHECK(state() == "fetched");
    CHECK(job_state() == "done");
    const File file = store.read([&](Snapshot& db) { return files::get(db, std::to_string(medium().file_id->value)); });
    CHECK(file.file_type == "image/jpeg");
    CHECK(file.file_size == static_cast<std::int64_t>(small_jpeg.size()));
    CHECK(file.sha256 == to_hex(sha256(small_jpeg)));
    CHECK(file.device_id == device);
    CHECK(file.file_name == "image-1.jpg");
    CHECK(read_blob(blobs, *file.storage_key, 1000) == small_jpeg);
    CHECK(told().id == file.id);
    CHECK(told().why_not.empty());
    CHECK(count("SELECT count(*) FROM messages WHERE media_wait_until IS NOT NULL") == 0);
    CHECK(history().find("media image: file/1, fetched, " + std::to_string(small_jpeg.size()) + " bytes") != std::string::npos);
    CHECK(count("SELECT count(*) FROM changes WHERE kind = 'message.media_fetched'") == 1);
}

TEST_CASE_METHOD(Pictures, "media: an answer waits for so long, and the agent is told what is not there", "[media]") {
    download = [](const HttpRequest&) -> HttpOutcome { return HttpAnswer{500, {}, "later"}; };
    write_image();
    work();
    CHECK(replies().empty());
    CHECK(state() == "waiting");
    CHECK(history().find("waiting for its media, until ") != std::string::npos);
    world.clock.advance(options.media_wait - 1s);
    work();
    CHECK(replies().empty());
    world.clock.advance(2s);
    work();
    CHECK(replies() == Texts{"Hello!"});
    CHECK_FALSE(told().id);
    CHECK(told().kind == "image");
    CHECK(told().why_not == "not fetched: its URL answers HTTP 500");

    // It is fetched all the same, and answered no second time.
    download = [](const HttpRequest&) -> HttpOutcome { return HttpAnswer{200, {}, small_jpeg}; };
    world.clock.advance(1h);
    work();
    CHECK(state() == "fetched");
    CHECK(replies() == Texts{"Hello!"});
    check_at_rest();
}

TEST_CASE_METHOD(Pictures, "media: what is written after a picture is answered after it", "[media]") {
    download = [](const HttpRequest&) -> HttpOutcome { return HttpAnswer{500, {}, "later"}; };
    write_image();
    write_text(ada, "wamid.2", "one");
    post(envelope("messages", text_item(bob, "wamid.3", "two"), "555000"));
    work();
    CHECK(replies() == Texts{"2"});
    download = [](const HttpRequest&) -> HttpOutcome { return HttpAnswer{200, {}, small_jpeg}; };
    world.clock.advance(5s);
    work();
    CHECK(replies() == Texts{"2", "Hello!", "1"});
    check_at_rest();
}

TEST_CASE_METHOD(Pictures, "media: a picture behind words is waited for when its turn comes", "[media]") {
    download = [](const HttpRequest&) -> HttpOutcome { return HttpAnswer{500, {}, "later"}; };
    write_text(ada, "wamid.2", "one");
    write_image();
    work();
    CHECK(replies() == Texts{"1"});
    world.clock.advance(options.media_wait + 1s);
    work();
    CHECK(replies() == Texts{"1", "Hello!"});
}

TEST_CASE_METHOD(Pictures, "media: what must not be fetched is told at once", "[media]") {
    const auto [bytes, more, state_word, reason] = GENERATE(table<std::string, std::string, std::string, std::string>({
        {"<html>hello</html>", to_hex(sha256(small_jpeg)), "blocked", "is declared as image/jpeg, and looks like text/html"},
        {"MZ\x90 program", "", "blocked", "programs and scripts are not kept; this one looks like application/x-msdownload"},
        {small_jpeg + "!", to_hex(sha256(small_jpeg)), "failed", "its SHA-256 is not the announced one"},
        {"", "", "failed", "is empty"},
    }));
    download = [bytes = bytes](const HttpRequest&) -> HttpOutcome { return HttpAnswer{200, {}, bytes}; };
    write_image({{"sha256", more}});
    work();
    CHECK(replies() == Texts{"Hello!"});
    CHECK(state() == state_word);
    CHECK(medium().error == reason);
    CHECK(told().why_not == "not fetched: " + reason);
    CHECK(downloads == 1);
    CHECK(job_state() == "done");
    CHECK(count("SELECT count(*) FROM files") == 0);
    CHECK(blobs.begin(medium().blob_key)->size() == 0);
    CHECK(history().find("not fetched: " + state_word + ": " + reason) != std::string::npos);
}

TEST_CASE_METHOD(Pictures, "media: what is of another type than declared is kept for people, and no agent reads it", "[media]") {
    download = [](const HttpRequest&) -> HttpOutcome { return HttpAnswer{200, {}, "<html>hello</html>"}; };
    write_image({{"sha256", ""}});
    work();
    CHECK(state() == "fetched");
    CHECK(count("SELECT count(*) FROM files WHERE file_type = 'application/octet-stream'") == 1);
    CHECK_FALSE(told().id);
    CHECK(told().why_not == "of an unknown type");
}

TEST_CASE_METHOD(Pictures, "media: a broken download goes on where it ended", "[media]") {
    std::vector<std::string> ranges;
    download = [&](const HttpRequest& request) -> HttpOutcome {
        std::string range;
        for (const auto& [name, value] : request.headers)
            if (name == "Range") range = value;
        ranges.push_back(range);
        if (range.empty()) {
            request.sink->wants({200, {}, ""});
            request.sink->take(small_jpeg.substr(0, 6));
            return HttpFailure{false, "connection closed within the answer"};
        }
        const std::string from = std::to_string(6), last = std::to_string(small_jpeg.size() - 1), whole = std::to_string(small_jpeg.size());
        return HttpAnswer{206, {{"content-range", "bytes " + from + "-" + last + "/" + whole}}, small_jpeg.substr(6)};
    };
    write_image();
    work();
    CHECK(state() == "waiting");
    CHECK(medium().error == "connection closed within the answer");
    world.clock.advance(5s);
    work();
    CHECK(state() == "fetched");
    CHECK(ranges == Texts{"", "bytes=6-"});
    CHECK(count("SELECT count(*) FROM files") == 1);
}

TEST_CASE_METHOD(Pictures, "media: what an earlier attempt left is given up when it spoils the whole", "[media]") {
    download = [](const HttpRequest&) -> HttpOutcome { return HttpAnswer{500, {}, "later"}; };
    write_image();
    work();
    blobs.begin(medium().blob_key)->append("rubbish");
    download = [](const HttpRequest& request) -> HttpOutcome {
        for (const auto& [name, value] : request.headers)
            if (name == "Range") return HttpAnswer{206, {{"content-range", "bytes 7-28/29"}}, small_jpeg.substr(7)};
        return HttpAnswer{200, {}, small_jpeg};
    };
    world.clock.advance(5s);
    work();
    CHECK(state() == "fetched");
    CHECK(downloads == 3);
    CHECK(read_blob(blobs, medium().blob_key, 1000) == small_jpeg);
}

TEST_CASE_METHOD(Pictures, "media: a blob that was stored before a kill becomes a file without another download", "[media]") {
    download = [](const HttpRequest&) -> HttpOutcome { return HttpAnswer{500, {}, "later"}; };
    write_image();
    work();
    put_blob(
        blobs, medium().blob_key, [given = false]() mutable { return std::exchange(given, true) ? "" : small_jpeg; }, 1000);
    downloads = 0;
    world.clock.advance(5s);
    work();
    CHECK(state() == "fetched");
    CHECK(downloads == 0);
    CHECK(replies() == Texts{"Hello!"});
    CHECK(count("SELECT count(*) FROM files") == 1);
}

TEST_CASE_METHOD(Pictures, "media: who is late writes nothing", "[media]") {
    write_image();
    work();
    const Media before = medium();
    CHECK_FALSE(store.write([&](Transaction& tx) { return media::hold_open(tx, before); }));
    store.write([](Transaction& tx) { tx.execute("UPDATE jobs SET state = 'ready' WHERE kind = 'fetch_media'"); });
    work();
    CHECK(downloads == 1);
    CHECK(count("SELECT count(*) FROM files") == 1);
}

TEST_CASE_METHOD(Pictures, "media: what the provider keeps no longer is gone", "[media]") {
    download = [](const HttpRequest&) -> HttpOutcome { return HttpAnswer{500, {}, "later"}; };
    write_image();
    work();
    world.clock.advance(8 * 24h);
    look_ups = 0;
    work();
    CHECK(state() == "gone");
    CHECK(look_ups == 0);
    CHECK(job_state() == "done");
}

TEST_CASE_METHOD(Pictures, "media: after the last attempt it has failed, and is fetched when a person wants it", "[media]") {
    download = [](const HttpRequest&) -> HttpOutcome { return HttpAnswer{500, {}, "later"}; };
    write_image();
    work();
    store.write([](Transaction& tx) { tx.execute("UPDATE jobs SET attempt = 19 WHERE kind = 'fetch_media'"); });
    world.clock.advance(1h);
    work();
    CHECK(state() == "failed");
    CHECK(medium().error == "its URL answers HTTP 500");
    CHECK(job_state() == "dead");
    CHECK(replies() == Texts{"Hello!"});

    download = [](const HttpRequest&) -> HttpOutcome { return HttpAnswer{200, {}, small_jpeg}; };
    store.write(
        [](Transaction& tx) { tx.execute("UPDATE jobs SET state = 'ready', attempt = 0, due_at = $1 WHERE kind = 'fetch_media'", tx.now()); });
    work();
    CHECK(state() == "fetched");
}

TEST_CASE_METHOD(Pictures, "media: a message that comes twice brings its picture once", "[media]") {
    write_image();
    write_image({{"caption", "hi again"}});
    work();
    CHECK(count("SELECT count(*) FROM media") == 1);
    CHECK(downloads == 1);
    CHECK(replies() == Texts{"Hello!"});
}

TEST_CASE_METHOD(Pictures, "media: a document is a file by its own name, as far as that may be shown", "[media]") {
    download = [](const HttpRequest&) -> HttpOutcome { return HttpAnswer{200, {}, "%PDF-1.7 words"}; };
    const Json document{{"id", "9002"}, {"mime_type", "application/pdf"}, {"filename", "../../menu\n.pdf"}};
    post(envelope("messages", {{"from", ada}, {"id", "wamid.d"}, {"timestamp", "1795300000"}, {"type", "document"}, {"document", document}},
                  "555000"));
    work();
    CHECK(state() == "fetched");
    CHECK(told().name == "menu.pdf");
    CHECK(told().type == "application/pdf");
    CHECK(medium().provider_media_id == "9002");
}

TEST_CASE_METHOD(Pictures, "media: an inactive device's wait, and are fetched when it is active again", "[media]") {
    const auto set_active = [&](bool is_active) {
        store.write(
            [&](Transaction& tx) { tx.execute("UPDATE devices SET is_active = $2, revision = revision + 1 WHERE id = $1", device, is_active); });
    };
    write_image();
    set_active(false);
    work();
    CHECK(state() == "waiting");
    CHECK(medium().error == "its device is not active");
    set_active(true);
    world.clock.advance(5s);
    work();
    CHECK(state() == "fetched");
}
