#include "core/config/config_files.hpp"

#include <unistd.h>

#include <fstream>

#include "core/base/error.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/scratch_store.hpp"

namespace wabot {
namespace {

namespace fs = std::filesystem;

fs::path make(const fs::path& file, std::string_view text = "") {
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file;
}

/// "NAME=value|..." of what is read from `text`, or the places of its bad lines.
std::string read_env(std::string_view text) {
    const test::ScratchFolder scratch;
    std::string shown;
    try {
        for (const EnvEntry& entry : read_env_file(make(scratch.path() / ".env", text))) shown += entry.name + "=" + entry.value + "|";
    } catch (const Error& e) {
        CHECK(e.code() == Errc::invalid);
        for (const Fault& fault : e.faults()) shown += "line " + fault.where.substr(fault.where.rfind(':') + 1) + "|";
    }
    return shown;
}

}  // namespace

TEST_CASE("config files: a TOML file is a list of names with their places", "[base]") {
    const test::ScratchFolder scratch;
    const auto file = make(scratch.path() / "a.toml", "# ours\n[server]\nport = 9\nhost='x'\n\n[a.b]\nc.d = true\n[empty]\n");
    const auto entries = read_config_file(file);
    REQUIRE(entries.size() == 3);
    CHECK(entries[0].name == "server.port");
    CHECK(std::get<std::int64_t>(entries[0].value) == 9);
    CHECK(entries[1].name == "server.host");
    CHECK(std::get<std::string>(entries[1].value) == "x");
    CHECK(entries[1].place() == file.string() + ":4:1");
    CHECK(entries[2].name == "a.b.c.d");
    CHECK(entries[2].type == "boolean");
}

TEST_CASE("config files: what is not TOML, or cannot be read, is an error with its place", "[base]") {
    const test::ScratchFolder scratch;
    const auto file = make(scratch.path() / "bad.toml", "[server]\nport = \n");
    CHECK_THROWS_WITH(read_config_file(file), Catch::StartsWith(file.string() + ":2:"));
    CHECK_THROWS_WITH(read_config_file(scratch.path() / "none.toml"), Catch::EndsWith("none.toml cannot be read: No such file or directory"));
    CHECK_THROWS_WITH(read_config_file(scratch.path()), Catch::EndsWith("cannot be read: Is a directory"));
}

TEST_CASE("config files: an env file has bare and quoted values, comments and exports", "[base]") {
    CHECK(read_env("A=1\n\n# no\n  B = 2\n") == "line 4|");
    CHECK(read_env("A=1\r\nexport B=two words # said\nC=a#b\nD=\nE= x \n") == "A=1|B=two words|C=a#b|D=|E=x|");
    CHECK(read_env("A='1 # $X \\n'  # quoted\nB=\"a \\\"b\\\" \\\\ \\n\"\n") == "A=1 # $X \\n|B=a \"b\" \\ \n|");
    CHECK(read_env("A=#none\nB=last") == "A=|B=last|");
    CHECK(read_env("\xEF\xBB\xBF"
                   "A=1\nexport\tB=2\n") == "A=1|B=2|");
    CHECK(read_env("A='x\nB=\"y\nC='x' y\n1D=2\nno\nF=1\n") == "line 1|line 2|line 3|line 4|line 5|");
}

TEST_CASE("config files: a bad line of an env file is not quoted in the message", "[base]") {
    const test::ScratchFolder scratch;
    const auto file = make(scratch.path() / ".env", "TOKEN='secret\n");
    CHECK_THROWS_WITH(read_env_file(file), file.string() + ":1 is not KEY=value, or a quote is not closed");
}

TEST_CASE("config files: a terminal command reads the project's, the user's and the system's files in this order", "[base]") {
    const test::ScratchFolder scratch;
    const auto project = make(scratch.path() / "work/wabot.toml"), user = make(scratch.path() / "home/.config/wabot/config.toml");
    const auto first = make(scratch.path() / "etc/conf.d/10.toml"), second = make(scratch.path() / "etc/conf.d/20.toml"),
               system = make(scratch.path() / "etc/wabot.toml");
    make(scratch.path() / "etc/conf.d/README");
    ConfigSearch place{.environment = {{"HOME", scratch.path() / "home"}},
                       .working_folder = scratch.path() / "work",
                       .user_id = geteuid(),
                       .system_folder = scratch.path() / "etc"};
    CHECK(find_config_files(place).files == std::vector{project, user, second, first, system});

    SECTION("a service reads the system's alone") {
        place.service = true;
        CHECK(find_config_files(place).files == std::vector{second, first, system});
    }
    SECTION("a named file stands alone, by -c before WABOT_CONFIG") {
        place.environment["WABOT_CONFIG"] = "/x/env.toml";
        CHECK(find_config_files(place).files == std::vector<fs::path>{"/x/env.toml"});
        place.named = "/x/flag.toml";
        CHECK(find_config_files(place).files == std::vector<fs::path>{"/x/flag.toml"});
        place.named = "none";
        CHECK(find_config_files(place).files.empty());
    }
    SECTION("XDG_CONFIG_HOME moves the user's file, unless it is relative") {
        const auto moved = make(scratch.path() / "xdg/wabot/config.toml");
        place.environment["XDG_CONFIG_HOME"] = scratch.path() / "xdg";
        CHECK(find_config_files(place).files[1] == moved);
        place.environment["XDG_CONFIG_HOME"] = "xdg";
        CHECK(find_config_files(place).files[1] == user);
    }
    SECTION("nothing is needed: no home, no working folder, no system folder") {
        CHECK(find_config_files({.system_folder = scratch.path() / "nowhere"}).files.empty());
    }
}

TEST_CASE("config files: a project file that others could have written is passed over with a warning", "[base]") {
    const test::ScratchFolder scratch;
    const auto project = make(scratch.path() / "wabot.toml");
    ConfigSearch place{.working_folder = scratch.path(), .user_id = geteuid(), .system_folder = scratch.path() / "etc"};
    SECTION("someone else's") {
        place.user_id = geteuid() + 1;
    }
    SECTION("writable by everyone") {
        fs::permissions(project, fs::perms::others_write, fs::perm_options::add);
    }
    const FoundFiles found = find_config_files(place);
    CHECK(found.files.empty());
    REQUIRE(found.warnings.size() == 1);
    CHECK(found.warnings[0].starts_with(project.string() + " is not read: "));
}

TEST_CASE("config files: reading a file has a limit of size", "[base]") {
    const test::ScratchFolder scratch;
    const auto file = make(scratch.path() / "x", "12345");
    CHECK(read_file(file, 5) == "12345");
    CHECK_THROWS_AS(read_file(file, 4), Error);
}

}  // namespace wabot
