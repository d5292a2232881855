#include <nlohmann/json.hpp>

#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"
#include "tests/fuzz/targets.hpp"

namespace wabot::fuzz {

namespace {

struct CheckItem {
    void operator()(const IncomingMessage& message) const {
        require(!message.provider_id.empty() && !message.sender.empty() && !message.message_type.empty(), "a message has an id, a person and a type");
        require(read_json(message.raw).is_object() && read_json(message.metadata).is_object(), "a message keeps JSON");
        if (message.content) require(valid_utf8(*message.content), "a message is text");
    }
    void operator()(const StatusUpdate& status) const { require(!status.provider_id.empty() && !status.status.empty(), "a status is of a message"); }
    void operator()(const Preference& wish) const { require(!wish.person.empty(), "a preference is a person's"); }
    void operator()(const Notice& notice) const {
        if (notice.is_known) require(read_json(notice.facts).is_object(), "a notice keeps JSON");
    }
    void operator()(const Broken& broken) const { require(!broken.reason.empty(), "what is broken says why"); }
};

}  // namespace

void whatsapp_body(std::string_view input) {
    const Delivery delivery = read_whatsapp_delivery(input, Time(std::chrono::seconds(1'750'000'000)));
    require(delivery.unreadable.empty() || delivery.items.empty(), "what cannot be read has no items");
    for (const DeliveryItem& item : delivery.items) std::visit(CheckItem{}, item.what);
}

}  // namespace wabot::fuzz
