#include "core/devices/options.hpp"

#include <nlohmann/json.hpp>

#include "tests/catch.hpp"

using namespace wabot;

namespace {

struct Assigned {
    Json options;
    std::string faults;
};

Assigned assign(DeviceKind kind, const devices::Assignments& assignments, Json options = Json::object()) {
    std::vector<Fault> faults;
    Assigned out{devices::assign_options(kind, std::move(options), assignments, faults), ""};
    for (const Fault& fault : faults) out.faults += fault.where + " " + fault.message + "; ";
    return out;
}

std::string refusal(std::string_view name, std::string_view value) {
    return assign(DeviceKind::whatsapp, {{"phone_number_id", "555"}, {std::string(name), std::string(value)}}).faults;
}

Device device(DeviceKind kind, const std::string& options) {
    Device out;
    out.kind = kind;
    out.options.text = options;
    return out;
}

}  // namespace

TEST_CASE("options have their defaults") {
    const DeviceOptions cloud = devices::options_of(device(DeviceKind::whatsapp, R"({"phone_number_id": "555"})"));
    CHECK(cloud.phone_number_id == "555");
    CHECK(cloud.graph_url == "https://graph.facebook.com");
    CHECK(cloud.graph_version == "v24.0");
    CHECK(cloud.media_hosts == std::vector<std::string>{"lookaside.fbsbx.com"});
    CHECK(cloud.rate_per_s == 80);
    CHECK(cloud.loop_limit == 10);
    CHECK(cloud.on_uncertain == OnUncertain::resend);
    const DeviceOptions sim = devices::options_of(device(DeviceKind::sim, "{}"));
    CHECK(sim.media_hosts.empty());
    CHECK(sim.rate_per_s == 0);
    CHECK(sim.loop_limit == 10);
}

TEST_CASE("options given are kept as values of their kind") {
    const auto given =
        assign(DeviceKind::whatsapp,
               {{"phone_number_id", "555"}, {"graph_url", "http://127.0.0.1:9000/sim/"}, {"rate_per_s", "0"}, {"on_uncertain", "hold"}});
    CHECK(given.faults.empty());
    CHECK(write_json(given.options) == R"({"phone_number_id":"555","graph_url":"http://127.0.0.1:9000/sim","rate_per_s":0,"on_uncertain":"hold"})");
    const DeviceOptions typed = devices::options_of(device(DeviceKind::whatsapp, write_json(given.options)));
    CHECK(typed.rate_per_s == 0);
    CHECK(typed.on_uncertain == OnUncertain::hold);
    CHECK(assign(DeviceKind::whatsapp, {{"rate_per_s", ""}}, given.options).options.contains("rate_per_s") == false);
}

TEST_CASE("the installation's Graph address stands in for Meta's, not for the device's own") {
    CHECK(devices::options_of(device(DeviceKind::whatsapp, "{}"), "http://graph.test/").graph_url == "http://graph.test");
    CHECK(devices::options_of(device(DeviceKind::whatsapp, R"({"graph_url": "http://own.test"})"), "http://graph.test").graph_url ==
          "http://own.test");
}

TEST_CASE("an unknown option is refused with a suggestion") {
    CHECK_THAT(refusal("loop_limt", "3"), Catch::Contains("options.loop_limt is not an option of whatsapp devices; did you mean \"loop_limit\"?"));
    CHECK_THAT(refusal("zzz", "3"), Catch::Contains("they have phone_number_id, waba_id"));
    CHECK_THAT(assign(DeviceKind::sim, {{"waba_id", "3"}}).faults, Catch::Contains("not an option of sim devices"));
}

TEST_CASE("a WhatsApp device needs its number id") {
    CHECK_THAT(assign(DeviceKind::whatsapp, {}).faults, Catch::StartsWith("options.phone_number_id is required"));
    CHECK_THAT(assign(DeviceKind::whatsapp, {{"phone_number_id", ""}}, {{"phone_number_id", "1"}}).faults,
               Catch::StartsWith("options.phone_number_id is required"));
    CHECK(assign(DeviceKind::sim, {}).faults.empty());
}

TEST_CASE("values that an option cannot have are refused") {
    using Row = std::tuple<std::string, std::string>;
    const auto [name, value] = GENERATE(table<std::string, std::string>({
        Row{"phone_number_id", "+4930"},    Row{"phone_number_id", "abc"},     Row{"waba_id", "123456789012345678901234567890123"},
        Row{"graph_url", "ftp://x"},        Row{"graph_url", "https://"},      Row{"graph_url", "https:///path"},
        Row{"graph_url", "https://user@x"}, Row{"graph_url", "https://x?y=1"}, Row{"graph_url", "https://x y"},
        Row{"graph_url", "https://:80"},    Row{"graph_version", "23"},        Row{"graph_version", "v23"},
        Row{"graph_version", "v23.0/x"},    Row{"rate_per_s", "-1"},           Row{"rate_per_s", "1001"},
        Row{"rate_per_s", "5.5"},           Row{"rate_per_s", "many"},         Row{"loop_limit", "99999999999999999999"},
        Row{"on_uncertain", "retry"},
    }));
    CAPTURE(name, value);
    CHECK_THAT(refusal(name, value), Catch::StartsWith("options." + name + " must be"));
}

TEST_CASE("options name the hosts that media are fetched from") {
    const auto hosts_of = [](const std::string& text) {
        const auto given = assign(DeviceKind::whatsapp, {{"phone_number_id", "555"}, {"media_hosts", text}});
        CHECK(given.faults.empty());
        return devices::options_of(device(DeviceKind::whatsapp, write_json(given.options))).media_hosts;
    };
    CHECK(hosts_of("media.example.com") == std::vector<std::string>{"media.example.com"});
    CHECK(hosts_of("Media.Example.com,cdn.example.net") == std::vector<std::string>{"media.example.com", "cdn.example.net"});
    for (const char* wrong :
         {"a,,b", ",", "127.0.0.1", "[::1]", "media.example.com/x", "user@media.example.com", "media.example.com:8443", "*.example.com"})
        CHECK(refusal("media_hosts", wrong).find("must be host names") != std::string::npos);
}
