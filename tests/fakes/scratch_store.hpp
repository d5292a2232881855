#pragma once

#include <filesystem>
#include <memory>

#include "core/base/cause.hpp"
#include "core/database/database.hpp"

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

/// A migrated store of its own, on SQLite, with the machine's clock unless another is given.
class ScratchStore {
public:
    explicit ScratchStore(const Clock& clock = real_world().clock);
    ~ScratchStore();
    Database& db() { return *db_; }
    std::string url() const;
    const std::filesystem::path& folder() const { return folder_.path(); }

    /// Runs `work(Transaction&)` as one unit.
    template <class Work>
    auto write(Work work) {
        return blocking(db_->write(std::move(work)));
    }
    template <class Query>
    auto read(Query query) {
        return blocking(db_->read(std::move(query)));
    }

private:
    ScratchFolder folder_;
    std::unique_ptr<Database> db_;
};

inline const Cause a_cause{{"cli", "cli:tester"}, "test-request"};

}  // namespace wabot::test
