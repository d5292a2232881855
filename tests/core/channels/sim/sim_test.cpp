#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/channels/sim/sim.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"
#include "tests/catch.hpp"
#include "tests/core/channels/every_content.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using wabot::test::at;
using wabot::test::FakeRandom;

namespace {

const Time now = at("2026-01-05T12:00:00Z");
const std::string text_request =
    R"({"messaging_product":"whatsapp","recipient_type":"individual","to":"+12025550142","type":"text","text":{"body":"Hello!"},)"
    R"("context":{"message_id":"wamid.IN"},"biz_opaque_callback_data":"17.0.1"})";

IncomingMessage only_message(const Delivery& delivery) {
    INFO(delivery.unreadable);
    REQUIRE(delivery.items.size() == 1);
    CHECK(delivery.items[0].kind == "message");
    REQUIRE(std::holds_alternative<IncomingMessage>(delivery.items[0].what));
    return std::get<IncomingMessage>(delivery.items[0].what);
}

int error_code(const SimGraphAnswer& answer) {
    return read_json(answer.body)["error"]["code"].get<int>();
}

class Gate : public HandOver {
public:
    int commits = 0;
    bool is_lost = false;
    asio::awaitable<void> commit() override {
        ++commits;
        if (is_lost) throw Error(Errc::stale, "lost");
        co_return;
    }
};

}  // namespace

TEST_CASE("sim channel: every message is accepted under an id of its own, after its hand-over") {
    FakeRandom random;
    SimChannel channel(random);
    Gate gate;
    const Outgoing message{.to = {.phone = "+12025550142"}, .text = "hi"};
    const auto send = [&] {
        asio::io_context io;
        auto outcome = asio::co_spawn(io, channel.send(message, gate), asio::use_future);
        io.run();
        return outcome.get();
    };
    const std::string first = std::get<Sent>(send()).provider_message_id;
    const std::string second = std::get<Sent>(send()).provider_message_id;
    CHECK(first.starts_with("sim."));
    CHECK(first != second);
    CHECK(gate.commits == 2);
    gate.is_lost = true;
    CHECK_THROWS_AS(send(), Error);
}

TEST_CASE("sim graph: a send is answered as the real one and captured for the device") {
    FakeRandom random;
    const SimGraphAnswer answer = answer_sim_graph("Bearer x", text_request, now, random);
    CHECK(answer.status == 200);
    const Json body = read_json(answer.body);
    const std::string id = body["messages"][0]["id"];
    CHECK(body["messaging_product"] == "whatsapp");
    CHECK(body["contacts"][0] == Json{{"input", "+12025550142"}, {"wa_id", "12025550142"}});
    CHECK(id.starts_with("wamid."));
    CHECK(read_json(answer_sim_graph("Bearer x", text_request, now, random).body)["messages"][0]["id"] != id);

    const IncomingMessage captured = only_message(read_sim_delivery(answer.capture, at("2026-01-05T13:00:00Z")));
    CHECK(captured.provider_id == id);
    CHECK(captured.sender.phone == "+12025550142");
    CHECK(captured.content == "Hello!");
    CHECK(captured.reply_to == "wamid.IN");
    CHECK(captured.timestamp == now);
    CHECK_FALSE(captured.wants_answer);
    CHECK(read_json(captured.raw)["opaque"] == "17.0.1");
}

TEST_CASE("sim graph: persons without a number and groups are captured too") {
    FakeRandom random;
    const SimGraphAnswer person =
        answer_sim_graph("Bearer x", R"({"messaging_product":"whatsapp","recipient":"GB.9001","type":"text","text":{"body":"hi"}})", now, random);
    CHECK(only_message(read_sim_delivery(person.capture, now)).sender.user_id == "GB.9001");
    const SimGraphAnswer group = answer_sim_graph(
        "Bearer x", R"({"messaging_product":"whatsapp","recipient_type":"group","to":"GROUP-77","type":"text","text":{"body":"hi"}})", now, random);
    CHECK(only_message(read_sim_delivery(group.capture, now)).group_id == "GROUP-77");
}

