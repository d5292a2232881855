#pragma once

#include <string>
#include <string_view>

#include "core/channels/channel.hpp"

namespace wabot {

/// A code of Meta's "Error codes" page, or a run of them that mean the same to us.
struct WhatsappCode {
    int first, last;
    RetryClass why;
    std::string_view means;  // for people
    int tries_max = 0;       // how often it is worth trying; 0 = as often as the settings say
};

/// Null for a code that is not on the page.
const WhatsappCode* find_whatsapp_code(int code);

/// What an error of a send means, and what follows: `code` is Meta's, or ours for what never reached it. Empty when nothing is known.
std::string explain_send_error(std::string_view code);
/// The same of a status, from which nothing follows here.
std::string explain_status_error(std::string_view code);

}  // namespace wabot
