#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/config/load_settings.hpp"
#include "core/config/settings.hpp"
#include "tests/fuzz/targets.hpp"

namespace wabot::fuzz {

namespace {

/// A file in memory.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view text) : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)) {
        require(::write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "a file can be made");
    }
    ~MemoryFile() { ::close(descriptor_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    std::filesystem::path path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

private:
    int descriptor_;
};

}  // namespace

/// A TOML file, and after a NUL an environment file.
void settings_file(std::string_view input) {
    const MemoryFile toml(take_until(input, '\0')), env(input);
    Sources sources{.environment = {{"HOME", "/nowhere"}}, .config_files = {toml.path()}, .env_file = env.path(), .user_id = 1000};
    sources.lenient = input.ends_with('#');
    const LoadedSettings loaded = load_settings(sources);
    for (const ShownSetting& line : show_settings(loaded)) require(!line.name.empty() && !line.origin.empty(), "a setting says where it comes from");
    require(mask_url_password(mask_url_password(loaded.values->store.database_url)) == mask_url_password(loaded.values->store.database_url),
            "what is masked stays so");
}

}  // namespace wabot::fuzz
