#include "cli/commands.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "cli/commands/webhooks/bodies.hpp"
#include "cli/commands/webhooks/poster.hpp"
#include "cli/framework/list_request.hpp"
#include "cli/framework/lookup.hpp"
#include "cli/framework/progress.hpp"
#include "cli/framework/wiring.hpp"
#include "core/base/json.hpp"
#include "core/base/world.hpp"
#include "core/config/load_settings.hpp"
#include "core/crypto/vault.hpp"
#include "core/devices/devices.hpp"
#include "core/operations/webhook_outcome.hpp"

namespace wabot {

/// A line of `trigger list`.
struct TriggerEvent {
    std::string event;
    std::string summary;
};
WABOT_DESCRIBE(TriggerEvent, FIELD(event, .key = true), FIELD(summary))

/// What `trigger --dry-run` shows.
struct TriggerPlan {
    std::string url;
    std::string body;
};
WABOT_DESCRIBE(TriggerPlan, FIELD(url, .key = true), FIELD(body))

/// What came of the webhooks that were posted.
struct TriggerResult {
    std::string url;
    std::int64_t posted = 0;
    std::int64_t repeated = 0;
    JsonText statuses;
    double p50_ms = 0;
    double p99_ms = 0;
    std::int64_t stored = 0;
    std::int64_t duplicates = 0;
    std::int64_t broken = 0;
    std::int64_t answered = 0;
    std::int64_t silent = 0;
    JsonText reasons;
    std::int64_t unanswered = 0;
    std::int64_t pending = 0;
    std::optional<double> first_reply_ms;
};
WABOT_DESCRIBE(TriggerResult, FIELD(url, .key = true), FIELD(posted), FIELD(repeated, .doc = "Of these, bodies posted for the second time"),
               FIELD(statuses, .doc = "How often each HTTP status came; 0 is no answer"), FIELD(p50_ms), FIELD(p99_ms),
               FIELD(stored, .doc = "Bodies whose messages and statuses are stored"), FIELD(duplicates, .doc = "Duplicates, which are dropped"),
               FIELD(broken, .doc = "Bodies that cannot be read, or are for no device here"), FIELD(answered, .doc = "Messages that got a reply"),
               FIELD(silent, .doc = "Messages that got none"), FIELD(reasons, .doc = "How often each reason decided"),
               FIELD(unanswered, .doc = "Messages whose answer was still out when the wait was over"),
               FIELD(pending, .doc = "Bodies not read when the wait was over"),
               FIELD(first_reply_ms, .doc = "From the webhook stored to the reply written, of the fastest"))

namespace cli {

namespace {

using namespace std::chrono_literals;

constexpr int repeat_max = 100'000;
constexpr auto patience = 5s;  // with what becomes of the bodies, once they are posted

struct TriggerOptions {
    WantedBody body;
    std::optional<std::string> device, to_url, rate, duplicate;
    int repeat = 1;
    bool bad_signature = false;
    std::vector<int> expect;
    PagingOptions list;
};

double number_between(const std::string& option, const std::string& word, double least, double most) {
    char* end = nullptr;
    const double number = std::strtod(word.c_str(), &end);
    if (word.empty() || *end != '\0' || !(number >= least && number <= most))
        usage_error(fmt::format("{} takes a number from {} to {}, not \"{}\"", option, least, most, word), {}, option);
    return number;
}

/// The device whose webhooks are made: the one named, else the only one that has any.
Device addressee(Runtime& rt, const std::optional<std::string>& key) {
    std::vector<Device> all;
    if (key)
        all.push_back(named_device(rt, *key));
    else
        all = rt.read([](Snapshot& db) { return devices::list(db); });
    std::erase_if(all, [](const Device& device) { return device.kind != DeviceKind::whatsapp; });
    if (all.size() == 1) return std::move(all.front());
    if (key) throw Error(Errc::invalid, fmt::format("device {} does not receive WhatsApp webhooks", *key), "wabot chat --device asks a simulator");
    if (all.empty()) throw Error(Errc::not_found, "there is no WhatsApp device", "create one with: wabot device create");
    usage_error("there are several WhatsApp devices; name one with --device", {}, "--device");
}

std::string secret_of(Runtime& rt, const Device& device) {
    std::string secret = devices::credentials_of(device, rt.vault(), environment_credentials(rt.settings())).app_secret;
    if (secret.empty())
        throw Error(Errc::invalid, fmt::format("device {} has no app secret to sign with", device.key),
                    fmt::format("wabot device update {} --secret-from app_secret=FILE, or set WHATSAPP_APP_SECRET", device.key));
    return secret;
}

/// The signed bodies in their order, some of them twice. Remembers the digest of each that is new.
class Plan {
public:
    Plan(Runtime& rt, const TriggerOptions& opts, const Device& device)
        : bodies_(rt, opts.body, device), vault_(rt.vault()), secret_(secret_of(rt, device)), repeat_(opts.repeat) {
        if (repeat_ < 1 || repeat_ > repeat_max) usage_error(fmt::format("--repeat takes 1 to {}", repeat_max), {}, "--repeat");
        if (opts.duplicate) share_ = number_between("--duplicate", *opts.duplicate, 0, 1);
        if (opts.bad_signature) secret_ += " of another app";
    }

