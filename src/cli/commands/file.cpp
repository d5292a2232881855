#include "cli/commands.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/framework/list_request.hpp"
#include "cli/framework/lookup.hpp"
#include "cli/framework/private_file.hpp"
#include "cli/framework/wiring.hpp"
#include "core/files/blob_store.hpp"
#include "core/files/files.hpp"

namespace wabot::cli {

namespace {

struct FileListOptions {
    std::optional<std::string> device;
    std::optional<FileOrigin> origin;
    PagingOptions paging;
};

void file_list(Runtime& rt, const FileListOptions& opts) {
    List<File> list(rt, "file", opts.paging);
    files::Filter filter{.origin = opts.origin};
    if (opts.device) filter.device = named_device(rt, *opts.device).id;
    list.show([&](Snapshot& db, const Page& page) { return files::list(db, filter, page); });
}

struct FileGetOptions {
    std::string file;
    std::optional<std::string> save;
};

std::string content_of(Runtime& rt, const File& file) {
    if (file.deleted_at || !file.storage_key)
        throw Error(Errc::not_found, fmt::format("the content of file {} is no longer stored", file.id.value), "see the setting retention.files");
    const auto blobs = open_local_blobs(files_folder(rt.settings()));
    return read_blob(*blobs, *file.storage_key, static_cast<std::size_t>(files::size_max));
}

void save(Runtime& rt, const File& file, const std::string& path) {
    const std::string content = content_of(rt, file);
    if (path == "-") return rt.out().bytes(content);
    if (!create_file(path, content))
        throw Error(Errc::conflict, fmt::format("{} is there already", path), "choose another name, or remove the file first");
    rt.out().did(true, "saved file {} ({}, {} bytes) as {}", file.id.value, file.file_type, file.file_size, path);
}

void file_get(Runtime& rt, const FileGetOptions& opts) {
    const File file = rt.read([&](Snapshot& db) { return files::get(db, opts.file); });
    if (opts.save) return save(rt, file, *opts.save);
    rt.out().object("file", file);
}

}  // namespace

std::span<const Command> file_commands() {
    static const Command table[] = {
        // namespace
        {.path = "file list",
         .summary = "List received and sent files, newest first",
         .columns = fields_of<File>,
         .examples = {{"wabot file list --device shop", "the newest 50 of a device"},
                      {"wabot file list --origin incoming --all -o jsonl", "for a script"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<FileListOptions>();
             cmd.option("--device", opts->device, "Only of this device").completes(Noun::device);
             cmd.option("--origin", opts->origin, "Run only these checks");
             declare_paging(cmd, opts->paging);
             return [opts](Runtime& rt) { file_list(rt, *opts); };
         }},
        {.path = "file get",
         .summary = "Show one file, or save its content",
         .columns = fields_of<File>,
         .examples = {{"wabot file get 2", "its type, size and hash"}, {"wabot file get 2 --save menu.pdf", "its content; - is stdout"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<FileGetOptions>();
             cmd.argument("file", opts->file, "Id or UUID").required().completes(Noun::stored_file);
             cmd.option("--save", opts->save, "Write the content to a new file; -: stdout").shown_as("PATH");
             return [opts](Runtime& rt) { file_get(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
