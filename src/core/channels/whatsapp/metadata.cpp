#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "core/base/json_access.hpp"
#include "core/base/redact.hpp"
#include "core/base/text.hpp"
#include "core/channels/whatsapp/content.hpp"

namespace wabot::whatsapp {

namespace {

constexpr std::size_t text_max = 4096;       // characters of one fact
constexpr std::size_t form_max = 64 * 1024;  // of a form that was filled in
constexpr std::size_t list_max = 100;        // of products, cards, errors
constexpr std::size_t in_list_max = 255;     // characters of a fact of these
constexpr double price_unit = 1000;          // totals are exact to a thousandth: no currency has more digits
using Names = std::initializer_list<std::string_view>;

std::string short_text(const Json& object, std::string_view name, std::size_t most = text_max) {
    const std::string text = first_characters(text_at(object, name), most);
    return sanitize_utf8(text).value_or(text);
}

/// Those of the texts, numbers and switches called `names` that are there.
Json picked(const Json& object, Names names, std::size_t most = text_max) {
    Json out = Json::object();
    for (const std::string_view name : names) {
        const Json& value = member(object, name);
        if (value.is_boolean() || value.is_number())
            out[std::string(name)] = value;
        else if (std::string text = short_text(object, name, most); !text.empty())
            out[std::string(name)] = std::move(text);
    }
    return out;
}

void put(Json& out, std::string_view name, Json&& value) {
    if (!value.is_null() && !(value.is_structured() && value.empty())) out[std::string(name)] = std::move(value);
}

template <class Read>
Json each_member_of(const Json& list, Read read) {
    Json out = Json::array();
    if (!list.is_array()) return out;
    for (const Json& one : list) {
        if (out.size() == list_max) break;
        out.push_back(read(one));
    }
    return out;
}

bool is_true(const Json& object, std::string_view name) {
    const Json& value = member(object, name);
    return value.is_boolean() && value.get<bool>();
}

/// A number, or its digits as a text.
double number_at(const Json& object, std::string_view name, double otherwise) {
    constexpr std::size_t bytes_max = 64;
    const Json& value = member(object, name);
    if (value.is_number()) return value.get<double>();
    if (!value.is_string() || value.get_ref<const std::string&>().size() > bytes_max) return otherwise;
    const Json read = Json::parse(value.get_ref<const std::string&>(), nullptr, false);
    return read.is_number() ? read.get<double>() : otherwise;
}

/// The ids in it hold numbers: what is quoted is told by parent_id.
Json context_of(const Json& message) {
    const Json& context = member(message, "context");
    Json out = picked(context, {"forwarded", "frequently_forwarded"});
    put(out, "referred_product", picked(member(context, "referred_product"), {"catalog_id", "product_retailer_id"}));
    return out;
}

Json referral_of(const Json& message) {
    const Json& referral = member(message, "referral");
    Json out = picked(referral, {"source_type", "source_id", "source_url", "headline", "body", "media_type", "image_url", "video_url",
                                 "thumbnail_url", "ctwa_clid"});
    put(out, "welcome_message", picked(member(referral, "welcome_message"), {"text"}));
    return out;
}

Json order_of(const Json& order) {
    Json out = picked(order, {"catalog_id"});
    const Json& products = member(order, "product_items");
    if (!products.is_array()) return out;
    double total = 0;
    std::string currency;
    bool one_currency = true;
    for (const Json& product : products) {
        const std::string of_product = text_at(product, "currency");
        if (currency.empty()) currency = of_product;
        one_currency = one_currency && of_product == currency;
        total += number_at(product, "item_price", 0) * number_at(product, "quantity", 1);
    }
    out["count"] = products.size();
    if (one_currency && !currency.empty() && std::isfinite(total)) {
        out["total"] = std::round(total * price_unit) / price_unit;
        out["currency"] = currency;
    }
    put(out, "items", each_member_of(products, [](const Json& one) {
            return picked(one, {"product_retailer_id", "quantity", "item_price", "currency"}, in_list_max);
        }));
    return out;
}

Json interactive_of(const Json& interactive) {
    const std::string kind = text_at(interactive, "type");
    const Json& reply = member(interactive, kind);
    Json out = picked(interactive, {"type"});
    out.update(picked(reply, {"id", "title", "description", "name", "body", "response", "is_permanent", "expiration_timestamp", "response_source"}));
    if (std::string form = short_text(reply, "response_json", form_max); !form.empty()) out["response_json"] = std::move(form);
    return out;
}

/// Who is on the cards. Their numbers stay in the sealed item.
Json cards_of(const Json& contacts) {
    return each_member_of(contacts, [](const Json& card) {
        Json out = Json::object();
        if (const std::string name = first_characters(card_name(card), in_list_max); !name.empty()) out["name"] = redact_long_numbers(name);
        if (std::string company = short_text(member(card, "org"), "company", in_list_max); !company.empty())
            out["company"] = redact_long_numbers(company);
        const Json& phones = member(card, "phones");
        out["phones"] = phones.is_array() ? phones.size() : 0;
        return out;
    });
}

Json errors_of(const Json& message) {
    return each_member_of(member(message, "errors"), [](const Json& error) {
        Json out = picked(error, {"code"});
        const std::string code = text_at(error, "code");
        if (std::string title = short_text(error, "title"); !title.empty()) out["title"] = redact_numbers(title, code);
        if (std::string details = short_text(member(error, "error_data"), "details"); !details.empty())
            out["details"] = redact_numbers(details, code);
        return out;
    });
}

Json media_facts(const IncomingMedia& media) {
    Json out = Json::object();
    const auto add = [&](const char* name, const std::string& text) {
        if (!text.empty()) out[name] = text;
    };
    add("media_id", media.media_id);
    add("mime_type", media.mime_type);
    add("sha256", media.sha256);
    add("filename", media.filename);
    if (media.voice) out["voice"] = true;
    if (media.animated) out["animated"] = true;
    add("url", media.url);
    return out;
}

Json reaction_of(const Json& reaction) {
    const std::string emoji = short_text(reaction, "emoji");
    return emoji.empty() ? Json{{"removed", true}} : Json{{"emoji", emoji}};
}

}  // namespace

std::optional<IncomingMedia> media_of(const Json& message) {
    constexpr std::string_view types[] = {"image", "video", "audio", "document", "sticker"};
    const std::string type = text_at(message, "type");
    const Json& object = member(message, type);
    if (std::ranges::find(types, type) == std::end(types) || text_at(object, "id").empty()) return std::nullopt;
    return IncomingMedia{.media_id = short_text(object, "id"),
                         .mime_type = short_text(object, "mime_type"),
                         .sha256 = short_text(object, "sha256"),
                         .filename = short_text(object, "filename"),
                         .url = short_text(object, "url"),
                         .voice = is_true(object, "voice"),
                         .animated = is_true(object, "animated")};
}

Json metadata_of(const Json& message) {
    Json out = Json::object();
    const std::string type = text_at(message, "type");
    const Json& object = member(message, type);
    if (const auto media = media_of(message)) out["media"] = media_facts(*media);
    if (type == "location") put(out, "location", picked(object, {"latitude", "longitude", "name", "address", "url"}));
    if (type == "order") put(out, "order", order_of(object));
    if (type == "interactive") put(out, "interactive", interactive_of(object));
    if (type == "button") put(out, "button", picked(object, {"payload"}));
    if (type == "reaction") out["reaction"] = reaction_of(object);
    if (type == "contacts") put(out, "contacts", cards_of(object));
    if (type == "system" || type == "unsupported") put(out, type, picked(object, {"type"}));
    put(out, "context", context_of(message));
    put(out, "referral", referral_of(message));
    put(out, "identity", picked(member(message, "identity"), {"acknowledged", "created_timestamp", "hash"}));
    put(out, "errors", errors_of(message));
    return out;
}

}  // namespace wabot::whatsapp
