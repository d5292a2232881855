#include "core/queue/job_kinds.hpp"

#include "core/messaging/read_receipts.hpp"

namespace wabot {

namespace {

asio::awaitable<void> run_retention(const JobTools& tools, const ClaimedJob&) {
    for (const retention::Rule& rule : retention::all_rules()) co_await retention::run(tools.db, rule, tools.keep);
}

constexpr JobKind table[] = {{retention::job_kind, 1, run_retention}, {read_receipts::job_kind, 1, read_receipts::run}};

}  // namespace

std::span<const JobKind> all_job_kinds() {
    return table;
}

}  // namespace wabot
