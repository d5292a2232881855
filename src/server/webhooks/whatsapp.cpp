#include "core/channels/whatsapp/whatsapp.hpp"

#include <algorithm>

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/operations/service_warnings.hpp"
#include "server/http/client_address.hpp"
#include "server/routes.hpp"
#include "server/services.hpp"
#include "server/webhook_intake.hpp"

namespace wabot {

namespace {

constexpr std::size_t body_max = 4 * 1024 * 1024;  // Meta sends up to 3 MB
constexpr int verifications_max = 3;               // against devices that change meanwhile

Error unknown_device(const std::string& key) {
    return {Errc::not_found, "no WhatsApp device " + key};
}

/// The devices whose secrets count for this request: the one its path names, or all.
std::vector<std::shared_ptr<const DeviceEntry>> addressed(const DeviceSnapshot& devices, const std::string* key) {
    std::vector<std::shared_ptr<const DeviceEntry>> out;
    if (key != nullptr) {
        if (auto named = devices.find_by_key(*key); named && named->kind == DeviceKind::whatsapp) out.push_back(std::move(named));
        return out;
    }
    for (const auto& device : devices.entries())
        if (device->kind == DeviceKind::whatsapp) out.push_back(device);
    return out;
}

bool is_alone_with_its_secret(const DeviceSnapshot& devices, const DeviceEntry& device) {
    return std::ranges::none_of(devices.entries(), [&](const auto& other) { return other->id != device.id && share_secret(*other, device); });
}

/// The device whose secret signed the body. Error when that cannot even be asked: no such device, no secret.
std::shared_ptr<const DeviceEntry> signer(const Request& request, const DeviceSnapshot& devices, const std::string* key) {
    const auto candidates = addressed(devices, key);
    if (candidates.empty() && key != nullptr) throw unknown_device(*key);
    bool any_secret = false;
    const auto signature = request.header("x-hub-signature-256");
    for (const auto& device : candidates) {
        for (const std::string* secret : {&device->credentials.app_secret, &device->credentials.previous_app_secret}) {
            any_secret = any_secret || !secret->empty();
            if (signature && whatsapp_signature_matches(*signature, request.body, *secret)) return device;
        }
    }
    if (!any_secret) throw Error(Errc::unavailable, "no app secret is configured, so no signature can be checked");
    return nullptr;
}

/// Whether a missing signature is accepted: from this machine alone, and from no page in its browser, which may be anyone's.
bool may_be_unsigned(const Request& request, const Services& services) {
    return services.allow_unsigned_webhooks && request.header_count("x-hub-signature-256") == 0 && is_from_this_machine(request) &&
           request.header_count("Origin") == 0;
}

asio::awaitable<Response> receive_unsigned(const Request& request, Services& services, const std::string* key) {
    Intake& intake = *services.intake;
    std::optional<DeviceId> device;
    for (bool looked_again = false; key != nullptr && !device; looked_again = true) {
        const auto devices = intake.registry.now();
        const auto named = addressed(*devices, key);
        if (!named.empty())
            device = named.front()->id;
        else if (looked_again || !co_await intake.reload(devices))
            throw unknown_device(*key);
    }
    if (services.warnings != nullptr) co_await services.warnings->note(ServiceWarningKind::unsigned_webhooks);
    co_await intake.store_unsigned("whatsapp", request.body, device, request.id);
    co_return Response::empty();
}

asio::awaitable<Response> receive(const Request& request, Services& services, const std::string* key) {
    if (may_be_unsigned(request, services)) co_return co_await receive_unsigned(request, services, key);
    Intake& intake = *services.intake;
    for (int i = 0; i < verifications_max; ++i) {
        const auto devices = intake.registry.now();
        std::shared_ptr<const DeviceEntry> device;
        std::exception_ptr failure;
        if (request.header_count("x-hub-signature-256") <= 1) try {
                device = signer(request, *devices, key);
            } catch (const Error&) {
                failure = std::current_exception();
            }
        if (device) {
            const bool for_it_alone = key != nullptr && is_alone_with_its_secret(*devices, *device);
            if (co_await intake.store("whatsapp", request.body, *device, for_it_alone, request.id)) co_return Response::empty();
        }
        if (!device && i == 0) count_auth_failure(request, services);
        // Made or changed by another process: look again before refusing.
        if (co_await intake.reload(devices)) continue;
        if (failure) std::rethrow_exception(failure);
        if (!device) {
            log::write(log::Level::warning, log::Logger::auth, "webhook refused, its signature does not match",
                       {{"peer", request.peer}, {"request_id", request.id}});
            const auto named = key != nullptr ? devices->find_by_key(*key) : nullptr;
            DeviceId refused_by;
            if (named) refused_by = named->id;
            co_await intake.note_refusal(refused_by, request.id, services.clock.since_boot());
            throw Error(Errc::unauthenticated, "the signature does not match");
        }
    }
    throw Error(Errc::unavailable, "the device is being changed");
}

asio::awaitable<Response> verify(const Request& request, Services& services, const std::string* key) {
    Intake& intake = *services.intake;
    for (bool looked_again = false;; looked_again = true) {
        const auto devices = intake.registry.now();
        std::vector<std::string> tokens;
        for (const auto& device : addressed(*devices, key)) tokens.push_back(device->credentials.verify_token);
        if (const auto challenge = whatsapp_challenge(request.query, tokens)) co_return Response::text(*challenge);
        if (!looked_again) count_auth_failure(request, services);
        if (looked_again || !co_await intake.reload(devices)) break;
    }
    throw Error(Errc::denied, "the verification does not match");
}

asio::awaitable<Response> receive_any(const Request& request, Services& services) {
    return receive(request, services, nullptr);
}
asio::awaitable<Response> receive_one(const Request& request, Services& services) {
    return receive(request, services, &request.path("device"));
}
asio::awaitable<Response> verify_any(const Request& request, Services& services) {
    return verify(request, services, nullptr);
}
asio::awaitable<Response> verify_one(const Request& request, Services& services) {
    return verify(request, services, &request.path("device"));
}

const Route whatsapp_rows[] = {
    {Verb::post,
     {"/api/v1/webhooks/whatsapp", "/webhooks/whatsapp"},
     Access::signature,
     receive_any,
     "WhatsappDelivery",
     "",
     "Messages and statuses from Meta, for any of the devices",
     body_max},
    {Verb::post,
     {"/api/v1/webhooks/whatsapp/{device}", "/webhooks/whatsapp/{device}"},
     Access::signature,
     receive_one,
     "WhatsappDelivery",
     "",
     "Messages and statuses from Meta, signed with this device's secret",
     body_max},
    {Verb::get,
     {"/api/v1/webhooks/whatsapp", "/webhooks/whatsapp"},
     Access::signature,
     verify_any,
     "",
     "text",
     "Meta's handshake, for any of the devices"},
    {Verb::get,
     {"/api/v1/webhooks/whatsapp/{device}", "/webhooks/whatsapp/{device}"},
     Access::signature,
     verify_one,
     "",
     "text",
     "Meta's handshake, with this device's verify token"},
};

}  // namespace

const RouteTable whatsapp_routes = whatsapp_rows;

}  // namespace wabot
