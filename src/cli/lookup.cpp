#include "cli/lookup.hpp"

#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/base/natural_key.hpp"
#include "core/devices/devices.hpp"
#include "core/messaging/window.hpp"

namespace wabot::cli {

Device named_device(Runtime& rt, const std::string& who) {
    return rt.read([&](Snapshot& db) { return devices::get(db, who); });
}

DeviceId device_filter(Runtime& rt, const std::optional<std::string>& who) {
    return who ? named_device(rt, *who).id : DeviceId{};
}

Device device_or_only(Runtime& rt, const std::optional<std::string>& who) {
    if (who) return named_device(rt, *who);
    std::vector<Device> all = rt.read([](Snapshot& db) { return devices::list(db); });
    if (all.size() == 1) return std::move(all.front());
    if (all.empty()) throw Error(Errc::not_found, "there is no device", "make one with: wabot device create");
    std::vector<std::string> keys;
    for (const Device& device : all) keys.push_back(device.key);
    usage_error("there are several devices; name one with --device", fmt::format("one of {}", fmt::join(keys, ", ")), "--device");
}

void add_window(Json& object, Runtime& rt, const Contact& contact) {
    const auto device = rt.read([&](Snapshot& db) { return devices::find(db, contact.device_id); });
    if (!device || !has_window(device->kind)) return;
    const auto end = window_end(device->kind, contact.last_incoming_at);
    object["window_open_until"] = nullptr;
    if (end && *end > rt.world().clock.now()) object["window_open_until"] = to_iso(*end);
}

std::int64_t id_of(std::string_view noun, const std::string& word) {
    const auto id = as_id(word);
    if (!id) usage_error(fmt::format("\"{}\" is no {} id", word, noun), fmt::format("wabot {} list shows the ids", noun));
    return *id;
}

std::string read_input(const std::string& file, std::size_t size_max) {
    if (file != "-") {
        if (!std::filesystem::exists(file)) throw Error(Errc::not_found, fmt::format("there is no file {}", file));
        return read_file(file, size_max);
    }
    std::string text;
    char part[16 * 1024];
    while (true) {
        const ssize_t got = ::read(STDIN_FILENO, part, sizeof part);
        if (got == 0) return text;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw Error(Errc::unavailable, "standard input cannot be read: " + std::generic_category().message(errno));
        text.append(part, static_cast<std::size_t>(got));
        if (text.size() > size_max) throw Error(Errc::too_large, fmt::format("standard input is larger than {} octets", size_max));
    }
}

}  // namespace wabot::cli
