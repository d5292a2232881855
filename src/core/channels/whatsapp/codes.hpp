#pragma once

#include "core/channels/send_errors.hpp"

namespace wabot {

/// A row of Meta's "Error codes" page; null for a code that is not on it.
const SendErrorCode* find_whatsapp_code(int code);

}  // namespace wabot
