#include "cli/output/zone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "core/base/clock.hpp"

namespace wabot::cli {

namespace {

constexpr std::string_view database = "/usr/share/zoneinfo/";

/// Words of letters, digits, "_", "-" and "+" with slashes between them: nothing that leads out of the database.
bool is_name(std::string_view name) {
    const auto is_letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '+' || c == '/'; };
    return !name.empty() && name.size() < 100 && name.front() != '/' && std::all_of(name.begin(), name.end(), is_letter);
}

bool is_zone_file(const std::string& path) {
    char magic[4] = {};
    std::error_code none;
    if (!std::filesystem::is_regular_file(path, none)) return false;
    return std::ifstream(path, std::ios::binary).read(magic, sizeof magic) && std::string_view(magic, sizeof magic) == "TZif";
}

}  // namespace

std::optional<Zone> Zone::find(std::string_view name) {
    if (name == "UTC") return Zone(true);
    const std::string path = std::string(database).append(name);
    if (!is_name(name) || !is_zone_file(path)) return std::nullopt;
    setenv("TZ", (":" + path).c_str(), 1);  // NOLINT(concurrency-mt-unsafe): before the first thread
    tzset();
    return Zone(false);
}

std::chrono::seconds Zone::offset_at(Time time) const {
    if (is_utc_) return {};
    const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm local{};
    return localtime_r(&seconds, &local) == nullptr ? std::chrono::seconds() : std::chrono::seconds(local.tm_gmtoff);
}

std::string Zone::iso(Time time) const {
    if (is_utc_) return to_iso(time);
    const auto offset = offset_at(time);
    std::string text = to_iso(time + offset);
    text.pop_back();  // the Z
    const auto minutes = std::chrono::abs(std::chrono::duration_cast<std::chrono::minutes>(offset)).count();
    return text + fmt::format("{}{:02}:{:02}", offset.count() < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

}  // namespace wabot::cli
