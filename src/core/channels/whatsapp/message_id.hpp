#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/contacts/address.hpp"

namespace wabot::whatsapp {

/// The other ids of the same message. A wamid names whose conversation it is of, by phone number or by user id, and since 2026 Meta quotes by either;
/// the token within is the same. Empty for an id that cannot be read so, and where `person` has no other name.
///
/// "wamid." and base64 of 1C 18 <len> <whose> 15 <02 number, 14 user id> 00 <12 by the person, 11 by us> 18 <len> <token> 00.
std::vector<std::string> other_ids(std::string_view wamid, const Address& person);

}  // namespace wabot::whatsapp
