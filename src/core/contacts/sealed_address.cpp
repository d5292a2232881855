#include "core/contacts/sealed_address.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/text.hpp"

namespace wabot {

namespace {

constexpr std::string_view jid_domain = "@s.whatsapp.net";
constexpr std::size_t name_max = 255;  // characters; a profile name is untrusted text of any length

SealedIdentity identity(const Vault& vault, IdentityKind kind, std::string_view value) {
    return {kind, vault.seal(value, "contact_identities.value")};
}

/// "US.1349...", "US.ENT.1181...": country, dot, up to 128 letters and digits (protocol: business-scoped user ids).
bool is_user_id(std::string_view text) {
    const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    const auto allowed = [&](char c) { return upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.'; };
    return text.size() > 3 && text.size() <= 140 && upper(text[0]) && upper(text[1]) && text[2] == '.' && std::ranges::all_of(text, allowed);
}

}  // namespace

std::string jid_of(std::string_view phone) {
    if (phone.starts_with('+')) phone.remove_prefix(1);
    return std::string(phone) + std::string(jid_domain);
}

SealedAddress seal_person(const Vault& vault, const Address& address, std::string_view name) {
    if (address.empty()) throw Error(Errc::invalid, "an address without number and user id");
    SealedAddress out;
    out.name = first_characters(name, name_max);
    if (!address.user_id.empty()) out.identities.push_back(identity(vault, IdentityKind::bsuid, address.user_id));
    const auto add_parent = [&] {
        if (!address.parent_user_id.empty()) out.identities.push_back(identity(vault, IdentityKind::parent, address.parent_user_id));
    };
    if (address.phone.empty()) {
        add_parent();
        out.contact_jid = vault.seal(address.user_id, "contacts.contact_jid");
        return out;
    }
    out.identities.push_back(identity(vault, IdentityKind::phone, address.phone));
    if (!address.other_phone.empty()) out.identities.push_back(identity(vault, IdentityKind::phone, address.other_phone));
    add_parent();
    out.phone_number = vault.seal(address.phone, "contacts.phone_number");
    out.contact_jid = vault.seal(jid_of(address.phone), "contacts.contact_jid");
    out.contact_jid.last4 = out.phone_number->last4;  // of the number, not of "whatsapp.net"
    return out;
}

SealedAddress seal_group(const Vault& vault, std::string_view group_id, std::string_view name) {
    if (group_id.empty()) throw Error(Errc::invalid, "a group without an id");
    SealedAddress out;
    out.is_group = true;
    out.name = first_characters(name, name_max);
    out.identities.push_back(identity(vault, IdentityKind::chat, group_id));
    out.contact_jid = vault.seal(group_id, "contacts.contact_jid");
    return out;
}

std::optional<Address> to_address(std::string_view text) {
    if (text.ends_with(jid_domain)) {
        const auto phone = e164_of_wa_id(text.substr(0, text.size() - jid_domain.size()));
        return phone ? std::optional(Address{.phone = *phone}) : std::nullopt;
    }
    if (is_user_id(text)) return Address{.user_id = std::string(text)};
    const auto phone = to_e164(text);
    return phone ? std::optional(Address{.phone = *phone}) : std::nullopt;
}

}  // namespace wabot
