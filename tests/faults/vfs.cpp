#include "tests/faults/vfs.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace wabot::faults {

namespace {

constexpr std::int64_t sector_size = 512;
constexpr auto look_again = std::chrono::milliseconds(2);  // at the control file

constinit VfsOptions options;
sqlite3_vfs* disk = nullptr;  // SQLite's own, below ours

// --- refusals

/// What the control file refuses, looked up every few milliseconds.
int ordered_refusal_of(Refusal::Operation operation) {
    static std::mutex mutex;
    static std::chrono::steady_clock::time_point looked_at;
    static std::vector<Refusal> held;
    if (options.control.empty()) return SQLITE_OK;
    const std::lock_guard lock(mutex);
    if (const auto now = std::chrono::steady_clock::now(); now - looked_at >= look_again) {
        looked_at = now;
        held.clear();
        std::ifstream file(options.control);
        for (std::string word; file >> word;)
            if (const auto refusal = read_refusal(word)) held.push_back(*refusal);
    }
    const auto found = std::find_if(held.begin(), held.end(), [&](const Refusal& refusal) { return refusal.operation == operation; });
    return found == held.end() ? SQLITE_OK : found->code;
}

/// SQLITE_OK, or what the operation is refused with.
int refusal_of(Refusal::Operation operation) {
    static std::atomic<std::int64_t> passes{0};
    if (const int code = ordered_refusal_of(operation)) return code;
    if (!options.refusal || options.refusal->operation != operation) return SQLITE_OK;
    const bool is_it = options.refusal->nth == 0 || passes.fetch_add(1) + 1 == options.refusal->nth;
    return is_it ? options.refusal->code : SQLITE_OK;
}

// --- what is written and not synced

/// The contents that a sector had since the last sync, the newest last. `is_lost`: a sync of it failed, so that no later one keeps it.
struct Sector {
    std::vector<std::string> contents;
    bool is_lost = false;
};

/// Everything that was written to a file since it was synced, shared by all connections to it.
struct Unsynced {
    std::map<std::int64_t, Sector> sectors;  // by number
    std::int64_t end = 0;                    // of the file, as its readers see it
};

std::mutex unsynced_mutex;                              // of all files: a cut finds them as they are at one instant
auto& unsynced = *new std::map<std::string, Unsynced>;  // outlives everything: kept when the process ends
std::int64_t writes = 0;

struct File : sqlite3_file {
    std::string* path;  // empty for a file without a name
    bool is_log;
    bool last_header_commits;  // of the log: the frame header that was written last ends a transaction
    sqlite3_file* real() const { return reinterpret_cast<sqlite3_file*>(const_cast<File*>(this) + 1); }
    bool is_held_back() const { return options.cut && !path->empty(); }
};

File& file_of(sqlite3_file* file) {
    return *static_cast<File*>(file);
}

int read_disk(File& file, char* to, std::int64_t count, std::int64_t offset) {
    return file.real()->pMethods->xRead(file.real(), to, static_cast<int>(count), offset);
}

std::int64_t size_on_disk(File& file) {
    sqlite3_int64 size = 0;
    file.real()->pMethods->xFileSize(file.real(), &size);
    return size;
}

int read_held_back(File& file, char* to, std::int64_t count, std::int64_t offset) {
    const std::lock_guard lock(unsynced_mutex);
    const Unsynced& held = unsynced[*file.path];
    const int code = read_disk(file, to, count, offset);
    if (held.sectors.empty() || (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ)) return code;
    for (auto at = held.sectors.lower_bound(offset / sector_size); at != held.sectors.end() && at->first * sector_size < offset + count; ++at) {
        const std::string& content = at->second.contents.back();
        const std::int64_t begin = std::max(offset, at->first * sector_size);
        const std::int64_t end = std::min(offset + count, at->first * sector_size + static_cast<std::int64_t>(content.size()));
        if (begin < end)
            std::memcpy(to + (begin - offset), content.data() + (begin - at->first * sector_size), static_cast<std::size_t>(end - begin));
    }
    return std::max(held.end, size_on_disk(file)) >= offset + count ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

/// The sector as its readers see it; shorter than a sector at the end of the file.
std::string content_of(File& file, const Unsynced& held, std::int64_t number) {
    if (const auto found = held.sectors.find(number); found != held.sectors.end()) return found->second.contents.back();
    const std::int64_t count = std::clamp<std::int64_t>(size_on_disk(file) - number * sector_size, 0, sector_size);
    std::string content(static_cast<std::size_t>(count), '\0');
    if (count > 0) read_disk(file, content.data(), count, number * sector_size);
    return content;
}

int write_held_back(File& file, const char* from, std::int64_t count, std::int64_t offset) {
    bool is_cut = false;
    {
        const std::lock_guard lock(unsynced_mutex);
        Unsynced& held = unsynced[*file.path];
        for (std::int64_t number = offset / sector_size; number * sector_size < offset + count; ++number) {
            std::string content = content_of(file, held, number);
            const std::int64_t begin = std::max(offset, number * sector_size);
            const std::int64_t end = std::min(offset + count, (number + 1) * sector_size);
            const auto at = static_cast<std::size_t>(begin - number * sector_size);
            const auto length = static_cast<std::size_t>(end - begin);
            content.resize(std::max(content.size(), at + length));
            std::memcpy(content.data() + at, from + (begin - offset), length);
            Sector& sector = held.sectors[number];
            sector.contents.push_back(std::move(content));
            sector.is_lost = false;
        }
        held.end = std::max(held.end, offset + count);
        is_cut = ++writes == options.cut->at_write;
    }
    if (is_cut) cut_power();
    return SQLITE_OK;
}

/// Writes the newest content of all sectors, neighbours in one piece.
void put_on_disk(int descriptor, Unsynced& held) {
    std::string piece;
    std::int64_t begin = 0;
    const auto put = [&] {
        if (!piece.empty()) static_cast<void>(!::pwrite(descriptor, piece.data(), piece.size(), begin));
        piece.clear();
    };
    for (auto at = held.sectors.begin(); at != held.sectors.end();) {
        if (at->second.is_lost) {
            ++at;
            continue;
        }
        const std::int64_t offset = at->first * sector_size;
        if (begin + static_cast<std::int64_t>(piece.size()) != offset) put();
        if (piece.empty()) begin = offset;
        piece += at->second.contents.back();
        at = held.sectors.erase(at);
    }
    put();
}

struct Descriptor {
    explicit Descriptor(const std::string& path) : number(::open(path.c_str(), O_WRONLY | O_CLOEXEC)) {}
    ~Descriptor() { ::close(number); }
    const int number;
};

void keep(const std::string& path) {
    const std::lock_guard lock(unsynced_mutex);
    const Descriptor descriptor(path);
    put_on_disk(descriptor.number, unsynced[path]);
}

/// A failed sync: Linux forgets that these were to be written.
void lose(const std::string& path) {
    const std::lock_guard lock(unsynced_mutex);
    for (auto& [number, sector] : unsynced[path].sectors) sector.is_lost = true;
}

/// A process that ends by itself leaves its writes to the system.
void keep_all() {
    const std::lock_guard lock(unsynced_mutex);
    for (auto& [path, held] : unsynced)
        if (!held.sectors.empty()) put_on_disk(Descriptor(path).number, held);
}

/// A part of the sectors reached the disk, each with any of its contents and so in any order; the last one of a file is torn.
void put_part_on_disk(int descriptor, const Unsynced& held, std::mt19937_64& chance) {
    const double share = std::uniform_real_distribution(0.0, 1.0)(chance);
    std::vector<std::pair<std::int64_t, std::string>> kept;
    for (const auto& [number, sector] : held.sectors)
        if (std::bernoulli_distribution(share)(chance)) kept.emplace_back(number, sector.contents[chance() % sector.contents.size()]);
    std::shuffle(kept.begin(), kept.end(), chance);
    if (!kept.empty()) kept.back().second.resize(chance() % (kept.back().second.size() + 1));
    for (const auto& [number, content] : kept) static_cast<void>(!::pwrite(descriptor, content.data(), content.size(), number * sector_size));
}

// --- the record

/// Ids of recorded requests have one length: "recorded-00000042".
void record_ids(const char* bytes, std::size_t count) {
    static constexpr std::string_view mark = "recorded-";
    static constexpr std::size_t digits = 8;
    static std::mutex mutex;
    static std::set<std::string> known;
    const std::string_view text(bytes, count);
    for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
        if (at + mark.size() + digits > text.size()) return;
        std::string id(text.substr(at, mark.size() + digits));
        const std::lock_guard lock(mutex);
        if (known.insert(id).second) record("written " + id);
    }
}

/// https://www.sqlite.org/fileformat2.html#the_write_ahead_log: a frame is a header of 24 bytes and a page, and the header's second word is not 0
/// when the frame ends a transaction. SQLite writes header and page one after the other.
void record_write(File& file, const char* bytes, std::size_t count) {
    static constexpr std::size_t frame_header_size = 24;
    if (count == frame_header_size) {
        file.last_header_commits = std::string_view(bytes + 4, 4) != std::string_view("\0\0\0\0", 4);
    } else {
        record_ids(bytes, count);
        if (file.last_header_commits) record("commit");
        file.last_header_commits = false;
    }
}

// --- SQLite's interface

int close_file(sqlite3_file* base) {
    File& file = file_of(base);
    delete file.path;
    return file.real()->pMethods->xClose(file.real());
}

int read_file(sqlite3_file* base, void* to, int count, sqlite3_int64 offset) {
    File& file = file_of(base);
    if (const int code = refusal_of(Refusal::Operation::read)) return code;
    return file.is_held_back() ? read_held_back(file, static_cast<char*>(to), count, offset) : read_disk(file, static_cast<char*>(to), count, offset);
}

int write_file(sqlite3_file* base, const void* from, int count, sqlite3_int64 offset) {
    File& file = file_of(base);
    if (const int code = refusal_of(Refusal::Operation::write)) return code;
    const auto* bytes = static_cast<const char*>(from);
    const int code =
        file.is_held_back() ? write_held_back(file, bytes, count, offset) : file.real()->pMethods->xWrite(file.real(), from, count, offset);
    if (code == SQLITE_OK && options.records && file.is_log) record_write(file, bytes, static_cast<std::size_t>(count));
    return code;
}

int size_of_file(sqlite3_file* base, sqlite3_int64* size) {
    File& file = file_of(base);
    const int code = file.real()->pMethods->xFileSize(file.real(), size);
    if (!file.is_held_back()) return code;
    const std::lock_guard lock(unsynced_mutex);
    if (const Unsynced& held = unsynced[*file.path]; !held.sectors.empty()) *size = std::max<sqlite3_int64>(*size, held.end);
    return code;
}

int truncate_file(sqlite3_file* base, sqlite3_int64 size) {
    File& file = file_of(base);
    if (file.is_held_back()) {
        sqlite3_int64 now = 0;
        if (size_of_file(base, &now) == SQLITE_OK && size >= now) return SQLITE_OK;
        keep(*file.path);  // sooner than a disk would have to: a truncation is followed by a sync
        const std::lock_guard lock(unsynced_mutex);
        unsynced[*file.path] = {};
    }
    return file.real()->pMethods->xTruncate(file.real(), size);
}

int sync_file(sqlite3_file* base, int flags) {
    static std::atomic<int> number{0};
    File& file = file_of(base);
    const std::string mark = std::to_string(++number);
    const bool is_recorded = options.records && file.is_log && options.syncs;
    if (is_recorded) record("sync " + mark);
    if (options.slower.count() > 0) std::this_thread::sleep_for(options.slower);
    if (const int code = refusal_of(Refusal::Operation::sync)) {
        if (file.is_held_back()) lose(*file.path);
        return code;
    }
    if (!options.syncs) return SQLITE_OK;
    int code = SQLITE_OK;
    if (file.is_held_back())
        keep(*file.path);  // as durable as this disk is
    else
        code = file.real()->pMethods->xSync(file.real(), flags);
    if (is_recorded && code == SQLITE_OK) record("synced " + mark);
    return code;
}

/// The rest goes to the disk as it is.
template <auto Method, class... A>
auto pass(sqlite3_file* base, A... arguments) {
    sqlite3_file* const real = file_of(base).real();
    return (real->pMethods->*Method)(real, arguments...);
}

using M = sqlite3_io_methods;
const sqlite3_io_methods methods{
    2,  // without memory maps
    close_file,
    read_file,
    write_file,
    truncate_file,
    sync_file,
    size_of_file,
    pass<&M::xLock, int>,
    pass<&M::xUnlock, int>,
    pass<&M::xCheckReservedLock, int*>,
    pass<&M::xFileControl, int, void*>,
    pass<&M::xSectorSize>,
    pass<&M::xDeviceCharacteristics>,
    pass<&M::xShmMap, int, int, int, void volatile**>,
    pass<&M::xShmLock, int, int, int>,
    pass<&M::xShmBarrier>,
    pass<&M::xShmUnmap, int>,
    nullptr,
    nullptr,
};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* base, int flags, int* flags_out) {
    File& file = file_of(base);
    file.pMethods = nullptr;
    if (const int code = refusal_of(Refusal::Operation::open)) return code;
    const int code = disk->xOpen(disk, name, file.real(), flags, flags_out);
    if (code != SQLITE_OK) return code;
    file.path = new std::string(name == nullptr ? "" : name);
    file.is_log = (flags & SQLITE_OPEN_WAL) != 0;
    file.last_header_commits = false;
    file.pMethods = &methods;
    return SQLITE_OK;
}