    std::optional<SignedBody> next() {
        if (again_) return std::exchange(again_, std::nullopt);
        if (made_ == repeat_) return std::nullopt;
        SignedBody body;
        body.bytes = bodies_.next();
        body.signature = whatsapp_signature(body.bytes, secret_);
        if (Bytes digest = vault_.hash(body.bytes); known_.insert(digest.data).second) digests_.push_back(std::move(digest));
        // Spread evenly: the share of the first n is as near to the asked one as it can be.
        const bool twice = std::floor(share_ * (made_ + 1)) > std::floor(share_ * made_);
        ++made_;
        if (twice) again_ = body;
        return body;
    }

    std::int64_t repeats() const { return static_cast<std::int64_t>(std::floor(share_ * repeat_)); }
    int repeat() const { return repeat_; }
    const std::vector<Bytes>& digests() const { return digests_; }
    TriggerBodies& bodies() { return bodies_; }

private:
    TriggerBodies bodies_;
    const Vault& vault_;
    std::string secret_;
    const int repeat_;
    double share_ = 0;
    int made_ = 0;
    std::optional<SignedBody> again_;
    std::vector<Bytes> digests_;
    std::set<std::string> known_;  // two events of which nothing tells the one from the other are one body
};

double percentile(const std::vector<Posted>& posted, double share) {
    std::vector<std::chrono::microseconds> took;
    for (const Posted& one : posted)
        if (one.status != 0) took.push_back(one.took);
    if (took.empty()) return 0;
    const auto at = took.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(took.size() - 1) + 0.5);
    std::nth_element(took.begin(), at, took.end());
    return static_cast<double>(at->count()) / 1000;
}

using Counts = std::map<std::string, std::int64_t>;

JsonText json_of(const Counts& counts) {
    Json json = Json::object();
    for (const auto& [word, count] : counts) json[word] = count;
    return {write_json(json)};
}

std::string list_of(const Counts& counts) {
    std::string out;
    for (const auto& [word, count] : counts) out += fmt::format("{}{}{}", out.empty() ? "" : ", ", word, count > 1 ? fmt::format(" ×{}", count) : "");
    return out;
}

/// What became of all of them.
struct Aftermath {
    Counts reasons;  // of what got no answer
    Counts agents;   // that answered
};

/// Looks after the bodies until each is worked off, or `patience` is over.
class Watching {
public:
    Watching(Runtime& rt, const std::vector<Bytes>& digests, TriggerResult& result) : rt_(rt), open_(digests), result_(result) {}

