#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace wabot::faults {

/// A file operation that is refused: "sync:eio", "write:full", "open:eio:3" (the third one only).
struct Refusal {
    enum class Operation { open, read, write, sync } operation;
    int code = 0;          // SQLite's
    std::int64_t nth = 0;  // 0 = each
};
/// Nullopt when it is not of that form.
std::optional<Refusal> read_refusal(const std::string& text);

/// What becomes of unsynced writes when the power goes: all lost, or (with a seed) a part of their sectors written, one of them torn.
struct PowerCut {
    std::int64_t at_write = 0;  // comes with this write; 0 = with SIGKILL from outside, or at a fault point
    std::optional<std::uint64_t> seed;
};

struct VfsOptions {
    std::optional<PowerCut> cut;          // holds unsynced writes back in memory
    bool syncs = true;                    // false = a disk that lies: syncs say they are done, and nothing is
    std::chrono::microseconds slower{0};  // each sync, by so much
    std::optional<Refusal> refusal;
    std::string control;   // a file that holds Refusals, in force for as long as it is there; empty = none
    bool records = false;  // writes and syncs of the log go to the record
};

/// From now on SQLite opens its files through this.
void register_vfs(const VfsOptions& options);

/// Ends the process as a power cut would: what was not synced is lost, or partly and in any order written.
[[noreturn]] void cut_power();

/// A line of the record, in the order of events among all threads.
void record(const std::string& line);

}  // namespace wabot::faults
