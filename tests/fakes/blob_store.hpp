#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <set>

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "core/base/value.hpp"
#include "core/files/blob_store.hpp"

namespace wabot::test {

/// Blobs in memory, for as long as the object lives. Safe from any thread.
class FakeBlobs final : public BlobStore {
public:
    explicit FakeBlobs(const Clock& clock) : clock_(clock) {}

    std::string_view backend() const override { return "local"; }
    std::unique_ptr<BlobDraft> begin(const std::string& key) override {
        check(key);
        const std::lock_guard lock(mutex_);
        if (!written_.insert(key).second) throw Error(Errc::conflict, key + " is being written");
        drafts_[key].changed_at = clock_.now();
        return std::make_unique<Draft>(*this, key);
    }
    std::unique_ptr<BlobReader> open(const std::string& key) const override {
        check(key);
        const std::lock_guard lock(mutex_);
        const auto found = blobs_.find(key);
        if (found == blobs_.end()) throw Error(Errc::not_found, "no file " + key);
        return std::make_unique<Reader>(found->second.bytes);
    }
    std::optional<std::int64_t> size(const std::string& key) const override {
        check(key);
        const std::lock_guard lock(mutex_);
        const auto found = blobs_.find(key);
        return found == blobs_.end() ? std::nullopt : std::optional(static_cast<std::int64_t>(found->second.bytes.size()));
    }
    bool remove(const std::string& key) override {
        check(key);
        const std::lock_guard lock(mutex_);
        return blobs_.erase(key) == 1;
    }
    std::vector<std::string> list(const std::string& after, std::size_t limit, Time before) const override {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> out;
        for (auto it = blobs_.upper_bound(after); it != blobs_.end() && out.size() < limit; ++it)
            if (it->second.changed_at < before) out.push_back(it->first);
        return out;
    }
    std::size_t remove_drafts(Time before) override {
        const std::lock_guard lock(mutex_);
        return std::erase_if(drafts_, [&](const auto& one) { return !written_.contains(one.first) && one.second.changed_at < before; });
    }
    asio::awaitable<void> aside(std::function<void()> work) override {
        work();
        co_return;
    }

private:
    struct Kept {
        std::string bytes;
        Time changed_at;
    };
    struct Reader final : BlobReader {
        explicit Reader(std::string all) : bytes(std::move(all)) {}
        std::size_t read(std::span<char> to) override {
            const std::size_t count = std::min(to.size(), bytes.size() - at);
            std::memcpy(to.data(), bytes.data() + at, count);
            at += count;
            return count;
        }
        std::string bytes;
        std::size_t at = 0;
    };
    struct Draft final : BlobDraft {
        Draft(FakeBlobs& of, std::string name) : blobs(of), key(std::move(name)) {}
        ~Draft() override {
            const std::lock_guard lock(blobs.mutex_);
            blobs.written_.erase(key);
        }
        std::int64_t size() const override {
            const std::lock_guard lock(blobs.mutex_);
            return static_cast<std::int64_t>(blobs.drafts_.at(key).bytes.size());
        }
        void append(std::string_view bytes) override {
            const std::lock_guard lock(blobs.mutex_);
            blobs.drafts_.at(key).bytes += bytes;
            blobs.drafts_.at(key).changed_at = blobs.clock_.now();
        }
        std::unique_ptr<BlobReader> read() const override {
            const std::lock_guard lock(blobs.mutex_);
            return std::make_unique<Reader>(blobs.drafts_.at(key).bytes);
        }
        void clear() override {
            const std::lock_guard lock(blobs.mutex_);
            blobs.drafts_.at(key).bytes.clear();
        }
        void publish() override {
            const std::lock_guard lock(blobs.mutex_);
            blobs.blobs_[key] = std::move(blobs.drafts_.at(key));
            blobs.drafts_.erase(key);
        }
        void discard() override {
            const std::lock_guard lock(blobs.mutex_);
            blobs.drafts_.erase(key);
        }
        FakeBlobs& blobs;
        const std::string key;
    };

    static void check(const std::string& key) {
        if (!is_blob_key(key)) throw Error(Errc::bug, "a blob was asked for by a name that is no key");
    }

    const Clock& clock_;
    mutable std::mutex mutex_;
    std::map<std::string, Kept> blobs_, drafts_;
    std::set<std::string> written_;
};

}  // namespace wabot::test
