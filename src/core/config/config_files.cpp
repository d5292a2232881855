#include "core/config/config_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace wabot {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t env_file_size_max = 1024 * 1024;

std::optional<std::string_view> find(const Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    if (found == environment.end() || found->second.empty()) return std::nullopt;
    return found->second;
}

bool is_space(char c) {
    return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && (is_space(text.back()) || text.back() == '\r')) text.remove_suffix(1);
    return text;
}

bool is_env_name(std::string_view name) {
    const auto allowed = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    return !name.empty() && (name[0] < '0' || name[0] > '9') && std::all_of(name.begin(), name.end(), allowed);
}

bool only_comment(std::string_view rest) {
    rest = trimmed(rest);
    return rest.empty() || rest.front() == '#';
}

std::optional<std::string> read_single_quoted(std::string_view text) {
    const std::size_t end = text.find('\'', 1);
    if (end == std::string_view::npos || !only_comment(text.substr(end + 1))) return std::nullopt;
    return std::string(text.substr(1, end - 1));
}

std::optional<std::string> read_double_quoted(std::string_view text) {
    std::string out;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') return only_comment(text.substr(i + 1)) ? std::optional(out) : std::nullopt;
        const bool escape = text[i] == '\\' && i + 1 < text.size();
        if (!escape) {
            out += text[i];
            continue;
        }
        ++i;
        if (text[i] == 'n')
            out += '\n';
        else if (text[i] == 't')
            out += '\t';
        else if (std::string_view("\"\\$`").find(text[i]) != std::string_view::npos)
            out += text[i];
        else
            out.append("\\").append(1, text[i]);
    }
    return std::nullopt;
}

std::string read_bare(std::string_view text) {
    for (std::size_t i = 1; i < text.size(); ++i)
        if (text[i] == '#' && is_space(text[i - 1])) return std::string(trimmed(text.substr(0, i)));
    return std::string(text.starts_with('#') ? std::string_view{} : text);
}

std::optional<std::string> read_env_value(std::string_view text) {
    if (text.starts_with('\'')) return read_single_quoted(text);
    if (text.starts_with('"')) return read_double_quoted(text);
    return read_bare(text);
}

std::optional<EnvEntry> read_env_line(std::string_view line) {
    if (line.starts_with("export ") || line.starts_with("export\t")) line = trimmed(line.substr(7));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || !is_env_name(line.substr(0, equals))) return std::nullopt;
    auto value = read_env_value(trimmed(line.substr(equals + 1)));
    if (!value) return std::nullopt;
    return EnvEntry{std::string(line.substr(0, equals)), std::move(*value)};
}

/// Whether bytes or the end come in time: a pipe may have no writer.
bool has_more_soon(int descriptor) {
    constexpr int patience_ms = 3'000;
    pollfd wanted{.fd = descriptor, .events = POLLIN, .revents = 0};
    int ready = 0;
    do ready = ::poll(&wanted, 1, patience_ms);
    while (ready < 0 && errno == EINTR);
    return ready != 0;
}

bool is_there(const fs::path& file) {
    std::error_code ignored;
    return fs::exists(file, ignored);
}

/// Adds the file if it is there and this user may read it. A service takes an unreadable file all the same, to stop with its name rather
/// than run on another store.
void add_if_there(FoundFiles& found, const fs::path& file, bool service) {
    if (!is_there(file)) return;
    if (service || access(file.c_str(), R_OK) == 0)
        found.files.push_back(file);
    else
        found.warnings.push_back(fmt::format("{} is not read: {}", file.string(), std::strerror(errno)));
}

