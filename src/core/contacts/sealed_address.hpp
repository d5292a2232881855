#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/contacts/address.hpp"
#include "core/contacts/contact.hpp"
#include "core/crypto/vault.hpp"

namespace wabot {

struct SealedIdentity {
    IdentityKind kind;
    Sealed value;
};

/// A person or group as a provider named it, made fit for the database outside of any unit.
struct SealedAddress {
    std::vector<SealedIdentity> identities;  // the one that decides first
    Sealed contact_jid;
    std::optional<Sealed> phone_number;
    std::string name;  // empty = none was given
    bool is_group = false;
};

/// The sender. A business-scoped user id names one person and decides before the number, which may pass to another one; the id of a parent account
/// decides last. Error{invalid} when the address is empty.
SealedAddress seal_person(const Vault& vault, const Address& address, std::string_view name = {});
SealedAddress seal_group(const Vault& vault, std::string_view group_id, std::string_view name = {});

/// "4915112345678@s.whatsapp.net" of "+4915112345678".
std::string jid_of(std::string_view phone);
/// What people and other tools write for someone: "+49 151 ...", "4915112345678@s.whatsapp.net", "US.1349...". nullopt for anything else.
std::optional<Address> to_address(std::string_view text);

}  // namespace wabot
