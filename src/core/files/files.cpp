#include "core/files/files.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/hex.hpp"
#include "core/base/object_ref.hpp"
#include "core/base/random.hpp"
#include "core/base/text.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/listing.hpp"

namespace wabot::files {

namespace {

constexpr std::size_t name_max = 255;

constexpr std::string_view list_sql = R"sql(
    SELECT id, uuid, device_id, origin, file_name, file_type, file_size, sha256, storage_backend, storage_key, deleted_at, created_at, updated_at
    FROM files)sql";
const std::string of_id = std::string(list_sql) + " WHERE id = $1";
const std::string of_uuid = std::string(list_sql) + " WHERE uuid = $1";

/// UTF-8 of the characters that turn or join text (U+200B to U+200F, U+2028 to U+202E, U+2060 to U+2069, U+FEFF) or are controls of Latin-1.
std::size_t unwanted_at(std::string_view text) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const unsigned first = byte(0), second = byte(1), third = byte(2);
    if (first < 0x20 || first == 0x7F || first == '/' || first == '\\' || first == ':') return 1;
    if (first == 0xC2 && second < 0xA0) return 2;
    if (first == 0xD8 && second == 0x9C) return 2;
    if (first == 0xE2 && second == 0x80 && ((third >= 0x8B && third <= 0x8F) || (third >= 0xA8 && third <= 0xAE))) return 3;
    if (first == 0xE2 && second == 0x81 && third >= 0xA0 && third <= 0xA9) return 3;
    if (first == 0xEF && second == 0xBB && third == 0xBF) return 3;
    return 0;
}

}  // namespace

std::string display_name(std::string_view name) {
    const std::string mended = sanitize_utf8(name).value_or(std::string(name));
    // Of a path only what stands behind the last separator: the rest names someone's folders.
    std::string_view rest = mended;
    if (const auto separator = rest.find_last_of("/\\"); separator != std::string_view::npos) rest.remove_prefix(separator + 1);
    std::string out;
    while (!rest.empty()) {
        const std::size_t unwanted = unwanted_at(rest);
        if (unwanted == 0) out += rest.front();
        rest.remove_prefix(std::max<std::size_t>(unwanted, 1));
    }
    out.erase(0, out.find_first_not_of(" ."));  // a hidden file, or the folder above
    if (const auto last = out.find_last_not_of(" ."); last != std::string::npos) out.erase(last + 1);
    if (count_code_points(out) > name_max) {
        const auto dot = out.rfind('.');
        const std::string ending = dot != std::string::npos && out.size() - dot <= 16 ? out.substr(dot) : "";
        out = first_characters(out, name_max - count_code_points(ending)) + ending;
    }
    return out.empty() ? "file" : out;
}

std::string new_uuid(Random& random) {
    std::string bytes = random.bytes(16);
    bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0FU) | 0x40U);
    bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3FU) | 0x80U);
    std::string text = to_hex(bytes);
    for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, "-");
    return text;
}

FileId add(Transaction& tx, const New& file) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO files (uuid, device_id, origin, file_name, file_type, file_size, sha256, storage_backend, storage_key, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10))sql";
    return tx.insert<FileId>(sql, file.uuid, file.device, file.origin, file.name, file.type, file.size, file.sha256, file.backend, file.key, tx.now())
        .value();
}

std::optional<File> find(Snapshot& db, std::string_view id_or_uuid) {
    if (const auto id = as_id(id_or_uuid)) return db.query(of_id, *id).first<File>();
    return db.query(of_uuid, fold_case(id_or_uuid)).first<File>();
}

File get(Snapshot& db, std::string_view id_or_uuid) {
    auto found = find(db, id_or_uuid);
    if (!found) throw Error(Errc::not_found, "no file " + std::string(id_or_uuid.substr(0, 64)), "see wabot file list");
    return std::move(*found);
}

bool is_blob_known(Snapshot& db, std::string_view key) {
    return !db.query("SELECT id FROM files WHERE storage_key = $1", key).empty();
}

std::vector<File> list(Snapshot& db, const Filter& filter, const Page& page) {
    Condition own;
    if (filter.device) own.also("device_id = ?", *filter.device);
    if (filter.origin) own.also("origin = ?", *filter.origin);
    return list_page<File>(db, {.select = list_sql, .newest_first = true, .log = "files"}, std::move(own), page);
}

}  // namespace wabot::files
