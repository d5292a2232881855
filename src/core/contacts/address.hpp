#pragma once

#include <string>

namespace wabot {

/// Who wrote or is written to, as the provider names them. Either may be missing, never both; a group has neither.
struct Address {
    std::string phone;    // E.164 with +; empty = the provider gave none
    std::string user_id;  // business-scoped user id ("US.1349..."); empty = none
    std::string parent_user_id;
    std::string other_phone = {};  // a second number of the same person, E.164; replies go to `phone`
    bool empty() const { return phone.empty() && user_id.empty(); }
};

}  // namespace wabot
