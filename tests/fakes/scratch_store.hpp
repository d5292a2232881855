#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/base/cause.hpp"
#include "core/base/world.hpp"
#include "core/database/database.hpp"
#include "core/database/wait.hpp"

namespace wabot::test {

/// A folder of its own that goes away with the object.
class ScratchFolder {
public:
    ScratchFolder();
    ~ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// An empty database of its own that goes away with the object: a file for SQLite, or, when WABOT_TEST_POSTGRES has the URL of a server with {} in
/// place of the database's name, one there.
class ScratchDatabase {
public:
    ScratchDatabase() : ScratchDatabase("") {}
    /// A copy of another one, on PostgreSQL.
    explicit ScratchDatabase(const std::string& original);
    ~ScratchDatabase();
    ScratchDatabase(const ScratchDatabase&) = delete;

    static bool is_postgres();
    const std::string& name() const { return name_; }
    const std::string& url() const { return url_; }
    const std::filesystem::path& folder() const { return folder_.path(); }
    std::unique_ptr<Database> open(const Clock& clock = real_world().clock) const;

private:
    ScratchFolder folder_;
    std::string name_;
    std::string url_;
};

/// A migrated store of its own, with the machine's clock unless another is given.
class ScratchStore {
public:
    explicit ScratchStore(const Clock& clock = real_world().clock);
    ~ScratchStore();
    /// The name of a migrated database that no connection holds, to make others from; "" on SQLite, where migrating takes no time.
    static const std::string& original();
    Database& db() { return *db_; }
    const std::string& url() const { return database_.url(); }
    const std::filesystem::path& folder() const { return database_.folder(); }

    /// Runs `work(Transaction&)` as one unit.
    template <class Work>
    auto write(Work work) {
        return write_and_wait(*db_, std::move(work));
    }
    template <class Query>
    auto read(Query query) {
        return read_and_wait(*db_, std::move(query));
    }

private:
    ScratchDatabase database_;
    std::unique_ptr<Database> db_;
};

inline const Cause a_cause{{"cli", "cli:tester"}, "test-request"};

}  // namespace wabot::test
