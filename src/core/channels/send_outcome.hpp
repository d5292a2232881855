#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

namespace wabot {

enum class RetryClass {
    transient,          // again, with back-off
    throughput,         // too fast: the whole account waits for seconds, longer each time in a row; nothing wrong with the message
    rate_limited,       // too many calls: the same, for minutes
    quality,            // held back for the number's quality: again after minutes, and the account goes slowly
    recipient_limited,  // again, later, and only this recipient waits
    permanent,          // never again as it is
    account,            // the account is refused: the device stops until someone acts
};

/// The provider gave the message an id.
struct Sent {
    std::string provider_message_id;
    std::string recipient = {};  // E.164: the number under which the provider knows who it went to; empty when it names none
};
/// The provider refused clearly, or nothing was offered to it.
struct NotSent {
    RetryClass why;
    std::optional<std::chrono::seconds> retry_after;
    std::string code;    // the provider's, or ours ("connect", "timeout"); no spaces
    std::string detail;  // for people; no numbers of persons, no secrets
    int tries_max = 0;   // how often it is worth trying after this code; 0 = as often as the settings say
};
/// Offered, and no clear answer came.
struct Uncertain {
    std::string detail;
};
using SendOutcome = std::variant<Sent, NotSent, Uncertain>;

}  // namespace wabot
