#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "core/base/clock.hpp"
#include "core/devices/options.hpp"
#include "core/http_client/http_client.hpp"

namespace wabot {

/// Asks the Cloud API whether it knows the number and takes the token; sends nothing (GET /{phone-number-id}, "Phone Number" reference).
/// Error{rejected} with its reason when not, RateLimited when it was asked too often, Error{unavailable} when it could not be asked
/// within `limit`.
asio::awaitable<void> check_whatsapp_account(HttpClient& http, DeviceOptions options, std::string access_token, const Clock& clock,
                                             std::chrono::milliseconds limit = std::chrono::seconds(30));

}  // namespace wabot
