#include "core/worker/job_kinds.hpp"

#include "core/base/clock.hpp"
#include "core/base/world.hpp"
#include "core/files/blob_cleanup.hpp"
#include "core/files/files.hpp"
#include "core/messaging/media.hpp"
#include "core/messaging/receiving/fetch_media.hpp"
#include "core/messaging/sending/read_receipts.hpp"
#include "core/queue/jobs.hpp"
#include "core/retention/retention.hpp"

namespace wabot {

namespace {

constexpr std::int64_t sweep_hour = 2;  // UTC

asio::awaitable<void> run_retention(const JobTools& tools, const ClaimedJob&) {
    for (const retention::Rule& rule : retention::all_rules()) co_await retention::run(tools.db, rule, tools.keep);
    co_await files::remove_deleted(tools.db, tools.blobs);
    // What a kill left over lies there for a day more or less: a look at every blob is for once a day.
    const auto hours = std::chrono::floor<std::chrono::hours>(tools.world.clock.now()).time_since_epoch().count();
    if (hours % 24 == sweep_hour) co_await files::sweep(tools.db, tools.blobs);
}

constexpr JobKind table[] = {
    {retention::job_kind, 1, run_retention},
    {media::job_kind, 1, fetch_media},
    {read_receipts::job_kind, 1, read_receipts::run},
};

}  // namespace

std::span<const JobKind> all_job_kinds() {
    return table;
}

}  // namespace wabot
