#include "core/contacts/contacts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/object_ref.hpp"
#include "core/base/text.hpp"
#include "core/changes/changes.hpp"
#include "core/database/listing.hpp"

namespace wabot {

Target open_target(const Vault& vault, const SealedTarget& target) {
    Target out;
    static constexpr std::string_view identity = "contact_identities.value";
    if (target.phone) out.to.phone = vault.open(*target.phone, "contacts.phone_number");
    if (target.user_id) out.to.user_id = vault.open(*target.user_id, identity);
    if (target.group_id) out.group_id = vault.open(*target.group_id, identity);
    return out;
}

namespace contacts {

namespace {

void record(Transaction& tx, const Cause& cause, std::string_view kind, ContactId id, DeviceId device) {
    changes::record(tx, cause, kind, "contact", id.value, device.value);
}

/// What is looked at to see whether a message brings anything new about its sender.
struct Known {
    ContactId id;
    std::optional<Bytes> phone_number_hash;
};

}  // namespace
}  // namespace contacts

using KnownContact = contacts::Known;
WABOT_DESCRIBE(KnownContact, FIELD(id), FIELD(phone_number_hash))

namespace contacts {

namespace {

std::optional<KnownContact> owner_of(Snapshot& db, DeviceId device, const SealedIdentity& identity) {
    static constexpr std::string_view sql = R"sql(
        SELECT c.id, c.phone_number_hash FROM contact_identities i JOIN contacts c ON c.id = i.contact_id
        WHERE i.device_id = $1 AND i.kind = $2 AND i.value_hash = $3)sql";
    return db.query(sql, device, identity.kind, identity.value.hash).first<KnownContact>();
}

/// False when another unit was quicker to give it to someone.
bool link(Transaction& tx, DeviceId device, ContactId contact, const SealedIdentity& identity) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO contact_identities (device_id, contact_id, kind, value_enc, value_hash, value_last4, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (value_hash, device_id, kind) DO NOTHING)sql";
    const Sealed& value = identity.value;
    return tx.execute(sql, device, contact, identity.kind, value.enc, value.hash, value.last4, tx.now()) == 1;
}

template <class T>
std::optional<T> part(const std::optional<Sealed>& value, T Sealed::*member) {
    return value ? std::optional((*value).*member) : std::nullopt;
}

std::optional<std::string> name_of(const SealedAddress& address) {
    return address.name.empty() ? std::nullopt : std::optional(address.name);
}

/// A new contact with the first of its identities; that of another unit which was quicker.
FoundContact add(Transaction& tx, const Cause& cause, DeviceId device, const SealedAddress& address, std::optional<Time> incoming_at) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO contacts (device_id, contact_jid_enc, contact_jid_hash, contact_jid_last4, phone_number_enc, phone_number_hash,
                              phone_number_last4, is_group, name, last_incoming_at, last_message_at, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, COALESCE(CAST($10 AS BIGINT), $11), $11, $11))sql";
    const auto& phone = address.phone_number;
    const auto id =
        tx.insert<ContactId>(sql, device, address.contact_jid.enc, address.contact_jid.hash, address.contact_jid.last4, part(phone, &Sealed::enc),
                             part(phone, &Sealed::hash), part(phone, &Sealed::last4), address.is_group, name_of(address), incoming_at, tx.now())
            .value();
    if (!link(tx, device, id, address.identities.front())) {
        tx.execute("DELETE FROM contacts WHERE id = $1", id);
        const KnownContact owner = owner_of(tx, device, address.identities.front()).value();
        return {.id = owner.id, .phone_number_hash = owner.phone_number_hash};
    }
    record(tx, cause, "contact.created", id, device);
    return {.id = id, .added = true};
}

void note(Transaction& tx, const Cause& cause, DeviceId device, ContactId id, ContactNoteKind kind) {
    tx.execute("INSERT INTO contact_notes (contact_id, kind, created_at, updated_at) VALUES ($1, $2, $3, $3)", id, kind, tx.now());
    record(tx, cause, "contact." + std::string(to_word(kind)), id, device);
}

/// An address of the one came with one of the other: told on both, once.
void note_possibly_same(Transaction& tx, const Cause& cause, DeviceId device, ContactId one, ContactId other) {
    static constexpr std::string_view sql = R"sql(
        INSERT INTO contact_notes (contact_id, kind, other_contact_id, created_at, updated_at) VALUES ($1, 'possibly_same', $2, $3, $3)
        ON CONFLICT (other_contact_id, contact_id) WHERE other_contact_id IS NOT NULL DO NOTHING)sql";
    if (tx.execute(sql, one, other, tx.now()) == 0) return;
    tx.execute(sql, other, one, tx.now());
    record(tx, cause, "contact.possibly_same", one, device);
}

