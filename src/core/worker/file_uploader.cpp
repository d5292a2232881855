#include "core/worker/file_uploader.hpp"

#include <utility>

#include "core/base/error.hpp"
#include "core/base/fault_point.hpp"
#include "core/base/log.hpp"
#include "core/files/blob_store.hpp"
#include "core/files/files.hpp"
#include "core/messaging/sending/uploads.hpp"

namespace wabot {

namespace {

/// The bytes of a blob as the body of a request.
class BlobBody : public BodySource {
public:
    BlobBody(std::unique_ptr<BlobReader> reader, std::size_t size) : reader_(std::move(reader)), size_(size) {}
    std::size_t size() const override { return size_; }
    std::size_t read(std::span<char> to) override { return reader_->read(to); }

private:
    std::unique_ptr<BlobReader> reader_;
    std::size_t size_;
};

/// In quotes of a header.
std::string quotable(std::string text) {
    for (char& c : text)
        if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) c = '_';
    return text;
}

asio::awaitable<UploadOutcome> give(const WorkerTools& tools, const UploadPlace& place, Channel& channel) {
    auto look = [&](Snapshot& db) { return files::find(db, std::to_string(place.file.value)); };
    const std::optional<File> file = co_await tools.db.read(look);
    const std::string name = "file " + std::to_string(place.file.value);
    if (!file || !file->storage_key) co_return NotSent{RetryClass::permanent, {}, "no_file", name + " is not kept any more"};
    std::unique_ptr<BlobReader> reader;
    std::string missing;
    std::function<void()> open = [&] {
        try {
            reader = tools.blobs.open(*file->storage_key);
        } catch (const Error& error) {
            if (error.code() != Errc::not_found) throw;
            missing = error.what();
        }
    };
    co_await tools.blobs.aside(open);
    if (!reader) co_return NotSent{RetryClass::permanent, {}, "no_file", name + ": " + missing};
    Upload upload;
    upload.mime_type = file->file_type;
    upload.filename = quotable(file->file_name);
    upload.bytes = std::make_shared<BlobBody>(std::move(reader), static_cast<std::size_t>(file->file_size));
    UploadOutcome outcome = co_await channel.upload(std::move(upload));
    if (const auto* uploaded = std::get_if<Uploaded>(&outcome)) {
        auto keep = [&](Transaction& tx) { uploads::remember(tx, place, uploaded->media_id, tx.now() + uploaded->kept_for); };
        co_await tools.db.write(keep);
        WABOT_FAULT("send.uploaded");
        log::write(log::Level::info, log::Logger::messages, "file uploaded", {{"file_id", place.file}, {"device_id", place.device}});
    }
    co_return outcome;
}

}  // namespace

asio::awaitable<std::optional<NotSent>> place_files(const WorkerTools& tools, const ClaimedSend& claimed, Channel& channel, Outgoing& outgoing) {
    std::optional<NotSent> refused;
    if (outgoing.object.empty()) co_return refused;
    for (const std::int64_t number : content::files_of(outgoing.object)) {
        const UploadPlace place{claimed.send.device_id, claimed.device_revision, {number}};
        auto look = [&](Snapshot& db) { return uploads::find(db, place); };
        std::optional<std::string> media_id = co_await tools.db.read(look);
        if (!media_id) {
            UploadOutcome outcome = co_await give(tools, place, channel);
            if (auto* why = std::get_if<NotSent>(&outcome)) {
                refused = std::move(*why);
                co_return refused;
            }
            media_id = std::move(std::get<Uploaded>(outcome).media_id);
        }
        outgoing.object = content::with_media_id(outgoing.object, number, *media_id).text;
    }
    co_return refused;
}

}  // namespace wabot
