#include "core/base/log.hpp"
#include "core/base/clock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/config/config_files.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/scratch_store.hpp"
#include "tests/fakes/stderr_taken.hpp"

namespace wabot {
namespace {

using test::StderrTaken;

/// The one line without its time; "" when there is not exactly one.
std::string the_line(const std::string& text) {
    if (std::count(text.begin(), text.end(), '\n') != 1) return "";
    return text.substr(text.find(' ') + 1, text.size() - text.find(' ') - 2);
}

}  // namespace

TEST_CASE("log: a line is the time, the speaker, the level, a phrase and fields", "[base]") {
    const StderrTaken taken;
    log::set_up({});
    log::info("job failed", {{"job_id", 42}, {"ok", false}, {"name", "ana"}});
    CHECK(the_line(taken.text()) == "app info job failed job_id=42 ok=false name=ana");
    CHECK(from_iso(taken.text().substr(0, taken.text().find(' '))));
}

TEST_CASE("log: values that would break the line are quoted and escaped", "[base]") {
    const StderrTaken taken;
    log::set_up({});
    log::info("said", {{"a", "two words"}, {"b", "x\ny\x1b"}, {"c", ""}, {"d", "a=\"b\""}, {"e", "gr\xc3\xbc\xc3\x9f"}, {"f", "\xff"}});
    CHECK(the_line(taken.text()) == R"(app info said a="two words" b="x\ny\u001b" c="" d="a=\"b\"" e=grüß f="�")");
}

TEST_CASE("log: a number that slipped into a value is masked, an id is not", "[base]") {
    const StderrTaken taken;
    log::set_up({});
    log::info("sent", {{"to", "+12025550123"}, {"id", "12025550123"}});
    CHECK(the_line(taken.text()) == "app info sent to=••••••0123 id=12025550123");
}

TEST_CASE("log: lines below the level are left out, and without set-up those below warning", "[base]") {
    const StderrTaken taken;
    log::set_up({.level = log::Level::error});
    log::warning("no");
    log::set_up({.level = log::Level::debug});
    log::debug("yes");
    CHECK(the_line(taken.text()) == "app debug yes");
}

TEST_CASE("log: as JSON a line is one object", "[base]") {
    const StderrTaken taken;
    log::set_up({.json = true});
    log::error("disk full", {{"path", "/x y"}, {"free", 0}});
    Json line = read_json(taken.text());
    CHECK(from_iso(line.at("time").get<std::string>()));
    line.erase("time");
    CHECK(write_json(line) == R"({"logger":"app","level":"error","message":"disk full","path":"/x y","free":"0"})");
}

TEST_CASE("log: with a folder each speaker has a file of its own, beside stderr", "[base]") {
    const StderrTaken taken;
    const test::ScratchFolder scratch;
    const auto folder = scratch.path() / "deep" / "logs";
    log::set_up({.folder = folder});
    log::write(log::Level::info, log::Logger::auth, "in");
    log::write(log::Level::info, log::Logger::twilio, "hook");
    log::write(log::Level::info, log::Logger::messages, "sent");
    log::write(log::Level::info, log::Logger::reports, "made");
    log::info("up");
    CHECK(the_line(read_file(folder / "auth.log", 1000)) == "auth info in");
    CHECK(the_line(read_file(folder / "twilio_webhook.log", 1000)) == "twilio info hook");
    CHECK(the_line(read_file(folder / "messages.log", 1000)) == "messages info sent");
    CHECK(the_line(read_file(folder / "reports.log", 1000)) == "reports info made");
    CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 4);
    const std::string all = taken.text();
    CHECK(std::count(all.begin(), all.end(), '\n') == 5);
}

TEST_CASE("log: a file is turned over at 1 MiB", "[base]") {
    const StderrTaken taken;
    const test::ScratchFolder scratch;
    log::set_up({.folder = scratch.path()});
    const std::string filler(1000, 'x');
    for (int i = 0; i < 1100; ++i) log::write(log::Level::info, log::Logger::messages, "sent", {{"text", filler}});
    CHECK(std::filesystem::file_size(scratch.path() / "messages.1.log") <= 1024 * 1024);
    CHECK(std::filesystem::file_size(scratch.path() / "messages.1.log") > 1000 * 1000);
    CHECK(std::filesystem::file_size(scratch.path() / "messages.log") > 0);
    CHECK_FALSE(std::filesystem::exists(scratch.path() / "messages.2.log"));
}

TEST_CASE("log: a folder that cannot be used is refused at set-up", "[base]") {
    const StderrTaken taken;
    CHECK_THROWS_AS(log::set_up({.folder = "/dev/null/logs"}), Error);
}

TEST_CASE("log: a full disk loses lines of the file, and nothing else", "[base]") {
    const StderrTaken taken;
    const test::ScratchFolder scratch;
    std::filesystem::create_symlink("/dev/full", scratch.path() / "auth.log");
    log::set_up({.folder = scratch.path()});
    log::write(log::Level::info, log::Logger::auth, "in");
    CHECK(the_line(taken.text()) == "auth info in");
}

TEST_CASE("log: lines of several threads stay whole", "[base]") {
    const StderrTaken taken;
    log::set_up({});
    auto speak = [] {
        for (int i = 0; i < 200; ++i) log::info("line", {{"text", std::string_view("abcdefghij")}});
    };
    std::thread one(speak), two(speak);
    one.join();
    two.join();
    std::istringstream lines(taken.text());
    int whole = 0;
    for (std::string line; std::getline(lines, line);) whole += line.ends_with("app info line text=abcdefghij") ? 1 : 0;
    CHECK(whole == 400);
}

}  // namespace wabot
