#pragma once

#include <string>
#include <string_view>

#include "core/channels/send_outcome.hpp"

namespace wabot {

/// An error code of a provider, or a run of codes that mean the same to us.
struct SendErrorCode {
    int first, last;
    RetryClass why;
    std::string_view means;        // for people
    int tries_max = 0;             // how often it is worth trying; 0 = as often as the settings say
    bool is_no_marketing = false;  // the person has told the provider that it wants no marketing
};

/// What an error of a send means, and what follows: `code` is the provider's, or ours for what never reached it. Empty when nothing is known.
std::string explain_send_error(std::string_view code);
/// The same of a status, from which nothing follows here.
std::string explain_status_error(std::string_view code);

/// Whether the refusal is a person's who wants no marketing.
bool means_no_marketing(std::string_view code);

}  // namespace wabot
