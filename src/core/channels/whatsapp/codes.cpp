#include "core/channels/whatsapp/codes.hpp"

#include <algorithm>
#include <iterator>

namespace wabot {

namespace {

using enum RetryClass;

/// The code decides, neither title nor HTTP status; what is not listed here is decided by `is_transient` and status.
constexpr SendErrorCode codes[] = {
    {0, 0, account, "the access token is not accepted"},
    {1, 1, transient, "an error without a name, which may lie in the message", 3},
    {2, 2, transient, "trouble on Meta's side"},
    {3, 3, account, "the app lacks a capability"},  // comes with 500
    {4, 4, rate_limited, "too many calls of the app"},
    {10, 10, account, "a permission is missing"},
    {33, 33, account, "there is no such phone number id, or the token may not use it"},  // comes as 100 with this subcode
    {100, 100, permanent, "a parameter is wrong"},
    {190, 190, account, "the access token has expired"},
    {200, 299, account, "a permission is missing"},
    {368, 368, account, "the account is blocked for breaking a policy"},
    {80007, 80007, rate_limited, "too many calls of the account"},
    {130429, 130429, throughput, "too many messages a second"},
    {130472, 130472, permanent, "Meta keeps it back from this person as part of an experiment"},
    {130497, 130497, account, "the account may not write to this country"},
    {131000, 131000, transient, "something went wrong at Meta"},
    {131005, 131005, account, "access is denied"},
    {131008, 131009, permanent, "a parameter is missing or wrong"},
    {131016, 131016, transient, "the service is not available"},
    {131021, 131021, permanent, "the number would write to itself"},
    {131026, 131026, permanent, "it cannot be delivered: no WhatsApp at that number, an old version, or terms not accepted"},
    {131030, 131030, permanent, "a test number may write to its list of recipients only"},
    {131031, 131031, account, "the account is locked"},
    {131037, 131037, account, "the display name is not approved"},
    {131042, 131042, account, "the account cannot pay"},
    {131045, 131045, account, "the number is not registered"},
    {131047, 131047, permanent, "more than 24 hours since the person wrote: only a template may go"},
    {131048, 131048, quality, "held back for the number's quality"},
    {131049, 131049, permanent, "kept back by Meta to keep this person engaged; no use within 24 hours"},
    {131050, 131050, permanent, "the person wants no marketing messages", 0, true},
    {131051, 131051, permanent, "the type of message is not supported"},
    {131052, 131053, permanent, "the media could not be taken over"},
    {131056, 131056, recipient_limited, "too many messages to this person"},
    {131057, 131057, transient, "the account is in maintenance"},
    {131062, 131062, permanent, "the recipient is not reachable by this id"},
    {131064, 131064, quality, "held back for the number's quality"},
    {132000, 132999, permanent, "the template does not fit"},
    {133004, 133004, transient, "the server is not available"},
    {133010, 133010, account, "the number is not registered"},
    {133016, 133016, rate_limited, "too many registrations"},
    {134011, 134011, account, "the terms of payment are not accepted"},
    {135000, 135000, transient, "an error without a name, mostly a wrong parameter", 2},
};
static_assert(std::ranges::is_sorted(codes, {}, &SendErrorCode::first));

}  // namespace

const SendErrorCode* find_whatsapp_code(int code) {
    const auto found = std::ranges::find_if(codes, [code](const SendErrorCode& one) { return code >= one.first && code <= one.last; });
    return found == std::end(codes) ? nullptr : found;
}

}  // namespace wabot
