#include "tests/fakes/scratch_store.hpp"

#include <cstdlib>
#include <stdexcept>

#include "core/database/migrations.hpp"

namespace wabot::test {

ScratchFolder::ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "wabot-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch folder " + pattern);
    path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

ScratchStore::ScratchStore(const Clock& clock) : db_(open_database(url(), clock, {.create = true})) {
    migrate_up(*db_);
}

ScratchStore::~ScratchStore() = default;

std::string ScratchStore::url() const {
    return "sqlite:///" + (folder_.path() / "wabot.db").string();
}

}  // namespace wabot::test
