#include "cli/help/limits.hpp"

#include <fmt/format.h>

#include "cli/help/text_wrap.hpp"
#include "core/base/duration.hpp"
#include "core/base/error.hpp"
#include "core/base/pattern.hpp"
#include "core/base/strict_json.hpp"
#include "core/channels/content.hpp"
#include "core/config/setting.hpp"
#include "core/database/page.hpp"
#include "core/files/files.hpp"
#include "core/inbox/append_queue.hpp"
#include "core/messaging/idempotency.hpp"
#include "server/http/auth_failure_limiter.hpp"
#include "server/http/http_limits.hpp"

namespace wabot::cli {

namespace {

std::string bytes(std::size_t count) {
    constexpr std::size_t kib = 1024, mib = 1024 * kib;
    if (count >= mib && count % mib == 0) return fmt::format("{} MiB", count / mib);
    if (count >= kib && count % kib == 0) return fmt::format("{} KiB", count / kib);
    return fmt::format("{} bytes", count);
}

std::size_t webhook_body_default() {
    for (const Setting& setting : all_settings())
        if (setting.name == "server.webhook_body_max") return std::stoul(std::string(setting.note.fallback));
    throw Error(Errc::bug, "there is no setting server.webhook_body_max");
}

}  // namespace

std::vector<LimitRow> all_limits() {
    const HttpLimits http;
    return {
        {"request line", bytes(http.request_line_max), "414"},
        {"head of a request", bytes(http.head_max), "431"},
        {"headers", fmt::format("{}", http.headers_max), "431"},
        {"time for a head", show_duration(http.head_timeout), "408"},
        {"webhook's body", fmt::format("{}, by the setting server.webhook_body_max", bytes(webhook_body_default())), "413"},
        {"compressed body", "none", "415"},
        {"time for a body",
         fmt::format("{}, and after {} no slower than {} a second", show_duration(http.body_timeout), show_duration(http.body_grace),
                     bytes(http.body_rate_min)),
         "408"},
        {"bodies in memory", fmt::format("{} beside the first {} of each", bytes(http.bodies_max), bytes(http.body_free)), "503"},
        {"stalled reader", show_duration(http.write_timeout), "the connection is cut"},
        {"idle connection", show_duration(http.idle_timeout), "the connection is closed"},
        {"connections", fmt::format("{}", http.connections_max), "503"},
        {"connections, one address", fmt::format("{}, but for loopback and server.trusted_proxies", http.peer_connections_max), "429"},
        {"wrong signatures", fmt::format("{} a second of one address", AuthFailureLimiter::per_second), "429"},
        {"waiting webhooks", fmt::format("{}, or {}, for the database", AppendQueue::waiting_max, show_duration(AppendQueue::line_wait_max)), "503"},
        {"JSON, nested", fmt::format("{} deep", strict_json_limits.depth), "refused"},
        {"JSON that people write",
         fmt::format("{} members of an object, {} of a text, {} digits of a number", strict_json_limits.members, bytes(strict_json_limits.bytes),
                     strict_json_limits.digits),
         "refused"},
        {"text of a message", fmt::format("{} characters", text_part_max), "sent in parts"},
        {"file", bytes(files::size_max), "refused; what came in is left with the provider"},
        {"pattern of a rule", bytes(Pattern::bytes_max), "refused"},
        {"text a pattern sees", bytes(Pattern::text_bytes_max), "the rest is not looked at"},
        {"idempotency key", fmt::format("{} printable ASCII characters", idempotency::key_length_max), "refused"},
        {"rows of a page", fmt::format("{}, sorted {}", Page::limit_max, Page::sorted_limit_max), "the next page"},
    };
}

std::string limits_text(std::size_t width) {
    std::vector<Line> lines;
    for (const LimitRow& row : all_limits()) lines.push_back({row.what, fmt::format("{}; else {}", row.most, row.beyond)});
    return wrapped_paragraphs("How much there may be of anything, and what becomes of more: a number is the HTTP status of the answer.", width) +
           two_columns("At most", lines, width);
}

}  // namespace wabot::cli
