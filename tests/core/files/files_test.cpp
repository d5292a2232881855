#include "core/files/files.hpp"
#include "core/base/blocking.hpp"
#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/files/blob_cleanup.hpp"

#include <tuple>

#include "core/base/text.hpp"
#include "core/devices/devices.hpp"
#include "core/retention/retention.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/blob_store.hpp"
#include "tests/fakes/code_of.hpp"
#include "tests/fakes/scratch_store.hpp"
#include "tests/fakes/world.hpp"

using namespace wabot;
using namespace wabot::test;
using namespace std::chrono_literals;

namespace {

struct Files {
    FileId add(char key, FileOrigin origin = FileOrigin::incoming, std::int64_t size = 3, std::optional<DeviceId> device = std::nullopt) {
        const std::string blob(32, key), hash(64, key);
        return store.write([&](Transaction& tx) {
            return files::add(tx, {.uuid = files::new_uuid(world.random),
                                   .device = device,
                                   .origin = origin,
                                   .name = "menu.pdf",
                                   .type = "application/pdf",
                                   .size = size,
                                   .sha256 = hash,
                                   .backend = "local",
                                   .key = blob});
        });
    }
    static void put(BlobStore& blobs, char key) {
        const auto draft = blobs.begin(std::string(32, key));
        draft->append("abc");
        draft->publish();
    }
    std::vector<FileId> ids(const files::Filter& filter, const Page& page = {}) {
        std::vector<FileId> out;
        for (const File& file : store.read([&](Snapshot& db) { return files::list(db, filter, page); })) out.push_back(file.id);
        return out;
    }

    FakeWorld world;
    ScratchStore store{world.clock};
};

}  // namespace

TEST_CASE_METHOD(Files, "files: a file is found by its id and by its UUID", "[files]") {
    const FileId id = add('a');
    const File file = store.read([&](Snapshot& db) { return files::get(db, std::to_string(id.value)); });
    CHECK(file.file_name == "menu.pdf");
    CHECK(file.file_size == 3);
    CHECK(file.uuid.size() == 36);
    CHECK(file.uuid[14] == '4');
    CHECK_FALSE(file.deleted_at);
    CHECK(store.read([&](Snapshot& db) { return files::get(db, file.uuid).id; }) == id);
    CHECK(code_of([&] { store.read([&](Snapshot& db) { return files::get(db, "99"); }); }) == Errc::not_found);
    CHECK(store.read([&](Snapshot& db) { return files::is_blob_known(db, std::string(32, 'a')); }));
    CHECK_FALSE(store.read([&](Snapshot& db) { return files::is_blob_known(db, std::string(32, 'b')); }));
}

TEST_CASE_METHOD(Files, "files: a blob has one file, and neither nothing nor more than the limit is one", "[files]") {
    add('a', FileOrigin::incoming, files::size_max);
    CHECK(code_of([&] { add('a'); }) == Errc::conflict);
    CHECK(code_of([&] { add('b', FileOrigin::incoming, 0); }) == Errc::invalid);
    CHECK(code_of([&] { add('b', FileOrigin::incoming, files::size_max + 1); }) == Errc::invalid);
}

TEST_CASE_METHOD(Files, "files: they are listed newest first, by device and by origin", "[files]") {
    const DeviceId device = store.write([&](Transaction& tx) {
        Vault vault(std::string(64, '7'), world.random);
        DeviceChange change;
        change.key = "shop";
        return devices::create(tx, a_cause, vault, DeviceKind::sim, change).id;
    });
    const FileId one = add('a'), two = add('b', FileOrigin::outgoing), three = add('c', FileOrigin::incoming, 3, device);
    CHECK(ids({}) == std::vector{three, two, one});
    CHECK(ids({}, {.limit = 1}) == std::vector{three});
    CHECK(ids({}, {.after = two.value}) == std::vector{one});
    CHECK(ids({.origin = FileOrigin::outgoing}) == std::vector{two});
    CHECK(ids({.device = device}) == std::vector{three});
}

TEST_CASE_METHOD(Files, "files: the blob of a deleted file goes, its row stays", "[files]") {
    FakeBlobs blobs(world.clock);
    put(blobs, 'a');
    put(blobs, 'b');
    add('a');
    const FileId kept = add('b');
    const retention::Rule& rule = *std::ranges::find(retention::all_rules(), "file", &retention::Rule::noun);
    CHECK(blocking(retention::run(store.db(), rule, {.files = 0h})) == 0);
    world.clock.advance(48h);
    store.write([&](Transaction& tx) { tx.execute("UPDATE files SET created_at = $2 WHERE id = $1", kept, tx.now()); });
    CHECK(store.read([&](Snapshot& db) { return retention::count(db, rule, {.files = 24h}); }) == 1);
    CHECK(blocking(retention::run(store.db(), rule, {.files = 24h})) == 1);
    CHECK(blocking(files::remove_deleted(store.db(), blobs)) == 1);
    CHECK(blocking(files::remove_deleted(store.db(), blobs)) == 0);
    CHECK_FALSE(blobs.size(std::string(32, 'a')));
    CHECK(blobs.size(std::string(32, 'b')));
    const File gone = store.read([](Snapshot& db) { return files::get(db, "1"); });
    CHECK(gone.deleted_at);
    CHECK_FALSE(gone.storage_key);
}

TEST_CASE_METHOD(Files, "files: what a kill left over goes a day later", "[files]") {
    FakeBlobs blobs(world.clock);
    put(blobs, 'a');
    put(blobs, 'b');
    add('a');
    blobs.begin(std::string(32, 'c'))->append("half");
    CHECK(blocking(files::sweep(store.db(), blobs)) == 0);
    world.clock.advance(25h);
    put(blobs, 'd');
    CHECK(blocking(files::sweep(store.db(), blobs)) == 2);
    CHECK(blobs.size(std::string(32, 'a')));
    CHECK_FALSE(blobs.size(std::string(32, 'b')));
    CHECK(blobs.size(std::string(32, 'd')));
    CHECK(blobs.begin(std::string(32, 'c'))->size() == 0);
}

TEST_CASE("files: names are fit to be shown", "[files]") {
    const auto [given, shown] = GENERATE(table<std::string, std::string>({
        {"menu.pdf", "menu.pdf"},
        {"Speisekarte für Müller.pdf", "Speisekarte für Müller.pdf"},
        {"../../etc/passwd", "passwd"},
        {"C:\\Users\\x\\menu.doc", "menu.doc"},
        {"/etc/x", "x"},
        {"a:b.txt", "ab.txt"},
        {".htaccess", "htaccess"},
        {"con", "con"},
        {"one\ntwo\x7F.pdf", "onetwo.pdf"},
        {std::string("a\0b.pdf", 7),
         "a\xEF\xBF\xBD"
         "b.pdf"},
        {"invoice\xE2\x80\xAE"
         "fdp.exe",
         "invoicefdp.exe"},
        {"a\xE2\x81\xA6"
         "b\xE2\x80\x8F"
         "c\xC2\x85"
         "d",
         "abcd"},
        {"\xFF.pdf", "\xEF\xBF\xBD.pdf"},
        {"..", "file"},
        {"", "file"},
        {"folder/", "file"},
        {std::string(300, 'x') + ".pdf", std::string(251, 'x') + ".pdf"},
    }));
    CHECK(files::display_name(given) == shown);
    CHECK(count_code_points(files::display_name(given)) <= 255);
}
