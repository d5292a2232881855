#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "cli/commands/doctor/checks.hpp"
#include "cli/framework/runtime.hpp"
#include "cli/framework/wiring.hpp"
#include "core/base/clock.hpp"
#include "core/base/world.hpp"
#include "core/channels/whatsapp/check_account.hpp"
#include "core/crypto/vault.hpp"
#include "core/devices/account_events.hpp"
#include "core/devices/devices.hpp"
#include "core/http_client/http_client.hpp"
#include "core/messaging/templates.hpp"

namespace wabot::cli {

namespace {

std::vector<Device> all_devices(Runtime& rt) {
    return rt.read([](Snapshot& db) { return devices::list(db, {}, {.limit = Page::limit_max}); });
}

std::vector<Finding> findings_of(const Device& device, const Credentials& credentials) {
    std::vector<Finding> findings;
    const std::string id = "credentials." + device.key;
    const auto missing = [&](std::string_view what, std::string_view consequence, std::string_view variable, std::string_view name) {
        findings.push_back({fmt::format("{}.{}", id, name), CheckStatus::fail, fmt::format("{}: no {}; {}", device.key, what, consequence),
                            fmt::format("wabot device update {} --secret-from {}=FILE, or set {}", device.key, name, variable)});
    };
    if (credentials.app_secret.empty()) missing("app secret", "its webhooks are rejected", "WHATSAPP_APP_SECRET", "app_secret");
    if (credentials.access_token.empty()) missing("access token", "it cannot send", "WHATSAPP_ACCESS_TOKEN", "access_token");
    if (credentials.verify_token.empty())
        findings.push_back({id + ".verify_token", CheckStatus::warn, device.key + ": no verify token; the webhook cannot be registered at Meta",
                            fmt::format("wabot device update {} --secret-from verify_token=FILE, or set WHATSAPP_VERIFY_TOKEN", device.key)});
    if (!credentials.previous_app_secret.empty())
        findings.push_back(
            {id + ".previous_app_secret", CheckStatus::warn, device.key + ": webhooks signed with the previous app secret are still accepted",
             fmt::format("when Meta no longer uses it: wabot device update {} --secret-from previous_app_secret=/dev/null", device.key)});
    if (findings.empty()) findings.push_back({id, CheckStatus::pass, device.key + ": app secret, access token, verify token"});
    return findings;
}

/// A device whose provider is asked.
struct AskedAccount {
    std::string device;
    DeviceOptions options;
    std::string access_token;
    std::optional<Error> refusal = {};
    std::chrono::milliseconds took{};
};

asio::awaitable<void> ask_account(HttpClient& http, AskedAccount& account, const Clock& clock) {
    constexpr std::chrono::seconds limit{5};
    const auto began = std::chrono::steady_clock::now();
    try {
        co_await check_whatsapp_account(http, account.options, account.access_token, clock, limit);
    } catch (const Error& error) {
        account.refusal = error;
    }
    account.took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
}

void ask_all(std::vector<AskedAccount>& accounts, const Clock& clock) {
    constexpr std::size_t at_once = 64;
    asio::io_context context(1);
    const auto http = open_http_client(at_once);
    std::exception_ptr broken;
    for (AskedAccount& account : accounts)
        asio::co_spawn(context, ask_account(*http, account, clock), [&](std::exception_ptr failure) { broken = failure ? failure : broken; });
    context.run();
    if (broken) std::rethrow_exception(broken);
}

Finding finding_of(const AskedAccount& account) {
    const std::string id = "provider." + account.device;
    if (!account.refusal) return {id, CheckStatus::pass, fmt::format("{}: access token valid, {} ms", account.device, account.took.count())};
    const bool for_good = account.refusal->code() == Errc::rejected;
    return {id, for_good ? CheckStatus::fail : CheckStatus::warn, fmt::format("{}: {}", account.device, account.refusal->what()),
            for_good ? fmt::format("wabot device update {} --secret-from access_token=FILE stores a new token", account.device)
                     : fmt::format("wabot device get {} shows its graph_url; check the network and HTTPS_PROXY", account.device)};
}

Finding disabled(Runtime& rt, const Device& device) {
    const std::int64_t waiting = rt.read([&](Snapshot& db) { return devices::use_of(db, device.id).unfinished_sends; });
    return {"device." + device.key, CheckStatus::warn,
            fmt::format("{} is disabled: its messages are stored, none is answered or sent; {} send{} wait{}", device.key, waiting,
                        waiting == 1 ? "" : "s", waiting == 1 ? "s" : ""),
            fmt::format("wabot device enable {}", device.key)};
}

}  // namespace

void check_credentials(Examination& exam) {
    const EnvironmentCredentials environment = environment_credentials(exam.rt.settings());
    bool environment_has_device = environment.phone_number_id.empty();
    for (const Device& device : all_devices(exam.rt)) {
        if (device.status == DeviceStatus::error)
            exam.findings.push_back({"device." + device.key, CheckStatus::fail,
                                     fmt::format("{}: {}", device.key, device.last_error.value_or("in error")),
                                     devices::way_out_of_error(device.key)});
        if (!device.is_active) exam.findings.push_back(disabled(exam.rt, device));
        if (device.kind != DeviceKind::whatsapp || !device.is_active) continue;
        environment_has_device = environment_has_device || device.provider_ref == environment.phone_number_id;
        for (Finding& finding : findings_of(device, devices::credentials_of(device, exam.rt.vault(), environment)))
            exam.findings.push_back(std::move(finding));
    }
    if (!environment_has_device && environment.app_secret.empty())
        exam.findings.push_back({"credentials.environment", CheckStatus::fail,
                                 "WHATSAPP_PHONE_NUMBER_ID is set, WHATSAPP_APP_SECRET is not; its webhooks are rejected",
                                 "set WHATSAPP_APP_SECRET or WHATSAPP_APP_SECRET_FILE"});
}

/// What the providers say of the accounts, all asked at the same time.
void check_provider(Examination& exam) {
    const EnvironmentCredentials environment = environment_credentials(exam.rt.settings());
    std::vector<AskedAccount> accounts;
    for (const Device& device : all_devices(exam.rt)) {
        if (device.kind != DeviceKind::whatsapp || !device.is_active) continue;
        std::string token = devices::credentials_of(device, exam.rt.vault(), environment).access_token;
        if (token.empty()) continue;  // said by the check of the credentials
        accounts.push_back({device.key, devices::options_of(device, graph_url(exam.rt.settings())), std::move(token)});
    }
    if (accounts.empty()) return;
    ask_all(accounts, exam.rt.world().clock);
    for (const AskedAccount& account : accounts) exam.findings.push_back(finding_of(account));
}

/// What providers complained of within a week, and nothing better came after it.
void check_accounts(Examination& exam) {
    constexpr auto span = std::chrono::days(7);
    for (const Device& device :
         exam.rt.read([](Snapshot& db) { return devices::list(db, {.kind = DeviceKind::whatsapp}, {.limit = Page::limit_max}); })) {
        const auto standing = exam.rt.read([&](Snapshot& db) { return account_events::standing(db, device, db.now() - span); });
        for (const AccountEvent& event : standing.troubles)
            exam.findings.push_back({"account." + device.key, CheckStatus::warn,
                                     fmt::format("{}: {} {} on {}", device.key, event.field, event.event.value_or(""), to_iso(event.timestamp)),
                                     fmt::format("wabot device events {} says more; see Meta's business manager", device.key)});
    }
    const auto refused = exam.rt.read(templates::count_refused);
    if (refused > 0)
        exam.findings.push_back({"templates", CheckStatus::warn, fmt::format("{} template{} cannot be sent", refused, refused == 1 ? "" : "s"),
                                 "wabot template list shows which were rejected, paused or disabled"});
}

}  // namespace wabot::cli
