#include "server/services.hpp"

#include "core/base/clock.hpp"
#include "core/base/error.hpp"
#include "server/http/request.hpp"

namespace wabot {

void count_auth_failure(const Request& request, Services& services) {
    if (request.is_exempt || services.auth_failures.spend(request.peer, services.clock.since_boot())) return;
    throw Error(Errc::rate_limited, "too many requests from this address were refused");
}

}  // namespace wabot
