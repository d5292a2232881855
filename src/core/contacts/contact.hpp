#pragma once

#include <optional>
#include <string>

#include "core/base/describe.hpp"
#include "core/base/ids.hpp"

namespace wabot {

WABOT_ENUM(IdentityKind, phone, bsuid, lid, jid, chat, parent)
WABOT_ENUM(Marketing, stop, resume)
WABOT_ENUM(ContactNoteKind, possibly_same, new_number, new_user_id)

/// A person or group that writes to a device.
struct Contact {
    ContactId id;
    DeviceId device_id;
    Sealed contact_jid;
    std::optional<Sealed> phone_number;
    std::optional<std::string> name;
    bool is_blocked = false;
    bool is_group = false;
    std::optional<Marketing> marketing;
    std::optional<Time> marketing_at;
    std::optional<Time> last_incoming_at;
    std::optional<Time> last_message_at;
    Time created_at;
    Time updated_at;
};
WABOT_DESCRIBE(Contact, FIELD(id, .key = true, .read_only = true), FIELD(device_id, .read_only = true),
               FIELD(contact_jid, .read_only = true, .sealed = "contacts.contact_jid", .doc = "Address for replies: a JID, a user id or a group id"),
               FIELD(phone_number, .read_only = true, .wide = true, .sealed = "contacts.phone_number",
                     .doc = "null for groups and for people known only by user id"),
               FIELD(name, .max = 255), FIELD(is_blocked, .doc = "Messages are stored but not answered, and nothing is sent"),
               FIELD(is_group, .read_only = true),
               FIELD(marketing, .read_only = true, .wide = true, .doc = "Whether the contact accepts marketing; null: never said"),
               FIELD(marketing_at, .read_only = true, .wide = true), FIELD(last_incoming_at, .read_only = true, .wide = true),
               FIELD(last_message_at, .read_only = true), FIELD(created_at, .read_only = true, .wide = true),
               FIELD(updated_at, .read_only = true, .wide = true))

/// One of the addresses by which a provider names a contact.
struct ContactIdentity {
    IdentityId id;
    DeviceId device_id;
    ContactId contact_id;
    IdentityKind kind = IdentityKind::phone;
    Sealed value;
    Time created_at;
    Time updated_at;
};
WABOT_DESCRIBE(ContactIdentity, FIELD(id, .key = true, .read_only = true), FIELD(device_id, .read_only = true), FIELD(contact_id, .read_only = true),
               FIELD(kind, .read_only = true), FIELD(value, .read_only = true, .sealed = "contact_identities.value"),
               FIELD(created_at, .read_only = true, .wide = true), FIELD(updated_at, .read_only = true, .wide = true))

/// What became known of who a contact is.
struct ContactNote {
    ContactNoteId id;
    ContactId contact_id;
    ContactNoteKind kind = ContactNoteKind::possibly_same;
    std::optional<ContactId> other_contact_id;
    Time created_at;
    Time updated_at;
};
WABOT_DESCRIBE(ContactNote, FIELD(id, .key = true, .read_only = true), FIELD(contact_id, .read_only = true), FIELD(kind, .read_only = true),
               FIELD(other_contact_id, .read_only = true, .doc = "Possibly the same person: the provider sent addresses of both together"),
               FIELD(created_at, .read_only = true), FIELD(updated_at, .read_only = true, .wide = true))

}  // namespace wabot