void add_project_file(FoundFiles& found, const ConfigSearch& place) {
    if (place.working_folder.empty()) return;
    const fs::path file = place.working_folder / "wabot.toml";
    struct stat info {};
    if (stat(file.c_str(), &info) != 0) return;
    const char* distrust = info.st_uid != place.user_id    ? "it belongs to another user"
                           : (info.st_mode & S_IWOTH) != 0 ? "everyone may write it"
                                                           : nullptr;
    if (distrust != nullptr)
        found.warnings.push_back(fmt::format("{} is not read: {}; name it with -c to use it", file.string(), distrust));
    else
        add_if_there(found, found.project_file = file, false);
}

void add_user_file(FoundFiles& found, const Environment& environment) {
    fs::path folder(find(environment, "XDG_CONFIG_HOME").value_or(""));
    if (folder.is_relative()) {  // the XDG specification has relative paths ignored
        const auto home = find(environment, "HOME");
        if (!home) return;
        folder = fs::path(*home) / ".config";
    }
    add_if_there(found, folder / "wabot" / "config.toml", false);
}

void add_system_files(FoundFiles& found, const ConfigSearch& place) {
    std::vector<fs::path> parts;
    std::error_code ignored;
    for (fs::directory_iterator entry(place.system_folder / "conf.d", ignored), end; !ignored && entry != end; entry.increment(ignored))
        if (entry->path().extension() == ".toml") parts.push_back(entry->path());
    std::sort(parts.rbegin(), parts.rend());
    for (const fs::path& part : parts) add_if_there(found, part, place.service);
    add_if_there(found, place.system_folder / "wabot.toml", place.service);
}

}  // namespace

std::string FileEntry::place() const {
    return fmt::format("{}:{}:{}", file.string(), line, column);
}

std::vector<EnvEntry> read_env_file(const fs::path& file) {
    const std::string text = read_file(file, env_file_size_max);
    std::vector<EnvEntry> entries;
    std::vector<Fault> faults;
    std::string message;
    unsigned number = 0;
    for (std::string_view rest = without_byte_order_mark(text); !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = trimmed(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        ++number;
        if (only_comment(line)) continue;
        if (auto entry = read_env_line(line)) {
            entry->line = number;
            entries.push_back(std::move(*entry));
            continue;
        }
        faults.push_back({fmt::format("{}:{}", file.string(), number), "is not KEY=value, or a quote is not closed", "value"});
        message += fmt::format("{}{} {}", message.empty() ? "" : "; ", faults.back().where, faults.back().message);
    }
    if (!faults.empty()) throw Error(Errc::invalid, message, std::move(faults));
    return entries;
}

FoundFiles find_config_files(const ConfigSearch& place) {
    const auto from_environment = find(place.environment, "WABOT_CONFIG");
    const std::string named = place.named ? *place.named : std::string(from_environment.value_or(""));
    if (named == "none") return {};
    if (!named.empty()) return {.files = {named}};
    FoundFiles found;
    if (!place.service) {
        add_project_file(found, place);
        add_user_file(found, place.environment);
    }
    add_system_files(found, place);
    return found;
}

std::string read_file(const fs::path& file, std::size_t size_max) {
    const auto fail = [&](int error) {
        throw Error(error == EACCES ? Errc::denied : Errc::unavailable, fmt::format("{} cannot be read: {}", file.string(), std::strerror(error)));
    };
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) fail(errno);
    std::string text;
    ssize_t got = 1;
    while (got > 0 && text.size() <= size_max) {
        if (!has_more_soon(descriptor)) {
            ::close(descriptor);
            fail(ETIMEDOUT);
        }
        const std::size_t size = text.size();
        text.resize(std::min(size + 4096, size_max + 1));
        got = ::read(descriptor, text.data() + size, text.size() - size);
        text.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    }
    const int error = errno;
    ::close(descriptor);
    if (got < 0) fail(error);
    if (text.size() > size_max) throw Error(Errc::too_large, fmt::format("{} is larger than {} bytes", file.string(), size_max));
    return text;
}

bool is_world_readable(const fs::path& file) {
    struct stat info {};
    return stat(file.c_str(), &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & S_IROTH) != 0;
}

}  // namespace wabot
