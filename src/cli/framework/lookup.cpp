#include "cli/framework/lookup.hpp"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/base/clock.hpp"
#include "core/base/object_ref.hpp"
#include "core/base/world.hpp"
#include "core/devices/devices.hpp"
#include "core/messaging/service_window.hpp"

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
    if (all.empty()) throw Error(Errc::not_found, "there is no device", "create one with: wabot device create");
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
    const bool is_stdin = file == "-";
    if (!is_stdin && !std::filesystem::exists(file)) throw Error(Errc::not_found, fmt::format("there is no file {}", file));
    const std::string name = is_stdin ? "standard input" : file;
    // Not read_file: what stands behind a pipe of the user's own may take its time.
    const int descriptor = is_stdin ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    std::string text;
    char part[16 * 1024];
    int error = descriptor < 0 ? errno : 0;
    while (error == 0 && text.size() <= size_max) {
        const ssize_t got = ::read(descriptor, part, sizeof part);
        if (got == 0) break;
        if (got > 0)
            text.append(part, static_cast<std::size_t>(got));
        else if (errno != EINTR)
            error = errno;
    }
    if (!is_stdin && descriptor >= 0) ::close(descriptor);
    if (error != 0) throw Error(Errc::unavailable, fmt::format("{} cannot be read: {}", name, std::generic_category().message(error)));
    if (text.size() > size_max) throw Error(Errc::too_large, fmt::format("{} is larger than {} bytes", name, size_max));
    return text;
}

}  // namespace wabot::cli