int delete_file(sqlite3_vfs*, const char* name, int syncs_folder) {
    if (options.cut) {
        const std::lock_guard lock(unsynced_mutex);
        unsynced.erase(name);
    }
    return disk->xDelete(disk, name, syncs_folder);
}

}  // namespace

std::optional<Refusal> read_refusal(const std::string& text) {
    static const std::map<std::string, Refusal> known{
        {"open:eio", {Refusal::Operation::open, SQLITE_CANTOPEN}},        {"read:eio", {Refusal::Operation::read, SQLITE_IOERR_READ}},
        {"write:eio", {Refusal::Operation::write, SQLITE_IOERR_WRITE}},   {"write:full", {Refusal::Operation::write, SQLITE_FULL}},
        {"write:readonly", {Refusal::Operation::write, SQLITE_READONLY}}, {"sync:eio", {Refusal::Operation::sync, SQLITE_IOERR_FSYNC}},
    };
    const auto second = text.find(':', text.find(':') + 1);
    const auto found = known.find(text.substr(0, second));
    if (found == known.end()) return std::nullopt;
    Refusal out = found->second;
    if (second != std::string::npos) out.nth = std::atoll(text.c_str() + second + 1);
    return out;
}

void register_vfs(const VfsOptions& chosen) {
    options = chosen;
    disk = sqlite3_vfs_find(nullptr);
    static sqlite3_vfs ours = *disk;
    ours.szOsFile = static_cast<int>(sizeof(File)) + disk->szOsFile;
    ours.pNext = nullptr;
    ours.zName = "faults";
    ours.xOpen = open_file;
    ours.xDelete = delete_file;
    sqlite3_vfs_register(&ours, 1);
    if (options.cut) std::atexit(keep_all);
}

void cut_power() {
    unsynced_mutex.lock();  // for good: nothing is written any more
    if (options.cut && options.cut->seed) {
        std::mt19937_64 chance(*options.cut->seed);
        for (const auto& [path, held] : unsynced) put_part_on_disk(Descriptor(path).number, held, chance);
    }
    for (;;) ::kill(::getpid(), SIGKILL);
}

}  // namespace wabot::faults
