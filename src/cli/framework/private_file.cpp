#include "cli/framework/private_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/base/error.hpp"
#include "core/base/folder_owner.hpp"

namespace wabot::cli {

namespace {

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
    throw Error(Errc::unavailable, fmt::format("{} cannot be made: {}", path.string(), std::generic_category().message(error)));
}

int write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return ::fsync(descriptor) == 0 ? 0 : errno;
}

}  // namespace

bool create_file(const std::filesystem::path& file, std::string_view text, unsigned mode) {
    // Written aside and linked: a kill in between leaves no half of a key under the name of one.
    const std::filesystem::path part = fmt::format("{}.{}.part", file.string(), getpid());
    const int descriptor = open_or_create(part, O_WRONLY | O_EXCL | O_CLOEXEC, mode);
    if (descriptor < 0) fail(part, errno);
    int error = ::fchmod(descriptor, mode) == 0 ? write_all(descriptor, text) : errno;
    ::close(descriptor);
    if (error == 0 && ::link(part.c_str(), file.c_str()) != 0) error = errno;
    ::unlink(part.c_str());
    if (error != 0 && error != EEXIST) fail(file, error);
    return error == 0;
}

void create_folder(const std::filesystem::path& folder) {
    if (folder.empty() || std::filesystem::is_directory(folder)) return;
    create_folder(folder.parent_path());
    if (!create_folder_in(folder, 0750) && errno != EEXIST) fail(folder, errno);
}

}  // namespace wabot::cli
