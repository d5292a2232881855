#include "core/messaging/receiving/fetch_media.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/channels/open_channel.hpp"
#include "core/database/database.hpp"
#include "core/files/content_type.hpp"
#include "core/files/files.hpp"
#include "core/messaging/media.hpp"
#include "core/queue/jobs.hpp"

namespace wabot {

namespace {

using namespace std::chrono_literals;
using Why = MediaRefused::Why;

const Cause by_fetcher{{"system", "worker"}, ""};
constexpr auto kept_by_provider = 7 * 24h;  // ids from webhooks ("Media" reference)

/// A medium and the device it came in on.
struct Task {
    Media medium;
    std::shared_ptr<const DeviceEntry> device;  // nullptr: it is not active
    bool is_too_old = false;
};

/// What is to be written down: a file, or why there is none.
struct Fetched {
    BlobFacts facts;
    std::string type;
};
using Result = std::variant<Fetched, MediaRefused>;

MediaId medium_of(const ClaimedJob& job) {
    return {read_json(job.payload.text).at("media").get<std::int64_t>()};
}

std::optional<Task> read_task(Snapshot& db, DeviceRegistry& registry, MediaId id) {
    auto medium = media::find(db, id);
    if (!medium) return std::nullopt;
    registry.reload(db);
    const auto device = db.query("SELECT device_id FROM messages WHERE id = $1", medium->message_id).one<DeviceId>();
    const bool is_too_old = db.now() - medium->created_at > kept_by_provider;
    return Task{std::move(*medium), registry.now()->find_active(device), is_too_old};
}

/// What is wrong with the bytes that came; nothing when they are what was announced.
std::optional<MediaRefused> refusal_of(const BlobFacts& facts, const std::string& hash, const MediaFetched& said, const std::string& type) {
    if (content_type::is_program(facts.head))
        return MediaRefused{Why::blocked,
                            "programs and scripts are not kept; this one looks like " + std::string(content_type::of_bytes(facts.head))};
    if (!hash.empty() && facts.sha256 != hash) {
        // A page in place of the file: more of it will not mend that.
        if (auto refusal = facts.size > 0 ? content_type::refusal(type, facts.head) : std::nullopt)
            return MediaRefused{Why::blocked, std::move(*refusal)};
        // Cut off without the client's noticing: the rest may still come.
        if (said.size && facts.size < *said.size)
            return MediaRefused{Why::passing, fmt::format("ended after {} of {} bytes", facts.size, *said.size)};
        return MediaRefused{Why::failed, "its SHA-256 is not the announced one"};
    }
    if (facts.size == 0) return MediaRefused{Why::failed, "is empty"};
    return std::nullopt;
}

/// One medium on its way into the store of blobs.
class Fetching {
public:
    Fetching(const JobTools& tools, const Task& task) : tools_(tools), task_(task), medium_(task.medium) {}

    asio::awaitable<Result> run() {
        // Killed between the two: the blob is there, and the unit is still to be written.
        if (tools_.blobs.size(medium_.blob_key)) co_return co_await look_at_blob();
        if (!task_.device) co_return MediaRefused{Why::passing, "its device is not active"};
        const auto source = open_media_source(*task_.device, tools_.http, tools_.world);
        if (!source) co_return MediaRefused{Why::failed, fmt::format("devices of kind {} have no media", to_word(task_.device->kind))};
        if (task_.is_too_old) co_return MediaRefused{Why::gone, "the provider keeps media for 7 days"};
        const std::shared_ptr<BlobDraft> draft = tools_.blobs.begin(medium_.blob_key);
        const bool goes_on = draft->size() > 0;
        Result result = co_await fill(*source, draft);
        const auto* refused = std::get_if<MediaRefused>(&result);
        if (refused != nullptr && goes_on && (refused->why == Why::failed || refused->why == Why::blocked) && draft->size() > 0) {
            // What was left by an earlier attempt may be what is wrong.
            draft->clear();
            result = co_await fill(*source, draft);
            refused = std::get_if<MediaRefused>(&result);
        }
        auto end = [&] {
            if (refused == nullptr)
                draft->publish();
            else if (refused->why != Why::passing)
                draft->discard();
        };
        co_await tools_.blobs.aside(end);
        co_return result;
    }

private:
    asio::awaitable<Result> fill(MediaSource& source, std::shared_ptr<BlobDraft> draft) {
        const MediaOutcome outcome = co_await source.fetch(medium_.provider_media_id, draft, files::size_max);
        if (const auto* refused = std::get_if<MediaRefused>(&outcome)) co_return *refused;
        const MediaFetched& said = std::get<MediaFetched>(outcome);
        Fetched fetched;
        auto look = [&] {
            const auto reader = draft->read();
            fetched.facts = facts_of(*reader);
        };
        co_await tools_.blobs.aside(look);
        const std::string declared = content_type::base_of(medium_.mime_type.empty() ? said.mime_type : medium_.mime_type);
        if (auto refusal = refusal_of(fetched.facts, medium_.sha256.value_or(said.sha256), said, declared)) co_return std::move(*refusal);
        fetched.type = type_of(declared, fetched.facts);
        co_return fetched;
    }