/// A new identity of a contact that was known. One user id after another is news of who it is.
void link_known(Transaction& tx, const Cause& cause, DeviceId device, ContactId id, const SealedIdentity& identity) {
    static constexpr std::string_view sql = "SELECT id FROM contact_identities WHERE contact_id = $1 AND kind = 'bsuid' LIMIT 1";
    const bool replaces = identity.kind == IdentityKind::bsuid && !tx.query(sql, id).empty();
    if (link(tx, device, id, identity) && replaces) note(tx, cause, device, id, ContactNoteKind::new_user_id);
}

/// Replies go there from now on.
void write_to(Transaction& tx, ContactId id, const SealedAddress& address) {
    static constexpr std::string_view sql = R"sql(
        UPDATE contacts SET contact_jid_enc = $2, contact_jid_hash = $3, contact_jid_last4 = $4,
               phone_number_enc = $5, phone_number_hash = $6, phone_number_last4 = $7
        WHERE id = $1)sql";
    const Sealed& jid = address.contact_jid;
    const Sealed& phone = *address.phone_number;
    tx.execute(sql, id, jid.enc, jid.hash, jid.last4, phone.enc, phone.hash, phone.last4);
}

constexpr std::string_view hint_list = "see wabot contact list; numbers start with + and the country code";

[[noreturn]] void throw_ambiguous(const std::vector<Contact>& candidates, std::string_view what) {
    std::string ids;
    for (const Contact& one : candidates) ids += fmt::format("{}{} (device {})", ids.empty() ? "" : ", ", one.id.value, one.device_id.value);
    throw Error(Errc::conflict, fmt::format("several contacts have this {}: {}", what, ids), "name one by its id, or the device");
}

/// Names are the contacts' own choice and several contacts may have one: only the whole name of one contact is accepted.
Contact get_named(Snapshot& db, std::string_view name, DeviceId device) {
    auto bearers =
        db.query("SELECT * FROM contacts WHERE name = $1 AND ($2 = 0 OR device_id = $2) ORDER BY id LIMIT 20", name, device).all<Contact>();
    if (bearers.empty()) throw_no_such("contact", name, {}, hint_list);
    if (bearers.size() > 1) throw_ambiguous(bearers, "name");
    return std::move(bearers.front());
}

}  // namespace

FoundContact identify(Transaction& tx, const Cause& cause, DeviceId device, const SealedAddress& address, std::optional<Time> incoming_at) {
    std::optional<KnownContact> known;
    std::vector<const SealedIdentity*> unknown;
    std::optional<ContactId> other;
    for (const SealedIdentity& identity : address.identities) {
        const auto owner = owner_of(tx, device, identity);
        if (!owner)
            unknown.push_back(&identity);
        else if (!known)
            known = owner;
        else if (owner->id != known->id)
            other = owner->id;
    }
    FoundContact found;
    if (known) {
        found = {.id = known->id, .phone_number_hash = known->phone_number_hash};
        if (other) note_possibly_same(tx, cause, device, known->id, *other);
    } else {
        found = add(tx, cause, device, address, incoming_at);
        unknown.erase(unknown.begin());  // linked already
    }
    for (const SealedIdentity* identity : unknown) link_known(tx, cause, device, found.id, *identity);
    return found;
}

void refresh(Transaction& tx, const Cause& cause, DeviceId device, const FoundContact& found, const SealedAddress& address,
             std::optional<Time> incoming_at) {
    if (found.added) return;
    static constexpr std::string_view sql = R"sql(
        UPDATE contacts SET name = COALESCE($2, name), updated_at = $4,
               last_incoming_at = CASE WHEN $3 > COALESCE(last_incoming_at, 0) THEN $3 ELSE last_incoming_at END,
               last_message_at = CASE WHEN COALESCE($3, $4) > COALESCE(last_message_at, 0) THEN COALESCE($3, $4) ELSE last_message_at END
        WHERE id = $1)sql";
    tx.execute_deferred(sql, found.id, name_of(address), incoming_at, tx.now());
    if (!address.phone_number || found.phone_number_hash == address.phone_number->hash) return;
    write_to(tx, found.id, address);
    if (found.phone_number_hash) note(tx, cause, device, found.id, ContactNoteKind::new_number);
}

FoundContact find_or_add(Transaction& tx, const Cause& cause, DeviceId device, const SealedAddress& address, std::optional<Time> incoming_at) {
    const FoundContact found = identify(tx, cause, device, address, incoming_at);
    refresh(tx, cause, device, found, address, incoming_at);
    return found;
}

void move(Transaction& tx, const Cause& cause, DeviceId device, ContactId id, const SealedAddress& to) {
    for (const SealedIdentity& identity : to.identities) {
        const auto owner = owner_of(tx, device, identity);
        if (owner && owner->id != id) note_possibly_same(tx, cause, device, id, owner->id);
        if (owner) continue;
        if (identity.kind != IdentityKind::phone) {
            link_known(tx, cause, device, id, identity);
            continue;
        }
        if (!link(tx, device, id, identity)) continue;
        write_to(tx, id, to);
        note(tx, cause, device, id, ContactNoteKind::new_number);
    }
}

