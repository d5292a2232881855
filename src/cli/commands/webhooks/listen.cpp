#include "cli/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/commands/webhooks/forwarder.hpp"
#include "cli/framework/lookup.hpp"
#include "cli/framework/signals.hpp"
#include "cli/framework/wiring.hpp"
#include "cli/output/stream.hpp"
#include "core/base/clock.hpp"
#include "core/base/text.hpp"
#include "core/base/world.hpp"
#include "core/channels/open_channel.hpp"
#include "core/channels/whatsapp/events.hpp"
#include "core/config/load_settings.hpp"
#include "core/crypto/vault.hpp"
#include "core/inbox/inbox.hpp"
#include "core/inbox/inbox_reader.hpp"

namespace wabot {

/// A line of `listen`: something that came in, or what became of passing it on.
struct ListenLine {
    Time at;
    std::string kind;  // "whatsapp.message.text", "whatsapp.status.read", "forward"
    std::optional<std::string> device;
    std::string object;  // "event/7"
    std::optional<std::string> from;
    std::optional<std::int64_t> status;
    std::optional<double> ms;
    std::string what;
};
WABOT_DESCRIBE(ListenLine, FIELD(at), FIELD(kind), FIELD(device), FIELD(object), FIELD(from, .doc = "Who wrote, or whom a status is about"),
               FIELD(status, .wide = true, .doc = "Of a forwarded one, the answer's HTTP status; 0 is none"), FIELD(ms, .wide = true), FIELD(what))

namespace cli {

namespace {

using namespace std::chrono_literals;

struct ListenOptions {
    std::optional<std::string> device;
    std::optional<std::string> forward_to;
    std::vector<std::string> events;
    bool retry = false;
};

std::string address_of(const Address& address, bool reveal) {
    const std::string& text = address.phone.empty() ? address.user_id : address.phone;
    if (reveal) return text;
    return std::string(mask) + text.substr(text.size() - std::min<std::size_t>(4, text.size()));
}

/// Whether `kind` is `wanted` or something below it: "whatsapp.status" takes "whatsapp.status.read".
bool falls_under(std::string_view kind, std::string_view wanted) {
    return kind == wanted || (kind.starts_with(wanted) && kind[wanted.size()] == '.');
}

class Listening {
public:
    Listening(Runtime& rt, const ListenOptions& opts)
        : rt_(rt),
          opts_(opts),
          registry_(rt.vault(), environment_credentials(rt.settings())),
          device_(device_filter(rt, opts.device)),
          table_(rt.out(), fields_of<ListenLine>, {8, 24, 10, 12, 10}),
          cursor_(rt.read(inbox_reader::end)) {
        if (opts.forward_to) forwarder_.emplace(rt.world(), *opts.forward_to, opts.retry, [this](const Forwarder::Outcome& o) { tell(o); });
    }

    Look look() {
        const std::size_t room = forwarder_ ? Forwarder::in_flight_max - forwarder_->in_flight() : 100;
        if (room == 0) {
            forwarder_->run(25ms);
            return Look::again;
        }
        const auto read = [&](Snapshot& db) {
            registry_.reload(db);
            return inbox_reader::read(db, cursor_, static_cast<int>(room));
        };
        const FeedPart<ReceivedWebhook> part = rt_.read(read);
        gap(part.lost);
        for (const ReceivedWebhook& arrived : part.rows) hear(arrived);
        cursor_ = part.next;
        return part.rows.size() == room ? Look::again : Look::wait;
    }

    void idle(Interrupt& interrupt, std::chrono::milliseconds limit) {
        if (forwarder_ && forwarder_->in_flight() > 0)
            forwarder_->run(limit);
        else
            interrupt.wait(limit);
    }

    /// What is under way gets a moment; then it is told how it went.
    void end() {
        if (forwarder_) forwarder_->run(500ms);
        rt_.out().say("{} received, {} forwarded, {} failed, {} gaps", received_, forwarded_,
                      failed_ + static_cast<std::int64_t>(forwarder_ ? forwarder_->in_flight() : 0), gaps_);
    }

private:
    void hear(const ReceivedWebhook& arrived) {
        if (!arrived.body) return gap(1);
        const std::string body = rt_.vault().open(*arrived.body, inbox::body_data);
        const Delivery delivery = read_delivery(arrived.kind, body, arrived.received_at);
        const auto devices = registry_.now();
        const auto owner = arrived.device_id ? devices->find(*arrived.device_id) : nullptr;
        bool is_wanted = false;
        const auto show = [&](ListenLine line, const std::shared_ptr<const DeviceEntry>& device) {
            if (device_ && (!device || device->id != device_)) return;
            if (!wants(line.kind)) return;
            if (device) line.device = device->key;
            is_wanted = true;
            table_.add(line);
        };
        const ListenLine base{.at = arrived.received_at, .object = fmt::format("event/{}", arrived.id.value)};
        const auto channel = from_word<DeviceKind>(arrived.kind);
        for (const DeliveryItem& item : delivery.items) {
            const bool names_account = channel && !item.route.empty();
            const auto device = names_account ? devices->find_by_provider_ref(*channel, item.route) : owner;
            show(line_of(base, arrived.kind, item), device);
        }
        if (!delivery.unreadable.empty()) {
            ListenLine line = base;
            line.kind = arrived.kind + ".unreadable";
            line.what = delivery.unreadable;
            show(std::move(line), owner);
        }
        if (!is_wanted) return;
        ++received_;
        if (!forwarder_) return;
        const auto signer = arrived.verified_by ? devices->find(*arrived.verified_by) : nullptr;
        const std::string secret = signer ? signer->credentials.app_secret : "";
        std::string signature = secret.empty() ? "" : whatsapp_signature(body, secret);  // of a device that is gone: none
        forwarder_->start(arrived.id.value, {body, std::move(signature)});
    }

