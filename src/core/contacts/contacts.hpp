#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/cause.hpp"
#include "core/contacts/contact.hpp"
#include "core/contacts/sealed_address.hpp"
#include "core/crypto/vault.hpp"
#include "core/database/page.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

struct ContactFilter {
    DeviceId device_id;  // 0 = all
    std::optional<bool> is_group;
    std::optional<bool> is_blocked;
};

struct FoundContact {
    ContactId id;
    bool added = false;
    std::optional<Bytes> phone_number_hash = {};  // of the number it is written to at
};

/// Where a contact is reached now, sealed as it is kept: its number, else its user id, else it is a group.
struct SealedTarget {
    std::optional<Sealed> phone;
    std::optional<Sealed> user_id;
    std::optional<Sealed> group_id;
};

/// The same, opened.
struct Target {
    Address to;
    std::string group_id;  // empty = a person
};
Target open_target(const Vault& vault, const SealedTarget& target);

/// All of it blocking, inside `Database::read` and `write`.
namespace contacts {

/// The contact with one of these addresses, made when there is none. Addresses that come together are linked; when they belong to two contacts the
/// first one decides, nothing is merged, and each is noted as possibly the other. The number and name are kept up to date; `incoming_at` (of a
/// message from it) moves `last_incoming_at` forward.
FoundContact find_or_add(Transaction& tx, const Cause& cause, DeviceId device, const SealedAddress& address,
                         std::optional<Time> incoming_at = std::nullopt);
/// The two halves of it, for a message that may be a duplicate: who it is, and then the changes of a known contact.
FoundContact identify(Transaction& tx, const Cause& cause, DeviceId device, const SealedAddress& address,
                      std::optional<Time> incoming_at = std::nullopt);
void refresh(Transaction& tx, const Cause& cause, DeviceId device, const FoundContact& found, const SealedAddress& address,
             std::optional<Time> incoming_at);

/// The provider says that a contact has these addresses from now on: addresses without an owner become its own, and replies go there.
void move(Transaction& tx, const Cause& cause, DeviceId device, ContactId id, const SealedAddress& to);

/// The provider knows a contact by this address too. When it is another contact's already, each is noted as possibly the other.
void add_address(Transaction& tx, const Cause& cause, DeviceId device, ContactId id, const SealedAddress& also);

/// What it wants, as of `at`; false when it was known, or something newer is.
bool set_marketing(Transaction& tx, const Cause& cause, DeviceId device, ContactId id, Marketing wish, Time at);

std::optional<Contact> find(Snapshot& db, ContactId id);
/// Whether a contact that bears this name can be named by it: it reads as no id, number, JID, user id or option, and holds no control characters.
bool may_name(std::string_view name);
/// By id (all digits), number (with +), JID, user id, or else its whole name. Error{not_found}; Error{conflict} with the candidates when several bear
/// the name, or the address is known on several devices and `device` names none.
Contact get(Snapshot& db, const Vault& vault, std::string_view who, DeviceId device = {});
/// The newest first.
std::vector<Contact> list(Snapshot& db, const ContactFilter& filter = {}, const Page& page = {});
/// In the order they became known.
std::vector<ContactIdentity> identities(Snapshot& db, ContactId id);
/// What became known of who it is, the newest first, 100 at most.
std::vector<ContactNote> notes(Snapshot& db, ContactId id);
/// The number it wrote from last (`phone`, as its row has it); without one the newest user id, or the group.
SealedTarget target_of(Snapshot& db, ContactId id, std::optional<Sealed> phone);

/// A blocked contact is stored, never answered and never written to. Says whether that was news.
bool set_blocked(Transaction& tx, const Cause& cause, ContactId id, bool blocked);

}  // namespace contacts

}  // namespace wabot
