#include "core/channels/whatsapp/message_id.hpp"

#include "core/base/base64.hpp"

namespace wabot::whatsapp {

namespace {

constexpr std::string_view prefix = "wamid.";
constexpr char by_number = '\x02', by_user_id = '\x14';

/// A wamid in its parts: whose conversation, and all that follows the kind of that name.
struct MessageId {
    std::string whose;
    char kind = by_number;
    std::string rest;  // from the 00 behind the kind on
};

bool read(std::string_view wamid, MessageId& id) {
    if (!wamid.starts_with(prefix)) return false;
    const auto decoded = from_base64(wamid.substr(prefix.size()));
    if (!decoded || decoded->size() < 8 || !decoded->starts_with("\x1C\x18")) return false;
    const std::string_view bytes = *decoded;
    const auto length = static_cast<unsigned char>(bytes[2]);
    if (bytes.size() < 3U + length + 5U || bytes[3U + length] != '\x15') return false;
    id.whose = bytes.substr(3, length);
    id.kind = bytes[4U + length];
    id.rest = bytes.substr(5U + length);
    return (id.kind == by_number || id.kind == by_user_id) && id.rest.front() == '\0' && (id.rest[1] == '\x12' || id.rest[1] == '\x11');
}

std::string write(std::string_view whose, char kind, std::string_view rest) {
    std::string bytes = "\x1C\x18";
    bytes.append(1, static_cast<char>(whose.size())).append(whose).append(1, '\x15').append(1, kind).append(rest);
    return std::string(prefix) + to_base64(bytes);
}

}  // namespace

std::vector<std::string> other_ids(std::string_view wamid, const Address& person) {
    MessageId id;
    std::vector<std::string> out;
    if (!read(wamid, id)) return out;
    const auto add = [&](std::string_view whose, char kind) {
        if (whose.empty() || whose.size() > 255 || (whose == id.whose && kind == id.kind)) return;
        out.push_back(write(whose, kind, id.rest));
    };
    for (const std::string_view phone : {std::string_view(person.phone), std::string_view(person.other_phone)})
        add(phone.starts_with('+') ? phone.substr(1) : phone, by_number);
    add(person.user_id, by_user_id);
    return out;
}

}  // namespace wabot::whatsapp
