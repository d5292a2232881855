#include "core/files/blob_store.hpp"
#include "core/base/blocking.hpp"
#include "core/base/clock.hpp"
#include "core/base/hex.hpp"
#include "core/base/world.hpp"

#include <sys/stat.h>

#include <fstream>

#include "core/crypto/vault.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/blob_store.hpp"
#include "tests/fakes/code_of.hpp"
#include "tests/fakes/scratch_store.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using namespace wabot::test;

namespace {

struct InMemory {
    std::unique_ptr<BlobStore> open() { return std::make_unique<FakeBlobs>(real_world().clock); }
};

struct OnDisk {
    std::unique_ptr<BlobStore> open() { return open_local_blobs(scratch.path() / "state" / "files"); }
    ScratchFolder scratch;
};

const std::string key_a(32, 'a'), key_b = "b" + std::string(31, '7');
const Time long_ago = at("2020-01-01T00:00:00Z"), far_ahead = at("2100-01-01T00:00:00Z");

void write(BlobStore& blobs, const std::string& key, std::string_view bytes) {
    const auto draft = blobs.begin(key);
    draft->append(bytes);
    draft->publish();
}

BlobSource pieces(std::vector<std::string> of) {
    return [of = std::move(of), next = std::size_t{0}]() mutable { return next < of.size() ? of[next++] : std::string(); };
}

std::string text_of(BlobReader& reader) {
    std::string out;
    char few[5];  // less than a text, so that it is asked more than once
    while (const std::size_t count = reader.read(few)) out.append(few, count);
    return out;
}

}  // namespace

TEMPLATE_TEST_CASE("blobs: a blob is there once it is published, whole", "[files][contract]", InMemory, OnDisk) {
    TestType fixture;
    const auto blobs = fixture.open();
    {
        const auto draft = blobs->begin(key_a);
        draft->append("one ");
        draft->append("two");
        CHECK(draft->size() == 7);
        CHECK(text_of(*draft->read()) == "one two");
        CHECK_FALSE(blobs->size(key_a));
        CHECK(code_of([&] { blobs->open(key_a); }) == Errc::not_found);
        draft->publish();
    }
    CHECK(blobs->size(key_a) == 7);
    CHECK(text_of(*blobs->open(key_a)) == "one two");
    CHECK(read_blob(*blobs, key_a, 7) == "one two");
    CHECK(code_of([&] { read_blob(*blobs, key_a, 6); }) == Errc::too_large);
    CHECK(blobs->remove(key_a));
    CHECK_FALSE(blobs->remove(key_a));
    CHECK_FALSE(blobs->size(key_a));
}

TEMPLATE_TEST_CASE("blobs: who begins again goes on where the last one ended", "[files][contract]", InMemory, OnDisk) {
    TestType fixture;
    const auto blobs = fixture.open();
    blobs->begin(key_a)->append("first half, ");
    {
        const auto draft = blobs->begin(key_a);
        CHECK(draft->size() == 12);
        draft->append("second half");
        draft->publish();
    }
    CHECK(text_of(*blobs->open(key_a)) == "first half, second half");
    CHECK(blobs->begin(key_a)->size() == 0);

    blobs->begin(key_b)->append("wrong");
    {
        const auto draft = blobs->begin(key_b);
        draft->clear();
        CHECK(draft->size() == 0);
        draft->append("right");
        CHECK(text_of(*draft->read()) == "right");
    }
    blobs->begin(key_b)->discard();
    CHECK(blobs->begin(key_b)->size() == 0);
}

TEMPLATE_TEST_CASE("blobs: one writer at a time", "[files][contract]", InMemory, OnDisk) {
    TestType fixture;
    const auto blobs = fixture.open();
    auto draft = blobs->begin(key_a);
    CHECK(code_of([&] { blobs->begin(key_a); }) == Errc::conflict);
    blobs->begin(key_b)->discard();
    draft.reset();
    blobs->begin(key_a)->discard();
}