void add_address(Transaction& tx, const Cause& cause, DeviceId device, ContactId id, const SealedAddress& also) {
    for (const SealedIdentity& identity : also.identities) {
        const auto owner = owner_of(tx, device, identity);
        if (!owner)
            link_known(tx, cause, device, id, identity);
        else if (owner->id != id)
            note_possibly_same(tx, cause, device, id, owner->id);
    }
}

bool set_marketing(Transaction& tx, const Cause& cause, DeviceId device, ContactId id, Marketing wish, Time at) {
    static constexpr std::string_view sql = R"sql(
        UPDATE contacts SET marketing = $2, marketing_at = $3, updated_at = $4 WHERE id = $1 AND COALESCE(marketing_at, 0) < $3)sql";
    if (tx.execute(sql, id, wish, at, tx.now()) == 0) return false;
    record(tx, cause, wish == Marketing::stop ? "contact.marketing_stopped" : "contact.marketing_resumed", id, device);
    return true;
}

std::optional<Contact> find(Snapshot& db, ContactId id) {
    return db.query("SELECT * FROM contacts WHERE id = $1", id).first<Contact>();
}

bool may_name(std::string_view name) {
    const bool has_control = std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    return !name.empty() && name.front() != '-' && name.front() != '+' && name.front() != ' ' && name.back() != ' ' && !has_control && !as_id(name) &&
           !to_address(name);
}

Contact get(Snapshot& db, const Vault& vault, std::string_view who, DeviceId device) {
    if (const auto id = as_id(who)) {
        auto contact = find(db, ContactId{*id});
        if (!contact) throw_no_such("contact", who, {}, hint_list);
        return std::move(*contact);
    }
    const auto address = to_address(who);
    if (!address) return get_named(db, who, device);
    const auto kind = address->phone.empty() ? IdentityKind::bsuid : IdentityKind::phone;
    static constexpr std::string_view sql = R"sql(
        SELECT c.* FROM contacts c
        WHERE c.id IN (SELECT contact_id FROM contact_identities WHERE value_hash = $1 AND kind = $2 AND ($3 = 0 OR device_id = $3))
        ORDER BY c.id LIMIT 20)sql";
    auto candidates = db.query(sql, vault.hash(address->phone.empty() ? address->user_id : address->phone), kind, device).all<Contact>();
    if (candidates.empty()) throw_no_such("contact", who, {}, hint_list);
    if (candidates.size() > 1) throw_ambiguous(candidates, "address");
    return std::move(candidates.front());
}

std::vector<Contact> list(Snapshot& db, const ContactFilter& filter, const Page& page) {
    Condition own;
    if (filter.device_id) own.also("device_id = ?", filter.device_id);
    if (filter.is_group) own.also("is_group = ?", *filter.is_group);
    if (filter.is_blocked) own.also("is_blocked = ?", *filter.is_blocked);
    return list_page<Contact>(db, {.select = "SELECT * FROM contacts", .newest_first = true, .log = "contacts"}, std::move(own), page);
}

std::vector<ContactIdentity> identities(Snapshot& db, ContactId id) {
    return db.query("SELECT * FROM contact_identities WHERE contact_id = $1 ORDER BY id LIMIT 100", id).all<ContactIdentity>();
}

std::vector<ContactNote> notes(Snapshot& db, ContactId id) {
    return db.query("SELECT * FROM contact_notes WHERE contact_id = $1 ORDER BY id DESC LIMIT 100", id).all<ContactNote>();
}

SealedTarget target_of(Snapshot& db, ContactId id, std::optional<Sealed> phone) {
    SealedTarget out;
    out.phone = std::move(phone);
    if (out.phone) return out;
    for (ContactIdentity& identity : identities(db, id)) {
        if (identity.kind == IdentityKind::bsuid)
            out.user_id = std::move(identity.value);
        else if (identity.kind == IdentityKind::chat)
            out.group_id = std::move(identity.value);
    }
    return out;
}

bool set_blocked(Transaction& tx, const Cause& cause, ContactId id, bool blocked) {
    const auto contact = find(tx, id);
    if (!contact) throw_no_such("contact", std::to_string(id.value), {}, "see wabot contact list");
    if (tx.execute("UPDATE contacts SET is_blocked = $2, updated_at = $3 WHERE id = $1 AND is_blocked <> $2", id, blocked, tx.now()) == 0)
        return false;
    record(tx, cause, blocked ? "contact.blocked" : "contact.unblocked", id, contact->device_id);
    return true;
}

}  // namespace contacts

}  // namespace wabot