    ListenLine line_of(const ListenLine& base, const std::string& channel, const DeliveryItem& item) const {
        const bool reveal = rt_.reveals();
        ListenLine line = base;
        if (const auto* message = std::get_if<IncomingMessage>(&item.what)) {
            line.kind = fmt::format("{}.{}.{}", channel, message->is_echo ? "echo" : "message", message->message_type);
            line.from = address_of(message->sender, reveal);
            if (message->content) line.what = reveal ? *message->content : fmt::format("{} characters", count_code_points(*message->content));
        } else if (const auto* status = std::get_if<StatusUpdate>(&item.what)) {
            line.kind = fmt::format("{}.status.{}", channel, status->status);
            if (!status->recipient.empty()) line.from = address_of({.phone = status->recipient}, reveal);
            if (!status->error_code.empty()) line.what = fmt::format("{} {}", status->error_code, status->error_title);
        } else if (const auto* notice = std::get_if<Notice>(&item.what)) {
            line.kind = fmt::format("{}.{}", channel, notice->field);
        } else if (const auto* preference = std::get_if<Preference>(&item.what)) {
            line.kind = fmt::format("{}.{}", channel, item.kind);
            line.from = address_of(preference->person, reveal);
            line.what = preference->wants_marketing ? "marketing resumed" : "marketing stopped";
        } else {
            line.kind = fmt::format("{}.{}", channel, "broken");
            line.what = std::get<Broken>(item.what).reason;
        }
        return line;
    }

    bool wants(std::string_view kind) const {
        return opts_.events.empty() || std::ranges::any_of(opts_.events, [&](const std::string& wanted) { return falls_under(kind, wanted); });
    }

    void tell(const Forwarder::Outcome& outcome) {
        const Posted& posted = outcome.posted;
        const bool taken = posted.status >= 200 && posted.status < 300;
        const double ms = static_cast<double>(posted.took.count()) / 1000;
        if (!outcome.goes_on) ++(taken ? forwarded_ : failed_);
        ListenLine line{
            .at = rt_.world().clock.now(), .kind = "forward", .object = fmt::format("event/{}", outcome.event), .status = posted.status, .ms = ms};
        line.what = posted.status == 0 ? posted.failure : fmt::format("{}  {:.0f} ms", posted.status, ms);
        if (!taken) line.what += outcome.goes_on ? ", tried again" : opts_.retry ? ", given up" : ", not tried again (--retry does)";
        table_.add(line);
    }

    void gap(std::int64_t lost) {
        if (lost == 0) return;
        gaps_ += lost;
        if (rt_.out().structured())
            rt_.out().line(Json{{"kind", "gap"}, {"lost", lost}}, "");
        else
            rt_.out().say("gap: {} webhooks were removed before they were read", lost);
    }

    Runtime& rt_;
    const ListenOptions& opts_;
    DeviceRegistry registry_;
    const DeviceId device_;
    StreamTable table_;
    Cursor cursor_;
    std::optional<Forwarder> forwarder_;
    std::int64_t received_ = 0, forwarded_ = 0, failed_ = 0, gaps_ = 0;
};

void listen(Runtime& rt, const ListenOptions& opts) {
    const std::string url = opts.forward_to.value_or("http://");
    if (!url.starts_with("http://") && !url.starts_with("https://")) usage_error("--forward-to takes an http or https address", {}, "--forward-to");
    if (opts.retry && !opts.forward_to) usage_error("--retry goes with --forward-to", {}, "--retry");
    Interrupt interrupt(rt);
    Listening listening(rt, opts);
    rt.out().say("listening{}; Ctrl-C ends it", opts.forward_to ? fmt::format(" and forwarding to {}", mask_url_password(url)) : "");
    follow(
        rt, interrupt, [&] { return listening.look(); }, [&](std::chrono::milliseconds limit) { listening.idle(interrupt, limit); });
    listening.end();
    interrupt.exit_by_signal();
}

}  // namespace

std::span<const Command> listen_commands() {
    static const Command table[] = {
        // namespace
        {.path = "listen",
         .summary = "Show webhooks when the server receives them, and forward them to your own program; changes nothing",
         .formats = formats::stream,
         .columns = fields_of<ListenLine>,
         .examples = {{"wabot listen --device shop", "one line per webhook"},
                      {"wabot listen --forward-to http://127.0.0.1:3000/hook --event whatsapp.message",
                       "your own handler gets them, with a valid signature"}},
         .build = [](CommandBuilder& cmd) -> Action {
             auto opts = cmd.options<ListenOptions>();
             cmd.option("--device", opts->device, "Only of this device").completes(Noun::device);
             cmd.option("--forward-to", opts->forward_to, "Post each body unchanged to this URL, signed with the secret that verified it")
                 .shown_as("URL");
             cmd.option("--event", opts->events, "Only these events: whatsapp.message, whatsapp.status.read")
                 .shown_as("KIND")
                 .completes(Noun::event_kind);
             cmd.flag("--retry", opts->retry, "Forward again after a failure, five times at most");
             return [opts](Runtime& rt) { listen(rt, *opts); };
         }},
    };
    return table;
}

}  // namespace cli
}  // namespace wabot