TEMPLATE_TEST_CASE("blobs: names that others made are no keys", "[files][contract]", InMemory, OnDisk) {
    TestType fixture;
    const auto blobs = fixture.open();
    for (const char* name : {"", "a", "../../etc/passwd", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/", "draft"}) {
        CHECK_THROWS_AS(blobs->begin(name), Error);
        CHECK_THROWS_AS(blobs->open(name), Error);
        CHECK_THROWS_AS(blobs->remove(name), Error);
    }
    CHECK(is_blob_key(new_blob_key(real_world().random)));
}

TEMPLATE_TEST_CASE("blobs: what is published is listed in order, page by page, and no drafts", "[files][contract]", InMemory, OnDisk) {
    TestType fixture;
    const auto blobs = fixture.open();
    CHECK(blobs->list("", 10, far_ahead).empty());
    const std::string second = key_a.substr(0, 31) + "b";
    for (const auto& key : {key_b, second, key_a}) write(*blobs, key, "x");
    blobs->begin(std::string(32, 'c'))->append("unfinished");
    CHECK(blobs->list("", 10, far_ahead) == std::vector{key_a, second, key_b});
    CHECK(blobs->list("", 2, far_ahead) == std::vector{key_a, second});
    CHECK(blobs->list(second, 2, far_ahead) == std::vector{key_b});
    CHECK(blobs->list("", 10, long_ago).empty());
}

TEMPLATE_TEST_CASE("blobs: drafts that nobody finished go, those that are written stay", "[files][contract]", InMemory, OnDisk) {
    TestType fixture;
    const auto blobs = fixture.open();
    CHECK(blobs->remove_drafts(far_ahead) == 0);
    blobs->begin(key_a)->append("left");
    const auto written = blobs->begin(key_b);
    written->append("going on");
    CHECK(blobs->remove_drafts(long_ago) == 0);
    CHECK(blobs->remove_drafts(far_ahead) == 1);
    CHECK(blobs->begin(key_a)->size() == 0);
    CHECK(written->size() == 8);
}

TEMPLATE_TEST_CASE("blobs: a blob is put at once, with its size and hash, or not at all", "[files][contract]", InMemory, OnDisk) {
    TestType fixture;
    const auto blobs = fixture.open();
    blobs->begin(key_a)->append("left by somebody");
    const BlobFacts facts = put_blob(*blobs, key_a, pieces({"one ", "two"}), 7);
    CHECK(facts.size == 7);
    CHECK(facts.sha256 == to_hex(sha256("one two")));
    CHECK(facts.head == "one two");
    CHECK(read_blob(*blobs, key_a, 100) == "one two");

    CHECK(code_of([&] { put_blob(*blobs, key_b, pieces({"one ", "two!"}), 7); }) == Errc::too_large);
    const auto refuse = [](const BlobFacts&) { throw Error(Errc::invalid, "not wanted"); };
    CHECK(code_of([&] { put_blob(*blobs, key_b, pieces({"one"}), 7, refuse); }) == Errc::invalid);
    CHECK_FALSE(blobs->size(key_b));
    CHECK(blobs->begin(key_b)->size() == 0);
}

TEMPLATE_TEST_CASE("blobs: what blocks is done aside, and what it throws comes back", "[files][contract]", InMemory, OnDisk) {
    TestType fixture;
    const auto blobs = fixture.open();
    blocking(blobs->aside([&] { write(*blobs, key_a, "aside"); }));
    CHECK(blobs->size(key_a) == 5);
    CHECK(code_of([&] { blocking(blobs->aside([&] { blobs->open(key_b); })); }) == Errc::not_found);
}

TEST_CASE("blobs: the facts of a long blob hold its first bytes only", "[files]") {
    FakeBlobs blobs(real_world().clock);
    const std::string all = std::string(100'000, 'x') + "end";
    write(blobs, key_a, all);
    const BlobFacts facts = facts_of(*blobs.open(key_a));
    CHECK(facts.size == 100'003);
    CHECK(facts.head == std::string(blob_head_max, 'x'));
    CHECK(facts.sha256 == to_hex(sha256(all)));
}

TEST_CASE("blobs: on the disk they are nobody else's to read, and outlive the process", "[files]") {
    OnDisk fixture;
    write(*fixture.open(), key_a, "mine");
    fixture.open()->begin(key_b)->append("half");
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(fixture.scratch.path() / "state")) {
        struct stat status {};
        REQUIRE(::lstat(entry.path().c_str(), &status) == 0);
        CHECK((status.st_mode & 07777U) == (entry.is_directory() ? 0700U : 0600U));
        files += entry.is_regular_file() ? 1 : 0;
    }
    CHECK(files == 2);
    CHECK(read_blob(*fixture.open(), key_a, 4) == "mine");
    CHECK(fixture.open()->begin(key_b)->size() == 4);
}

TEST_CASE("blobs: a link in the place of a draft is not followed", "[files]") {
    OnDisk fixture;
    const auto blobs = fixture.open();
    blobs->begin(key_a)->discard();
    const auto outside = fixture.scratch.path() / "outside";
    std::ofstream(outside) << "untouched";
    std::filesystem::create_symlink(outside, fixture.scratch.path() / "state" / "files" / "draft" / key_a);
    CHECK(code_of([&] { blobs->begin(key_a); }) == Errc::unavailable);
    CHECK(std::filesystem::file_size(outside) == 9);
}
