#include "cli/commands/webhooks/bodies.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/framework/json_path.hpp"
#include "cli/framework/lookup.hpp"
#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/base/strict_json.hpp"
#include "core/base/text.hpp"
#include "core/base/world.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"
#include "core/contacts/contacts.hpp"
#include "core/crypto/vault.hpp"
#include "core/devices/options.hpp"
#include "core/messaging/messages.hpp"

namespace wabot::cli {

namespace {

// Numbers that are kept free for fiction.
constexpr std::string_view stranger = "12025550143";
constexpr std::string_view unknown_own_number = "12025550100";
constexpr std::size_t body_bytes_max = 4 * 1024 * 1024;

std::string digits_of(const std::string& phone) {
    return phone.starts_with("+") ? phone.substr(1) : phone;
}

/// The number of the author, digits only.
std::string sender(Runtime& rt, const Device& device, const std::optional<std::string>& from) {
    if (!from) return std::string(stranger);
    if (const auto phone = to_e164(*from)) return digits_of(*phone);
    if (from->starts_with("+")) throw Error(Errc::invalid, "--from is not a phone number: + and 7 to 15 digits, country code first");
    const Vault& vault = rt.vault();
    const Contact contact = rt.read([&](Snapshot& db) { return contacts::get(db, vault, *from, device.id); });
    const std::string phone = contact.phone_number ? vault.open(*contact.phone_number, "contacts.phone_number") : "";
    if (phone.empty()) throw Error(Errc::invalid, fmt::format("contact {} has no phone number", *from), "give one: --from +12025550117");
    return digits_of(phone);
}

/// The provider's id of the message that is meant: the one named; else the device's last one sent, else a made-up one.
std::string meant_message(Runtime& rt, const Device& device, const std::optional<std::string>& named) {
    const auto look = [&](Snapshot& db) {
        if (named) return std::optional(messages::get(db, MessageId{id_of("message", *named)}));
        auto latest = messages::list(db, {.device = device.id, .direction = Direction::outgoing}, {.limit = 1});
        return latest.empty() ? std::nullopt : std::optional(std::move(latest.front()));
    };
    const std::optional<Message> found = rt.read(look);
    if (found && found->whatsapp_message_id) return rt.vault().open(*found->whatsapp_message_id, messages::id_data);
    if (named) throw Error(Errc::invalid, fmt::format("message {} has no provider id yet", *named));
    return "wamid.TRIGGERNOBODYS";
}

/// Calls `each` with what stands in the list of that name, if there is one.
template <class Each>
void for_each_in(Json& object, const char* list, Each each) {
    if (!object.is_object() || !object.contains(list) || !object[list].is_array()) return;
    for (Json& one : object[list]) each(one);
}

}  // namespace

TriggerBodies::TriggerBodies(Runtime& rt, const WantedBody& wanted, const Device& device)
    : wanted_(wanted), world_(rt.world()), event_(find_whatsapp_event(wanted.event)) {
    if (wanted.from_file) {
        read_file();
        return;
    }
    if (event_ == nullptr) usage_error("EVENT is missing", "wabot trigger list shows them; --from-file posts a body of your own");
    parties_.phone_number_id = device.provider_ref.value_or("");
    parties_.own_number =
        device.phone_number ? digits_of(rt.vault().open(*device.phone_number, "devices.phone_number")) : std::string(unknown_own_number);
    parties_.from = sender(rt, device, wanted.from);
    if (const std::string waba_id = devices::options_of(device).waba_id; !waba_id.empty()) parties_.waba_id = waba_id;
    parties_.message_id = meant_message(rt, device, wanted.message);
}

std::string TriggerBodies::next() {
    ++count_;
    if (!file_.empty()) return next_of_file();
    const Time now = world_.clock.now();
    Json item = whatsapp_item(*event_, parties_, fresh_id(), now);
    edit(item);
    return write_whatsapp_body(whatsapp_body(*event_, parties_, std::move(item), now));
}

std::string TriggerBodies::shown(std::string body) const {
    for (const std::string& number : {parties_.from, parties_.own_number, parties_.message_id}) {
        if (number.size() < 4) continue;
        const std::string hidden = std::string(mask) + number.substr(number.size() - 4);
        for (auto at = body.find(number); at != std::string::npos; at = body.find(number, at + hidden.size()))
            body.replace(at, number.size(), hidden);
    }
    return mask_numbers(body);
}

void TriggerBodies::read_file() {
    file_ = read_input(*wanted_.from_file, body_bytes_max);
    if (file_.empty()) throw Error(Errc::invalid, fmt::format("{} is empty", *wanted_.from_file));
    if (event_ != nullptr) check_file();
}

/// That the body is what it is said to be, by the code that will read it.
void TriggerBodies::check_file() const {
    constexpr std::string_view as_it_is = "without EVENT it is posted as it is";
    const auto fail = [&](std::string_view why) {
        throw Error(Errc::invalid, fmt::format("{}: {}", *wanted_.from_file, why), std::string(as_it_is));
    };
    read_file_as_json(std::string(as_it_is));
    const Delivery delivery = read_whatsapp_delivery(file_, world_.clock.now());
    if (!delivery.unreadable.empty()) fail(delivery.unreadable);
    if (delivery.items.empty()) fail("there is no message or status in it");
    for (const DeliveryItem& item : delivery.items)
        if (const auto* broken = std::get_if<Broken>(&item.what)) fail(broken->reason);
}

Json TriggerBodies::read_file_as_json(const std::string& hint) const {
    try {
        return read_json(file_);
    } catch (const JsonError& error) {
        throw error.in_file(*wanted_.from_file, file_, hint);
    }
}

std::string TriggerBodies::next_of_file() {
    const bool as_it_is = count_ == 1 && wanted_.set.empty() && wanted_.unset.empty();
    if (as_it_is) return file_;
    Json body = read_file_as_json("only a JSON body can be changed or repeated");
    if (count_ > 1)
        for_each_in(body, "entry", [&](Json& entry) {
            for_each_in(entry, "changes", [&](Json& change) {
                if (change.is_object()) for_each_in(change["value"], "messages", [&](Json& message) { renew(message); });
            });
        });
    edit(body);
    return write_whatsapp_body(body);
}

void TriggerBodies::renew(Json& message) const {
    if (!message.is_object()) return;
    message["id"] = fresh_id();
    message["timestamp"] = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(world_.clock.now().time_since_epoch()).count());
}

void TriggerBodies::edit(Json& json) const {
    for (const auto& [path, text] : wanted_.set) set_at(json, path, text);
    for (const std::string& path : wanted_.unset) unset_at(json, path);
}

std::string TriggerBodies::fresh_id() const {
    return "wamid.TRIGGER" + world_.random.word(24);
}

}  // namespace wabot::cli
