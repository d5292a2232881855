#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/folder_owner.hpp"
#include "core/base/value.hpp"
#include "core/files/blob_store.hpp"

namespace wabot {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view draft_folder = "draft";
constexpr std::size_t shard_length = 2;
constexpr std::size_t threads_count = 2;

[[noreturn]] void fail(std::string_view what, const fs::path& path, int error) {
    throw Error(Errc::unavailable, path.string() + " cannot be " + std::string(what) + ": " + std::generic_category().message(error));
}

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    int number() const { return number_; }

private:
    int number_;
};

void sync(int descriptor, const fs::path& path) {
    if (::fsync(descriptor) != 0) fail("made durable", path, errno);
}

void sync_folder(const fs::path& folder) {
    const Descriptor open(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (open.number() < 0) fail("opened", folder, errno);
    sync(open.number(), folder);
}

/// With its parents; durable.
void make_folder(const fs::path& folder) {
    if (create_folder_in(folder, 0700)) return sync_folder(folder.parent_path());
    if (errno == EEXIST) return;
    if (errno != ENOENT) fail("made", folder, errno);
    make_folder(folder.parent_path());
    make_folder(folder);
}

class LocalReader : public BlobReader {
public:
    LocalReader(Descriptor file, fs::path path) : file_(std::move(file)), path_(std::move(path)) {}
    std::size_t read(std::span<char> to) override {
        for (;;) {
            const ssize_t count = ::pread(file_.number(), to.data(), to.size(), at_);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) fail("read", path_, errno);
            at_ += count;
            return static_cast<std::size_t>(count);
        }
    }

private:
    Descriptor file_;
    fs::path path_;
    off_t at_ = 0;
};

struct stat status_of(int descriptor, const fs::path& path) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) fail("read", path, errno);
    return status;
}

/// The file of a draft, locked. The lock goes with the process that holds it.
Descriptor lock_draft(const fs::path& path) {
    for (;;) {
        Descriptor file(open_or_create(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (file.number() < 0) fail("made", path, errno);
        if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) throw Error(Errc::conflict, path.string() + " is being written");
        // Who held it before may have published or discarded it between the two calls: then it is not the file of that name any more.
        struct stat named {};
        if (::lstat(path.c_str(), &named) == 0 && named.st_ino == status_of(file.number(), path).st_ino) return file;
    }
}

class LocalDraft : public BlobDraft {
public:
    LocalDraft(fs::path path, fs::path target)
        : path_(std::move(path)), target_(std::move(target)), file_(lock_draft(path_)), size_(status_of(file_.number(), path_).st_size) {}

    std::int64_t size() const override { return size_; }

    void append(std::string_view bytes) override {
        while (!bytes.empty()) {
            const ssize_t count = ::pwrite(file_.number(), bytes.data(), bytes.size(), size_);
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) fail("written", path_, errno);
            size_ += count;
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
    }

    std::unique_ptr<BlobReader> read() const override {
        Descriptor file(::open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
        if (file.number() < 0) fail("read", path_, errno);
        return std::make_unique<LocalReader>(std::move(file), path_);
    }

    void clear() override {
        if (::ftruncate(file_.number(), 0) != 0) fail("written", path_, errno);
        size_ = 0;
    }

    void publish() override {
        sync(file_.number(), path_);
        make_folder(target_.parent_path());
        if (::rename(path_.c_str(), target_.c_str()) != 0) fail("moved", path_, errno);
        sync_folder(target_.parent_path());
    }

    void discard() override { ::unlink(path_.c_str()); }

private:
    const fs::path path_;
    const fs::path target_;
    const Descriptor file_;
    off_t size_;
};

/// The names in a folder, in order; none when there is no folder.
std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    DIR* const open = ::opendir(folder.c_str());
    if (open == nullptr && errno == ENOENT) return names;
    if (open == nullptr) fail("read", folder, errno);
    while (const dirent* entry = ::readdir(open)) names.emplace_back(entry->d_name);
    ::closedir(open);
    std::ranges::sort(names);
    return names;
}

Time changed_at(const struct stat& status) {
    return Time(std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::microseconds(status.st_mtim.tv_nsec / 1000));
}

bool is_older(const fs::path& path, Time before) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 && changed_at(status) < before;
}

class LocalBlobs : public BlobStore {
public:
    explicit LocalBlobs(fs::path folder) : folder_(std::move(folder)) {}

    std::string_view backend() const override { return "local"; }

    std::unique_ptr<BlobDraft> begin(const std::string& key) override {
        const fs::path target = path_of(key);
        if (folder_.empty()) throw Error(Errc::unavailable, "the folder for files is missing", "set WABOT_STATE_DIR");
        make_folder(drafts());
        return std::make_unique<LocalDraft>(drafts() / key, target);
    }

    std::unique_ptr<BlobReader> open(const std::string& key) const override {
        const fs::path path = path_of(key);
        Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
        if (file.number() < 0 && errno == ENOENT) throw Error(Errc::not_found, "no file " + path.string());
        if (file.number() < 0) fail("read", path, errno);
        return std::make_unique<LocalReader>(std::move(file), path);
    }

    std::optional<std::int64_t> size(const std::string& key) const override {
        const fs::path path = path_of(key);
        struct stat status {};
        if (::lstat(path.c_str(), &status) == 0) return status.st_size;
        if (errno != ENOENT) fail("read", path, errno);
        return std::nullopt;
    }

    bool remove(const std::string& key) override {
        const fs::path path = path_of(key);
        if (::unlink(path.c_str()) == 0) return true;
        if (errno != ENOENT) fail("removed", path, errno);
        return false;
    }

    std::vector<std::string> list(const std::string& after, std::size_t limit, Time before) const override {
        std::vector<std::string> out;
        for (const std::string& shard : names_in(folder_)) {
            if (shard.size() != shard_length || shard < after.substr(0, shard_length)) continue;
            for (const std::string& name : names_in(folder_ / shard)) {
                if (!is_blob_key(name) || name <= after || !is_older(folder_ / shard / name, before)) continue;
                out.push_back(name);
                if (out.size() == limit) return out;
            }
        }
        return out;
    }

    asio::awaitable<void> aside(std::function<void()> work) override {
        std::call_once(threads_made_, [this] { threads_.emplace(threads_count); });
        asio::awaitable<void> running = run(std::move(work));
        co_await asio::co_spawn(*threads_, std::move(running), asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
    }

    std::size_t remove_drafts(Time before) override {
        std::size_t removed = 0;
        for (const std::string& name : names_in(drafts())) {
            if (!is_blob_key(name) || !is_older(drafts() / name, before)) continue;
            try {
                begin(name)->discard();
                ++removed;
            } catch (const Error& error) {
                if (error.code() != Errc::conflict) throw;
            }
        }
        return removed;
    }

private:
    static asio::awaitable<void> run(std::function<void()> work) {
        work();
        co_return;
    }

    fs::path drafts() const { return folder_ / draft_folder; }

    fs::path path_of(const std::string& key) const {
        if (!is_blob_key(key)) throw Error(Errc::bug, "a blob was asked for by a name that is no key");
        return folder_ / key.substr(0, shard_length) / key;
    }

    const fs::path folder_;
    std::once_flag threads_made_;
    std::optional<asio::thread_pool> threads_;  // when first wanted
};

}  // namespace

std::unique_ptr<BlobStore> open_local_blobs(fs::path folder) {
    return std::make_unique<LocalBlobs>(std::move(folder));
}

}  // namespace wabot
