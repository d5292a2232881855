#include "core/database/database.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "core/base/error.hpp"
#include "core/database/migrations.hpp"
#include "tests/catch.hpp"
#include "tests/fakes/scratch_store.hpp"

using namespace wabot;

namespace wabot {
struct StoredPet {
    std::int64_t id;
    std::string name;
    std::optional<Time> born_at;
    std::optional<Sealed> phone;
};
WABOT_DESCRIBE(StoredPet, FIELD(id), FIELD(name), FIELD(born_at), FIELD(phone, .sealed = "pets.phone"))
}  // namespace wabot

namespace {

class Pets {
public:
    template <class Work>
    auto write(Work work) {
        return blocking(db->write(std::move(work)));
    }

    Pets() : db(open_database("sqlite:///" + (folder.path() / "pets.db").string(), real_world().clock, {.create = true})) {
        write([](Transaction& tx) {
            tx.script(
                "CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, born_at INTEGER,"
                " phone_enc BLOB, phone_hash BLOB, phone_last4 TEXT) STRICT");
        });
    }
    std::int64_t count() {
        auto query = [](Snapshot& snapshot) { return snapshot.query("SELECT count(*) FROM pets").one<std::int64_t>(); };
        return blocking(db->read(query));
    }

    test::ScratchFolder folder;
    std::unique_ptr<Database> db;
};

auto adding(std::string name) {
    return [name](Transaction& tx) { return tx.execute("INSERT INTO pets (name) VALUES ($1)", name); };
}

}  // namespace

TEST_CASE("database: a row comes back as the described struct it was", "[database]") {
    Pets pets;
    const Time born = *from_iso("2026-01-05T12:00:00.000001Z");
    const Sealed phone{{"enc"}, {"hash"}, "1234"};
    pets.write([&](Transaction& tx) {
        tx.execute("INSERT INTO pets (name, born_at, phone_last4, phone_enc, phone_hash) VALUES ($1, $2, $5, $3, $4)", "Rex", born, phone.enc,
                   phone.hash, phone.last4);
        tx.execute("INSERT INTO pets (name) VALUES ($1)", "Tom");
    });
    auto load = [](Snapshot& snapshot) { return snapshot.query("SELECT * FROM pets ORDER BY id").all<StoredPet>(); };
    const auto found = blocking(pets.db->read(load));
    REQUIRE(found.size() == 2);
    CHECK(found[0].name == "Rex");
    CHECK(found[0].born_at == born);
    CHECK(found[0].phone == phone);
    CHECK_FALSE(found[1].born_at);
    CHECK_FALSE(found[1].phone);
}

TEST_CASE("database: text that no engine takes is mended on its way in", "[database]") {
    Pets pets;
    pets.write(adding(std::string("Re\0x", 4)));
    pets.write(adding("\xff"));
    auto load = [](Snapshot& snapshot) { return snapshot.query("SELECT name FROM pets ORDER BY id").all<std::string>(); };
    CHECK(blocking(pets.db->read(load)) == std::vector<std::string>{"Re\xEF\xBF\xBDx", "\xEF\xBF\xBD"});
}

TEST_CASE("database: a unit that throws rolls back alone", "[database]") {
    Pets pets;
    asio::io_context context(1);
    int failed = 0;
    int kept = 0;
    for (int i = 0; i < 200; ++i) {
        auto unit = [i](Transaction& tx) {
            tx.execute("INSERT INTO pets (name) VALUES ($1)", "pet " + std::to_string(i));
            if (i % 2 == 1) throw Error(Errc::invalid, "odd");
        };
        asio::co_spawn(context, pets.db->write(unit), [&](std::exception_ptr failure) { ++(failure ? failed : kept); });
    }
    context.run();
    CHECK(failed == 100);
    CHECK(kept == 100);
    CHECK(pets.count() == 100);
}

TEST_CASE("database: a broken unique constraint is a conflict and leaves the rest of the unit alive", "[database]") {
    Pets pets;
    pets.write(adding("Rex"));
    try {
        pets.write(adding("Rex"));
        FAIL("the second Rex was taken");
    } catch (const Error& error) {
        CHECK(error.code() == Errc::conflict);
    }
    pets.write([](Transaction& tx) {
        CHECK_THROWS_AS(tx.savepoint([&] {
            tx.execute("INSERT INTO pets (name) VALUES ($1)", "Ina");
            tx.execute("INSERT INTO pets (name) VALUES ($1)", "Rex");
        }),
                        Error);
        tx.execute("INSERT INTO pets (name) VALUES ($1)", "Tom");
    });
    CHECK(pets.count() == 2);
}

TEST_CASE("database: a parameter keeps its number wherever it stands", "[database]") {
    Pets pets;
    auto swapped = [](Snapshot& snapshot) { return snapshot.query("SELECT $2 || $1 || $2", "a", "b").one<std::string>(); };
    CHECK(blocking(pets.db->read(swapped)) == "bab");
}

TEST_CASE("database: commits of other connections are noticed", "[database]") {
    Pets pets;
    const auto other = open_database("sqlite:///" + (pets.folder.path() / "pets.db").string(), real_world().clock, {});
    const auto before = pets.db->change_count();
    blocking(other->write(adding("Rex")));
    while (pets.db->change_count() == before) std::this_thread::yield();
    CHECK(pets.count() == 1);
}

TEST_CASE("database: writers of several connections take turns without an error", "[database]") {
    Pets pets;
    std::vector<std::thread> writers;
    std::atomic<int> failures{0};
    for (int w = 0; w < 8; ++w)
        writers.emplace_back([&, w] {
            const auto db = open_database("sqlite:///" + (pets.folder.path() / "pets.db").string(), real_world().clock, {});
            for (int i = 0; i < 25; ++i) try {
                    blocking(db->write(adding(std::to_string(w) + "/" + std::to_string(i))));
                } catch (const Error&) {
                    ++failures;
                }
        });
    for (auto& writer : writers) writer.join();
    CHECK(failures == 0);
    CHECK(pets.count() == 200);
}

TEST_CASE("database: a closed one refuses work as unavailable", "[database]") {
    Pets pets;
    pets.db->close();
    try {
        pets.write(adding("Rex"));
        FAIL("a closed database took work");
    } catch (const Error& error) {
        CHECK(error.code() == Errc::unavailable);
    }
}

TEST_CASE("database: a store that is not there is not made by looking", "[database]") {
    test::ScratchFolder folder;
    try {
        open_database("sqlite:///" + (folder.path() / "none.db").string(), real_world().clock);
        FAIL("a missing store was opened");
    } catch (const Error& error) {
        CHECK(error.code() == Errc::not_found);
    }
    CHECK_FALSE(std::filesystem::exists(folder.path() / "none.db"));
}
