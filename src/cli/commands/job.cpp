#include "cli/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/framework/batch.hpp"
#include "cli/framework/list_request.hpp"
#include "cli/framework/lookup.hpp"
#include "cli/framework/progress.hpp"
#include "core/base/clock.hpp"
#include "core/operations/work_actions.hpp"
#include "core/operations/work_items.hpp"
#include "core/queue/attempts.hpp"

namespace wabot::cli {

namespace {

using namespace std::chrono_literals;

/// Which turns, sends and jobs are meant, by what they are.
struct FilterOptions {
    std::optional<std::string> queue, error, device;
    std::optional<WorkState> state;

    bool is_given() const { return queue || error || device || state; }
};

void declare_filter(CommandBuilder& cmd, FilterOptions& filter, std::string state_doc) {
    cmd.option("--queue", filter.queue, "Only work of this queue").words({"turn", "send", "job"});
    cmd.option("--state", filter.state, std::move(state_doc));
    cmd.option("--error", filter.error, "Only work whose last error matches this pattern (RE2)").shown_as("RE");
    cmd.option("--device", filter.device, "Only of this device").completes(Noun::device);
}

work::Filter filter_of(Runtime& rt, const FilterOptions& opts) {
    work::Filter filter{.state = opts.state};
    if (opts.queue) filter.queue = from_word<QueueName>(*opts.queue);
    if (opts.device) filter.device = named_device(rt, *opts.device).id;
    if (opts.error) filter.error = Pattern::of_expression(*opts.error);
    return filter;
}

/// The ids that were named, each once.
std::vector<WorkId> ids_of(const std::vector<std::string>& words) {
    std::vector<WorkId> ids;
    for (const std::string& word : words) {
        const auto id = to_work_id(word);
        if (!id)
            usage_error(fmt::format("\"{}\" is not the id of a turn, a send or a job", word),
                        "ids look like turn/7, send/81, job/3; wabot job list shows them");
        if (std::find(ids.begin(), ids.end(), *id) == ids.end()) ids.push_back(*id);
    }
    return ids;
}

/// "send/81", or "3 jobs".
std::string name_of(const std::vector<WorkId>& ids) {
    return ids.size() == 1 ? to_text(ids.front()) : fmt::format("{} jobs", ids.size());
}

// --- list, get

struct JobListOptions {
    FilterOptions filter;
    PagingOptions paging;
};

void job_list(Runtime& rt, const JobListOptions& opts) {
    List<WorkItem> list(rt, "job", opts.paging);
    const work::Filter filter = filter_of(rt, opts.filter);
    list.show([&](Snapshot& db, const Page& page) { return work::list(db, filter, page); });
}

struct JobGetOptions {
    std::string job;
};

Json json_of(const std::vector<FailedAttempt>& attempts) {
    Json out = Json::array();
    for (const FailedAttempt& attempt : attempts) {
        Json one = to_json(attempt);
        one["duration"] = std::chrono::duration<double>(attempt.failed_at - attempt.began_at).count();
        out.push_back(std::move(one));
    }
    return out;
}

void job_get(Runtime& rt, const JobGetOptions& opts) {
    const WorkId id = ids_of({opts.job}).front();
    struct Found {
        WorkItem item;
        const work::StateRow* state;
        std::vector<FailedAttempt> attempts;
    };
    const Found found = rt.read([&](Snapshot& db) {
        return Found{work::get(db, id), &work::state_of(db, id), attempts::list(db, id.queue, id.number)};
    });
    Json verbs = Json::array();
    if (found.state->can.retry) verbs.push_back("retry");
    if (found.state->can.cancel) verbs.push_back("cancel");
    if (found.state->can.resolve) verbs.push_back("resolve");
    rt.out().object("job", found.item, Json{{"meaning", found.state->meaning}, {"possible", verbs}, {"failed_attempts", json_of(found.attempts)}});
}

// --- retry, cancel, resolve

struct RetryOptions {
    std::vector<std::string> jobs;
    FilterOptions filter;
};

/// When the nth of `count` is tried again: one after the other, so that they do not all hit at once what failed them.
std::chrono::microseconds delay_of(std::size_t nth, std::size_t count) {
    const std::chrono::microseconds span = std::min<std::chrono::seconds>(60s, 2s * static_cast<std::int64_t>(count - 1));
    return span * static_cast<std::int64_t>(nth) / static_cast<std::int64_t>(std::max<std::size_t>(count, 1));
}

std::string spread_of(std::size_t count) {
    return count < 2 ? "" : fmt::format(", spread over {} s", std::min<std::size_t>(60, 2 * (count - 1)));
}

/// Takes a step for each; says which it was taken for, or that all were `already` so. What failed is listed.
template <class Step>
void for_each_of(Runtime& rt, const std::vector<WorkId>& ids, Step step, std::string_view did, std::string_view already) {
    const auto name = [](const WorkId& id) { return to_text(id); };
    const auto taken =
        rt.write([&](Transaction& tx) { return apply_each(tx, ids, name, [&](const WorkId& id, std::size_t nth) { return step(tx, id, nth); }); });
    const std::string done = fmt::format(fmt::runtime(did), name_of(taken.changed));
    refuse_failures(rt, taken, ids.size(), done);
    if (taken.changed.empty())
        rt.out().did(false, "{} {}", name_of(ids), already);
    else
        rt.out().did(true, "{}", done);
}

void retry_named(Runtime& rt, const std::vector<WorkId>& ids) {
    const auto retry = [&](Transaction& tx, const WorkId& id, std::size_t nth) {
        return work_actions::retry(tx, rt.cause(), id, tx.now() + delay_of(nth, ids.size()));
    };
    for_each_of(rt, ids, retry, "released {}" + spread_of(ids.size()), "already queued");
}

/// Everything that matches and can be retried, with its state's date.
struct Matching {
    std::vector<WorkId> ids;
    std::optional<Time> oldest;
};

Matching matching(Runtime& rt, const work::Filter& filter) {
    constexpr int part_max = 500;
    Matching found;
    std::int64_t after = 0;
    for (std::size_t read = part_max; read == part_max;) {
        const auto part = rt.read([&](Snapshot& db) { return work::list(db, filter, {.after = after, .limit = part_max}); });
        read = part.size();
        for (const work::ListedItem& listed : part) {
            found.ids.push_back(*to_work_id(listed.item.id));
            found.oldest = std::min(found.oldest.value_or(listed.item.updated_at), listed.item.updated_at);
            after = listed.place;
        }
    }
    std::reverse(found.ids.begin(), found.ids.end());  // the oldest first
    return found;
}

/// A hundred at a time; how many had moved on or cannot be retried.
std::size_t release(Runtime& rt, const std::vector<WorkId>& ids) {
    constexpr std::size_t unit_max = 100;
    Progress progress(rt, "jobs", static_cast<std::int64_t>(ids.size()));
    std::size_t moved = 0;
    for (std::size_t from = 0; from < ids.size(); from += unit_max) {
        const std::size_t to = std::min(from + unit_max, ids.size());
        moved += rt.write([&](Transaction& tx) {
            std::size_t elsewhere = 0;
            for (std::size_t i = from; i < to; ++i) {
                try {
                    const Time due_at = tx.now() + delay_of(i, ids.size());
                    tx.savepoint([&] { elsewhere += work_actions::retry(tx, rt.cause(), ids[i], due_at) ? 0 : 1; });
                } catch (const Error& error) {
                    if (error.code() != Errc::conflict) throw;
                    ++elsewhere;
                }
            }
            return elsewhere;
        });
        progress.advance(static_cast<std::int64_t>(to - from));
    }
    return moved;
}

void retry_matching(Runtime& rt, const FilterOptions& opts) {
    work::Filter filter = filter_of(rt, opts);
    if (!filter.state) filter.state = WorkState::dead;
    const auto can = [&](const work::StateRow& row) { return row.state == *filter.state && row.can.retry; };
    const auto states = work::all_states();
    if (std::none_of(states.begin(), states.end(), can))
        usage_error(fmt::format("what is {} cannot be retried", to_word(*filter.state)), "--state takes dead, held, cancelled or retrying here",
                    "--state");
    const Matching found = matching(rt, filter);
    if (found.ids.empty()) return rt.out().did(false, "no {} job matches; nothing to do", to_word(*filter.state));
    rt.confirm(Confirm::ask, fmt::format("{} job{} match{} (the oldest since {}) and would be tried again now", found.ids.size(),
                                         found.ids.size() == 1 ? "" : "s", found.ids.size() == 1 ? "es" : "", to_iso(*found.oldest)));
    rt.plan_audit({.facts = {{"matching", JsonText{std::to_string(found.ids.size())}}}});
    const std::size_t moved = release(rt, found.ids);
    const std::size_t released = found.ids.size() - moved;
    const std::string others = moved == 0 ? "" : fmt::format("; {} changed meanwhile or cannot be retried", moved);
    rt.out().did(released > 0, "released {}{}{}", released, spread_of(released), others);
}

void job_retry(Runtime& rt, const RetryOptions& opts) {
    if (opts.jobs.empty() == !opts.filter.is_given())
        usage_error("job retry needs ids or a filter: --queue, --state, --error, --device", "wabot job list --state dead shows the dead letters");
    if (opts.filter.is_given())
        retry_matching(rt, opts.filter);
    else
        retry_named(rt, ids_of(opts.jobs));
}

struct CancelOptions {
    std::vector<std::string> jobs;
};

void job_cancel(Runtime& rt, const CancelOptions& opts) {
    const auto ids = ids_of(opts.jobs);
    const auto cancel = [&](Transaction& tx, const WorkId& id, std::size_t) { return work_actions::cancel(tx, rt.cause(), id); };
    for_each_of(rt, ids, cancel, "cancelled {}", "cancelled already");
}

struct ResolveOptions {
    std::vector<std::string> jobs;
    std::string as;
};

void job_resolve(Runtime& rt, const ResolveOptions& opts) {
    const auto ids = ids_of(opts.jobs);
    const work_actions::Verdict truth = opts.as == "sent" ? work_actions::Verdict::sent : work_actions::Verdict::not_sent;
    const auto settle = [&](Transaction& tx, const WorkId& id, std::size_t) { return work_actions::resolve(tx, rt.cause(), id, truth); };
    const std::string as = truth == work_actions::Verdict::sent ? "as sent" : "as not sent; queued again";
    for_each_of(rt, ids, settle, fmt::format("settled {{}} {} (noted as {})", as, rt.cause().actor.label), "already settled this way");
}

}  // namespace

std::span<const Command> job_commands() {
    static const Command table[] = {
        // namespace
        {.path = "job list",
         .summary = "List unfinished turns, sends and jobs: running, waiting, failed, uncertain or held",
         .columns = fields_of<WorkItem>,
         .examples = {{"wabot job list --state dead", "the dead letters"}, {"wabot job list --queue send --error 131026", "by error"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<JobListOptions>();
             declare_filter(cmd, opts->filter, "Only work in this state (all but done and cancelled)");
             declare_paging(cmd, opts->paging);
             return [opts](Runtime& rt) { job_list(rt, *opts); };
         }},
        {.path = "job get",
         .summary = "Show a turn, a send or a job: state, meaning, failed attempts, possible actions",
         .columns = fields_of<WorkItem>,
         .examples = {{"wabot job get send/4", "why a message was not sent"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<JobGetOptions>();
             cmd.argument("job", opts->job, "turn/7, send/81 or job/3").required().completes(Noun::job);
             return [opts](Runtime& rt) { job_get(rt, *opts); };
         }},
        {.path = "job retry",
         .summary = "Try again now: dead, held, cancelled and retrying work, by id or all that match; several are spread over up to a minute",
         .effect = Effect::writes,
         .formats = formats::nameless,
         .examples = {{"wabot job retry turn/3", "its message is answered"},
                      {"wabot job retry --queue send --error '^131000'", "shows the number and asks"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<RetryOptions>();
             cmd.argument("job", opts->jobs, "turn/7, send/81 or job/3").completes(Noun::job);
             declare_filter(cmd, opts->filter, "Only in this state (dead)");
             return [opts](Runtime& rt) { job_retry(rt, *opts); };
         }},
        {.path = "job cancel",
         .summary = "Cancel work that waits, failed, is uncertain or held; running work is not cancelled",
         .effect = Effect::writes,
         .formats = formats::nameless,
         .examples = {{"wabot job cancel send/6", "the message is not sent; later messages go on"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<CancelOptions>();
             cmd.argument("job", opts->jobs, "turn/7, send/81 or job/3").required().completes(Noun::job);
             return [opts](Runtime& rt) { job_cancel(rt, *opts); };
         }},
        {.path = "job resolve",
         .summary = "Settle uncertain or held sends: sent ends them, not-sent queues them again",
         .effect = Effect::writes,
         .formats = formats::nameless,
         .examples = {{"wabot job resolve send/6 --as sent", "the contact has the message"},
                      {"wabot job resolve send/6 --as not-sent", "the message is sent again now"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<ResolveOptions>();
             cmd.argument("job", opts->jobs, "Sends, as send/81").required().completes(Noun::job);
             cmd.option("--as", opts->as, "Result: sent or not-sent").required().words({"sent", "not-sent"});
             return [opts](Runtime& rt) { job_resolve(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace wabot::cli
