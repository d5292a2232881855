#include "tests/fakes/scratch_store.hpp"

#include <cstdlib>
#include <stdexcept>

#include "core/base/random.hpp"
#include "core/base/world.hpp"
#include "core/database/migrations.hpp"
#include "core/database/open_database.hpp"
#include "core/database/postgres/postgres_connection.hpp"
#include "core/database/postgres/postgres_url.hpp"

namespace wabot::test {

namespace {

std::string server() {
    const char* const url = std::getenv("WABOT_TEST_POSTGRES");
    return url == nullptr ? "" : url;
}

std::string url_of(const std::string& name) {
    std::string url = server();
    return url.replace(url.find("{}"), 2, name);
}

void tell_server(const std::string& sql) {
    PostgresConnection(to_libpq_url(url_of("postgres"))).ask(sql);
}

}  // namespace

ScratchFolder::ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "wabot-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch folder " + pattern);
    path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

bool ScratchDatabase::is_postgres() {
    return !server().empty();
}

ScratchDatabase::ScratchDatabase(const std::string& original) : name_("t_" + real_world().random.word(12)) {
    if (is_postgres()) {
        tell_server("CREATE DATABASE " + name_ + (original.empty() ? "" : " TEMPLATE " + original));
        url_ = url_of(name_);
    } else {
        url_ = "sqlite:///" + (folder_.path() / "wabot.db").string();
    }
}

ScratchDatabase::~ScratchDatabase() {
    if (!is_postgres()) return;
    try {
        tell_server("DROP DATABASE " + name_ + " WITH (FORCE)");
    } catch (const std::exception&) {
        // It goes with its server.
    }
}

std::unique_ptr<Database> ScratchDatabase::open(const Clock& clock) const {
    return open_database(url_, clock, {.create = true, .uses_own_clock = true});
}

const std::string& ScratchStore::original() {
    static const ScratchDatabase made;
    static const std::string name = [] {
        if (!ScratchDatabase::is_postgres()) return std::string();
        migrate_up(*made.open());
        return made.name();
    }();
    return name;
}

ScratchStore::ScratchStore(const Clock& clock) : database_(original()), db_(database_.open(clock)) {
    migrate_up(*db_);
}

ScratchStore::~ScratchStore() = default;

}  // namespace wabot::test