TEST_CASE("sim graph: refusals are those of the real one, and nothing is captured") {
    FakeRandom random;
    for (const char* authorization : {"", "Bearer ", "Basic eA=="}) {
        const SimGraphAnswer answer = answer_sim_graph(authorization, text_request, now, random);
        CHECK(answer.status == 401);
        CHECK(error_code(answer) == 190);
        CHECK(answer.capture.empty());
    }
    for (const char* body : {"", "[]", "{}", R"({"messaging_product":"whatsapp"})", R"({"messaging_product":"whatsapp","to":"+12025550142"})",
                             R"({"messaging_product":"whatsapp","to":"+12025550142","type":"image"})",
                             R"({"messaging_product":"whatsapp","to":"+12025550142","type":"text","text":{}})"}) {
        INFO(body);
        const SimGraphAnswer answer = answer_sim_graph("Bearer x", body, now, random);
        CHECK(answer.status == 400);
        CHECK(error_code(answer) == 100);
        CHECK(answer.capture.empty());
    }
}

TEST_CASE("sim graph: every kind of message is taken and kept readable, and one over a limit refused") {
    FakeRandom random;
    for (const auto& [name, content] : wabot::test::every_content()) {
        INFO(name);
        const SimGraphAnswer answer = answer_sim_graph("Bearer x", compose_whatsapp_message(wabot::test::outgoing(content)), now, random);
        INFO(answer.body);
        REQUIRE(answer.status == 200);
        const IncomingMessage captured = only_message(read_sim_delivery(answer.capture, now));
        CHECK(captured.message_type == to_word(content.kind));
        CHECK(captured.content.value_or("") == content::readable(content));
        CHECK(captured.reply_to == "wamid.IN1");
        CHECK(captured.raw.find("555 01") == std::string::npos);
    }
    const Content long_caption{ContentKind::image, {write_json(Json{{"id", "7"}, {"caption", wabot::test::long_text(1025)}})}};
    const SimGraphAnswer refused = answer_sim_graph("Bearer x", compose_whatsapp_message(wabot::test::outgoing(long_caption)), now, random);
    CHECK(refused.status == 400);
    CHECK_THAT(refused.body, Catch::Contains("image.caption has 1025 characters"));
}

TEST_CASE("sim graph: an upload gets an id, and is refused as the real one would") {
    FakeRandom random;
    const std::string form =
        "--b\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n--b\r\n"
        "Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\nx\r\n--b--\r\n";
    const SimGraphAnswer taken = answer_sim_graph_media("Bearer x", "multipart/form-data; boundary=b", form, random);
    CHECK(taken.status == 200);
    CHECK(read_json(taken.body)["id"].get<std::string>().size() > 8);
    CHECK(answer_sim_graph_media("", "multipart/form-data; boundary=b", form, random).status == 401);
    CHECK(answer_sim_graph_media("Bearer x", "application/json", form, random).status == 400);
    CHECK(answer_sim_graph_media("Bearer x", "multipart/form-data; boundary=b", "--b--", random).status == 400);
}

TEST_CASE("sim graph: marking as read succeeds and reaches nobody") {
    FakeRandom random;
    const SimGraphAnswer answer =
        answer_sim_graph("Bearer x", R"({"messaging_product":"whatsapp","status":"read","message_id":"wamid.IN"})", now, random);
    CHECK(answer.status == 200);
    CHECK(answer.capture.empty());
}

TEST_CASE("sim delivery: a simulated person writes and wants an answer") {
    const char* const body = R"({"id": "sim.1", "from": "+12025550142", "name": "Ana", "text": "Hello?", "timestamp": 1767614400})";
    const IncomingMessage message = only_message(read_sim_delivery(body, at("2026-01-05T13:00:00Z")));
    CHECK(message.provider_id == "sim.1");
    CHECK(message.sender.phone == "+12025550142");
    CHECK(message.sender_name == "Ana");
    CHECK(message.message_type == "text");
    CHECK(message.content == "Hello?");
    CHECK(message.timestamp == now);
    CHECK(message.wants_answer);
}

TEST_CASE("sim delivery: a body without an id gets one that is always the same") {
    const std::string body = R"({"from":"12025550142","text":"hi"})";
    const IncomingMessage message = only_message(read_sim_delivery(body, now));
    CHECK(message.provider_id == only_message(read_sim_delivery(body, now)).provider_id);
    CHECK(message.provider_id != only_message(read_sim_delivery(R"({"from":"12025550142","text":"ho"})", now)).provider_id);
    CHECK(message.timestamp == now);
}

TEST_CASE("sim delivery: what cannot be read is said so") {
    CHECK_FALSE(read_sim_delivery("", now).unreadable.empty());
    CHECK_FALSE(read_sim_delivery("[1]", now).unreadable.empty());
    CHECK(std::holds_alternative<Broken>(read_sim_delivery("{}", now).items.at(0).what));
    CHECK(std::holds_alternative<Broken>(read_sim_delivery(R"({"from":"nobody","text":"hi"})", now).items.at(0).what));
}