    Aftermath run() {
        constexpr auto look_again = 20ms;
        const auto end = std::chrono::steady_clock::now() + patience;
        Database& db = rt_.database();
        std::uint64_t seen = 0;
        while (true) {
            const std::uint64_t now = db.change_count();
            if (now != std::exchange(seen, now)) look([](const WebhookOutcome& outcome) { return outcome.is_settled(); });
            if (open_.empty() || std::chrono::steady_clock::now() > end) break;
            std::this_thread::sleep_for(look_again);
        }
        look([](const WebhookOutcome& outcome) { return outcome.state != InboxState::received; });  // what was read is counted, answered or not
        result_.pending = static_cast<std::int64_t>(open_.size());
        return std::move(aftermath_);
    }

private:
    /// Counts the bodies of which `is_due` holds; the others stay open.
    template <class Due>
    void look(const Due& is_due) {
        constexpr std::size_t part = 500;
        std::vector<Bytes> left;
        for (std::size_t begin = 0; begin < open_.size(); begin += part) {
            const std::span<const Bytes> digests(open_.data() + begin, std::min(part, open_.size() - begin));
            const auto read = [&](Snapshot& db) {
                std::vector<std::optional<WebhookOutcome>> outcomes;
                for (const Bytes& digest : digests) outcomes.push_back(outcome_of_webhook(db, "whatsapp", digest));
                return outcomes;
            };
            const auto outcomes = rt_.read(read);
            for (std::size_t i = 0; i < outcomes.size(); ++i) {
                if (outcomes[i] && is_due(*outcomes[i]))
                    count(*outcomes[i]);
                else
                    left.push_back(digests[i]);
            }
        }
        open_ = std::move(left);
    }

    void count(const WebhookOutcome& outcome) {
        (outcome.state == InboxState::done ? result_.stored : result_.broken) += 1;
        for (const ItemOutcome& item : outcome.items) {
            if (item.state == "duplicate") ++result_.duplicates;
            if (item.outcome == TurnOutcome::replied) {
                ++result_.answered;
                ++aftermath_.agents[item.agent.value_or("a deleted agent")];
                note_reply(outcome, item);
            } else if (item.outcome || (item.message_id && !item.takes_turn)) {
                ++result_.silent;
                ++aftermath_.reasons[item.outcome ? item.reason.value_or("") : "wants none"];
            } else if (item.takes_turn) {
                ++result_.unanswered;
            }
        }
        if (outcome.state != InboxState::done) ++aftermath_.reasons[outcome.error.value_or(std::string(to_word(outcome.state)))];
    }

    void note_reply(const WebhookOutcome& outcome, const ItemOutcome& item) {
        if (!item.replied_at) return;
        const double ms = static_cast<double>((*item.replied_at - outcome.received_at).count()) / 1000;
        if (!result_.first_reply_ms || ms < *result_.first_reply_ms) result_.first_reply_ms = ms;
    }

