// Reads what the test asks for from the environment, before `main`, and takes it out again: the program knows none of these variables.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/fault_point.hpp"
#include "tests/faults/vfs.hpp"

namespace wabot {

namespace faults {

namespace {

struct PlannedFault {
    std::string action;  // kill, stop, fail, cut; empty = none
    std::string point;
    long nth = 1;
};

constinit PlannedFault planned;

/// Made before `main`, outlives everything that may pass a point.
std::string& avoided() {
    static std::string& point = *new std::string;
    return point;
}

std::atomic<long> passes{0};
std::FILE* record_file = nullptr;
std::mutex record_mutex;

[[noreturn]] void refuse(const std::string& variable) {
    std::fprintf(stderr, "wabot-faults: cannot read %s, see tests/faults/README.md\n", variable.c_str());
    ::_exit(2);
}

std::optional<std::string> take_variable(const char* name) {
    const char* const value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    std::string out = value;
    ::unsetenv(name);
    return out;
}

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> out(1);
    for (const char c : text)
        if (c == ':')
            out.emplace_back();
        else
            out.back() += c;
    return out;
}

PlannedFault read_planned(const std::string& text) {
    const auto words = split(text);
    const bool is_known = words[0] == "kill" || words[0] == "stop" || words[0] == "fail" || words[0] == "cut";
    if (!is_known || words.size() != 3) refuse("WABOT_FAULT_AT");
    return {words[0], words[1], std::atol(words[2].c_str())};
}

PowerCut read_cut(const std::string& text) {
    const auto words = split(text);
    PowerCut cut{std::atoll(words[0].c_str()), std::nullopt};
    if (words.size() > 1) cut.seed = std::strtoull(words[1].c_str(), nullptr, 10);
    return cut;
}

[[gnu::constructor]] void set_up() {
    VfsOptions vfs;
    bool wants_vfs = false;
    const auto take_for_vfs = [&](const char* name) {
        auto value = take_variable(name);
        wants_vfs = wants_vfs || value.has_value();
        return value;
    };
    if (const auto text = take_variable("WABOT_FAULT_AT")) planned = read_planned(*text);
    if (const auto text = take_variable("WABOT_FAULT_AVOID")) avoided() = *text;
    if (const auto text = take_for_vfs("WABOT_FAULT_CUT")) vfs.cut = read_cut(*text);
    if (const auto text = take_for_vfs("WABOT_FAULT_SYNC")) vfs.syncs = *text != "ignored";
    if (const auto text = take_for_vfs("WABOT_FAULT_SYNC_US")) vfs.slower = std::chrono::microseconds(std::atol(text->c_str()));
    if (const auto text = take_for_vfs("WABOT_FAULT_IO")) {
        vfs.refusal = read_refusal(*text);
        if (!vfs.refusal) refuse("WABOT_FAULT_IO");
    }
    if (const auto text = take_for_vfs("WABOT_FAULT_CONTROL")) vfs.control = *text;
    if (const auto text = take_for_vfs("WABOT_FAULT_RECORD")) {
        vfs.records = true;
        record_file = std::fopen(text->c_str(), "w");
        if (record_file == nullptr) refuse("WABOT_FAULT_RECORD");
    }
    if (wants_vfs) register_vfs(vfs);
}

}  // namespace

void record(const std::string& line) {
    const std::lock_guard lock(record_mutex);
    std::fputs((line + "\n").c_str(), record_file);
}

}  // namespace faults

void fault_point(std::string_view name, std::string_view detail) {
    using namespace faults;
    if (record_file != nullptr && name == "answer" && !detail.empty()) record("answer " + std::string(detail));
    if (!avoided().empty() && name == avoided()) throw Error(Errc::unavailable, "not this way");
    if (name != planned.point || passes.fetch_add(1) + 1 != planned.nth) return;
    if (planned.action == "fail") std::fprintf(stderr, "a fault at %s\n", planned.point.c_str());
    if (planned.action == "fail") throw Error(Errc::unavailable, "a fault at " + planned.point);
    if (planned.action == "cut") cut_power();
    ::raise(planned.action == "kill" ? SIGKILL : SIGSTOP);  // to this thread: it does not get one step further
}

}  // namespace wabot
