#include "cli/commands/message/local_file.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/base/text.hpp"
#include "core/files/content_type.hpp"

namespace wabot::cli {

namespace {

class FileReader : public BlobReader {
public:
    explicit FileReader(const std::string& path) : path_(path), file_(path, std::ios::binary) {
        std::error_code failed;
        const auto status = std::filesystem::status(path, failed);
        if (!std::filesystem::exists(status)) throw Error(Errc::not_found, "there is no file " + path);
        if (!std::filesystem::is_regular_file(status)) throw Error(Errc::invalid, path + " is no file");
        if (!file_) throw Error(Errc::unavailable, path + " cannot be read");
    }
    std::size_t read(std::span<char> to) override {
        file_.read(to.data(), static_cast<std::streamsize>(to.size()));
        if (file_.bad()) throw Error(Errc::unavailable, path_ + " cannot be read");
        return static_cast<std::size_t>(file_.gcount());
    }

private:
    const std::string path_;
    std::ifstream file_;
};

/// The type that the bytes show; where they fit several, the one that the name says.
std::string type_of(const std::string& path, std::string_view head, ContentKind kind) {
    std::string extension = fold_case(std::filesystem::path(path).extension().string());
    if (extension == ".jpeg") extension = ".jpg";
    std::string_view fitting;
    for (const std::string_view type : content::media_types(kind)) {
        if (content_type::refusal(type, head)) continue;
        if (content_type::extension_of(type) == extension) return std::string(type);
        if (fitting.empty()) fitting = type;
    }
    return std::string(fitting.empty() ? content_type::of_bytes(head) : fitting);
}

/// A WebP file in the extended form says so in its first chunk.
bool is_animated(std::string_view head) {
    return head.size() > 20 && head.substr(12, 4) == "VP8X" && (static_cast<unsigned char>(head[20]) & 0x02U) != 0;
}

}  // namespace

LocalFile look_at(const std::string& path, ContentKind kind) {
    FileReader reader(path);
    LocalFile file{path, files::display_name(path), {}, facts_of(reader)};
    file.type = type_of(path, file.facts.head, kind);
    content::check_file(kind, {file.type.empty() ? "of no type that is known" : file.type, file.facts.size, is_animated(file.facts.head)});
    if (file.facts.size > files::size_max)
        throw Error(Errc::invalid, fmt::format("{} has {} bytes, and files of up to {} are kept", path, file.facts.size, files::size_max));
    return file;
}

void keep(BlobStore& blobs, const std::string& key, const LocalFile& file) {
    FileReader reader(file.path);
    const BlobSource source = [&reader] {
        std::string bytes(64 * 1024, '\0');
        bytes.resize(reader.read(bytes));
        return bytes;
    };
    const auto check = [&file](const BlobFacts& facts) {
        if (facts.sha256 != file.facts.sha256) throw Error(Errc::invalid, file.path + " changed while it was read");
    };
    put_blob(blobs, key, source, files::size_max, check);
}

FileId add(Transaction& tx, Random& random, BlobStore& blobs, const std::string& key, const LocalFile& file, DeviceId device) {
    files::New row;
    row.uuid = files::new_uuid(random);
    row.device = device;
    row.origin = FileOrigin::outgoing;
    row.name = file.name;
    row.type = file.type;
    row.size = file.facts.size;
    row.sha256 = file.facts.sha256;
    row.backend = blobs.backend();
    row.key = key;
    return files::add(tx, row);
}

}  // namespace wabot::cli