    Runtime& rt_;
    std::vector<Bytes> open_;
    TriggerResult& result_;
    Aftermath aftermath_;
};

std::string told(const TriggerResult& result, const Aftermath& aftermath) {
    std::string out = fmt::format("stored {}", result.stored);
    if (result.duplicates > 0) out += fmt::format(", dropped {} as {}", result.duplicates, result.duplicates == 1 ? "a double" : "doubles");
    if (result.broken > 0) out += fmt::format(", {} unreadable or for no device", result.broken);
    if (result.answered > 0) out += fmt::format(", answered {} by {}", result.answered, list_of(aftermath.agents));
    if (result.first_reply_ms) out += fmt::format(" (first reply after {:.0f} ms)", *result.first_reply_ms);
    if (!aftermath.reasons.empty()) out += fmt::format(", no answer: {}", list_of(aftermath.reasons));
    if (result.unanswered > 0) out += fmt::format(", {} not answered yet", result.unanswered);
    if (result.pending > 0) out += fmt::format(", {} not read yet", result.pending);
    return out;
}

/// Ends the command when what came is not what was expected.
void judge(const std::vector<Posted>& posted, const std::vector<int>& expected, const std::string& url) {
    const auto fits = [&](const Posted& one) {
        if (expected.empty()) return one.status >= 200 && one.status < 300;
        return std::find(expected.begin(), expected.end(), one.status) != expected.end();
    };
    const auto wrong = std::find_if_not(posted.begin(), posted.end(), fits);
    if (wrong == posted.end()) return;
    if (wrong->status == 0)
        throw Error(Errc::unavailable, fmt::format("{}: {}", url, wrong->failure), "is wabot serve running there? --to-url posts to another address");
    const auto count = std::count_if(posted.begin(), posted.end(), [&](const Posted& one) { return !fits(one); });
    const std::string wanted = expected.empty() ? "2xx" : fmt::format("{}", fmt::join(expected, " or "));
    throw CommandExit(Exit::failed, fmt::format("{} of {} answers were not {}", count, posted.size(), wanted));
}

/// Ends the command when something was still to come.
void judge(const TriggerResult& result) {
    if (result.pending + result.unanswered == 0) return;
    const auto counted = [](std::int64_t count, std::string_view one, std::string_view many) {
        return fmt::format("{} {}", count, count == 1 ? one : many);
    };
    std::string what;
    if (result.pending > 0) what = counted(result.pending, "body is not read yet", "bodies are not read yet");
    if (result.unanswered > 0)
        what += (what.empty() ? "" : ", ") + counted(result.unanswered, "message waits for its answer", "messages wait for their answers");
    throw CommandExit(Exit::timeout, fmt::format("after {} s {}", patience.count(), what),
                      "nothing is lost; wabot doctor shows whether a worker is running and which queue is paused");
}

void rehearse(Runtime& rt, Plan& plan, const std::string& url) {
    const std::string body = plan.bodies().shown(plan.bodies().next());
    if (!rt.out().options().format_given) rt.out().text(body + "\n");
    rt.out().done(true, "trigger", TriggerPlan{url, body}, "would post {} to {}",
                  plan.repeat() + plan.repeats() == 1 ? "this" : fmt::format("{} like this", plan.repeat() + plan.repeats()), url);
}

void trigger(Runtime& rt, const TriggerOptions& opts) {
    const Device device = addressee(rt, opts.device);
    Plan plan(rt, opts, device);
    Pace pace;
    if (opts.rate) pace.per_second = number_between("--rate", *opts.rate, 0.01, 100'000);
    const std::string url = opts.to_url.value_or(fmt::format("{}/webhooks/whatsapp/{}", own_url(rt.settings()), device.key));
    if (!url.starts_with("http://") && !url.starts_with("https://")) usage_error("--to-url takes an http or https address", {}, "--to-url");
    const std::string place = mask_url_password(url);
    if (rt.dry_run()) return rehearse(rt, plan, place);

    auto first = plan.next();  // what cannot be made is told before anything is posted
    rt.out().say("POST {}  {} event{}{}", place, plan.repeat(), plan.repeat() == 1 ? "" : "s",
                 plan.repeats() > 0 ? fmt::format(", {} of them twice", plan.repeats()) : "");
    const auto http = open_http_client();
    const std::vector<Posted> posted = [&] {
        Progress progress(rt, "events", plan.repeat() + plan.repeats());
        const auto next = [&] {
            progress.advance(first ? 0 : 1);  // when one is asked for, the one before it is answered, or at least on its way
            return first ? std::exchange(first, std::nullopt) : plan.next();
        };
        return post_all(*http, rt.world().timers, url, pace, next);
    }();

    TriggerResult result{.url = place, .posted = static_cast<std::int64_t>(posted.size()), .repeated = plan.repeats()};
    Counts statuses, shown;
    std::int64_t taken = 0;
    for (const Posted& one : posted) {
        ++statuses[std::to_string(one.status)];
        ++shown[one.status == 0 ? "no answer" : std::to_string(one.status)];
        taken += one.status >= 200 && one.status < 300 ? 1 : 0;
    }
    result.statuses = json_of(statuses);
    result.p50_ms = percentile(posted, 0.5);
    result.p99_ms = percentile(posted, 0.99);
    rt.out().say("  {}   p50 {:.1f} ms  p99 {:.1f} ms", list_of(shown), result.p50_ms, result.p99_ms);

    // After --to-url the outcome is elsewhere.
    Aftermath aftermath;
    std::string outcome = opts.to_url || taken == 0 ? fmt::format("posted {}, {} taken", posted.size(), taken) : "";
    if (outcome.empty()) {
        aftermath = Watching(rt, plan.digests(), result).run();
        // The second of two equal bodies is taken and dropped before anything is read out of it.
        result.duplicates += std::max<std::int64_t>(0, taken - static_cast<std::int64_t>(plan.digests().size()));
        result.reasons = json_of(aftermath.reasons);
        outcome = told(result, aftermath);
    }
    rt.out().done(taken > 0, "trigger", result, "{}", outcome);
    judge(posted, opts.expect, place);
    judge(result);
}

void trigger_list(Runtime& rt, const PagingOptions& paging) {
    std::vector<TriggerEvent> events;
    for (const WhatsappEvent& event : whatsapp_events()) events.push_back({std::string(event.name), std::string(event.summary)});
    ShortList<TriggerEvent>(rt, "event", paging).show([&] { return events; });
}

}  // namespace

std::span<const Command> trigger_commands() {
    static const Command table[] = {
        // namespace
        {.path = "trigger",
         .summary = "Post signed webhooks to the server, as WhatsApp does, and show the outcome; exit 9 if there is none after 5 s",
         .effect = Effect::writes,
         .examples = {{"wabot trigger list", "the possible events"},
                      {"wabot trigger whatsapp.message.text --set text.body=hello --repeat 3 --duplicate 0.5 --expect 200",
                       "three webhooks, one of them twice"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<TriggerOptions>();
             std::vector<std::string_view> words{"list"};
             for (const WhatsappEvent& event : whatsapp_events()) words.push_back(event.name);
             cmd.argument("event", opts->body.event, "Event; `trigger list` shows all").words(std::move(words));
             cmd.option("--device", opts->device, "Device of the webhook; required if there are several").completes(Noun::device);
             cmd.option("--to-url", opts->to_url, "Post to this URL instead of this installation's server").shown_as("URL");
             cmd.group("Body");
             cmd.option("--from", opts->body.from, "Author: a number, or a contact's id").shown_as("CONTACT").completes(Noun::contact);
             cmd.option("--message", opts->body.message, "Message that a status, quote or reaction refers to (default: the last sent message)")
                 .shown_as("ID")
                 .completes(Noun::message);
             cmd.option("--set", opts->body.set, "Set a member of the message or status; PATH:=VALUE takes JSON").shown_as("PATH=VALUE");
             cmd.option("--unset", opts->body.unset, "Remove a member").shown_as("PATH");
             cmd.option("--from-file", opts->body.from_file, "Post the body of this file; -: stdin. With EVENT the body is checked first")
                 .shown_as("FILE")
                 .completes(Noun::file);
             cmd.group("Posting");
             cmd.option("--repeat", opts->repeat, "Number of webhooks, each with its own id and time (1)").shown_as("N");
             cmd.option("--rate", opts->rate, "Webhooks per second (default: the next one follows the answer to the last)").shown_as("N");
             cmd.option("--duplicate", opts->duplicate, "Share of webhooks to post twice, 0 to 1").shown_as("SHARE");
             cmd.flag("--bad-signature", opts->bad_signature, "Sign with a wrong secret");
             cmd.option("--expect", opts->expect, "Expected HTTP status; exit 1 for another one").shown_as("STATUS");
             cmd.group("Rows");
             cmd.option("--filter", opts->list.filter, "With list: only events that match this filter: event ~ \"status\"").shown_as("EXPR");
             cmd.option("--sort", opts->list.sort, "With list: sort order: event, summary").shown_as("FIELD[:desc]");
             return [opts](Runtime& rt) {
                 if (opts->body.event == "list") return trigger_list(rt, opts->list);
                 if (opts->list.filter || opts->list.sort)
                     usage_error("--filter and --sort go with list", "wabot trigger list", opts->list.filter ? "--filter" : "--sort");
                 trigger(rt, *opts);
             };
         }},
    };
    return table;
}

}  // namespace cli
}  // namespace wabot