    asio::awaitable<Result> look_at_blob() {
        Fetched fetched;
        auto look = [&] {
            const auto reader = tools_.blobs.open(medium_.blob_key);
            fetched.facts = facts_of(*reader);
        };
        co_await tools_.blobs.aside(look);
        fetched.type = type_of(content_type::of_bytes(fetched.facts.head), fetched.facts);
        co_return fetched;
    }

    std::string type_of(std::string_view otherwise, const BlobFacts& facts) const {
        return content_type::received_type(medium_.mime_type.empty() ? otherwise : medium_.mime_type, medium_.file_name.value_or(""), facts.head);
    }

    const JobTools& tools_;
    const Task& task_;
    const Media& medium_;
};

std::string name_of(const Media& medium, const std::string& type) {
    return medium.file_name.value_or(fmt::format("{}-{}{}", medium.kind, medium.id.value, content_type::extension_of(type)));
}

void write_down(Transaction& tx, const JobTools& tools, const Task& task, const Result& result, const std::string& uuid) {
    const Media& medium = task.medium;
    if (!media::hold_open(tx, medium)) return;
    if (const auto* refused = std::get_if<MediaRefused>(&result)) {
        const MediaState state = refused->why == Why::blocked ? MediaState::blocked
                                 : refused->why == Why::gone  ? MediaState::gone
                                                              : MediaState::failed;
        return media::settle(tx, by_fetcher, medium, state, std::nullopt, refused->reason);
    }
    const Fetched& fetched = std::get<Fetched>(result);
    const std::string name = name_of(medium, fetched.type);
    files::New file{.uuid = uuid, .name = name, .type = fetched.type, .size = fetched.facts.size, .sha256 = fetched.facts.sha256};
    file.device = tx.query("SELECT device_id FROM messages WHERE id = $1", medium.message_id).one<DeviceId>();
    file.backend = tools.blobs.backend();
    file.key = medium.blob_key;
    media::settle(tx, by_fetcher, medium, MediaState::fetched, files::add(tx, file), std::nullopt);
}

}  // namespace

asio::awaitable<void> fetch_media(const JobTools& tools, const ClaimedJob& job) {
    auto read = [&](Snapshot& db) { return read_task(db, tools.registry, medium_of(job)); };
    const std::optional<Task> task = co_await tools.db.read(read);
    if (!task || !media::is_open(task->medium)) co_return;
    Fetching fetching(tools, *task);
    Result result;
    try {
        result = co_await fetching.run();
    } catch (const std::exception& error) {
        result = MediaRefused{Why::passing, error.what()};  // the disk, or another worker that holds it
    }
    const auto* refused = std::get_if<MediaRefused>(&result);
    const bool is_tried_again = refused != nullptr && refused->why == Why::passing && job.attempt < jobs::attempts_max;
    const std::string uuid = files::new_uuid(tools.world.random);
    auto write = [&](Transaction& tx) {
        if (is_tried_again)
            media::note_failure(tx, task->medium.id, refused->reason);
        else
            write_down(tx, tools, *task, result, uuid);
    };
    co_await tools.db.write(write);
    if (refused != nullptr && refused->why == Why::passing)
        throw Error(Errc::unavailable, fmt::format("message/{}: {}", task->medium.message_id.value, refused->reason));
    if (refused != nullptr)
        log::warning("media not fetched", {{"message_id", task->medium.message_id}, {"reason", refused->reason}});
    else
        log::info("media fetched", {{"message_id", task->medium.message_id}});
}

}  // namespace wabot
