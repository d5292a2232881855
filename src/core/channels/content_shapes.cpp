#include "core/channels/content_shapes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/clock.hpp"
#include "core/base/json_access.hpp"
#include "core/base/text.hpp"

namespace wabot {

namespace {

enum class Form {
    text,
    word,  // one of `words`
    url,
    flag,
    index,     // a small number, or its digits
    latitude,  // a number of degrees, or its digits
    longitude,
    name,      // of a template: lower-case letters, digits and _
    language,  // en, pt_BR
    date,      // 2026-01-31
    emoji,     // one, or nothing
    file,      // the id of a file of ours
    object,
    list,  // of objects
    anything,
};

struct Rule;

/// The members that an object may have. Of media exactly one of `id`, `link` and `file` says where it is.
struct Shape {
    const Rule* rules = nullptr;
    std::size_t count = 0;
    bool is_media = false;
    bool is_open = false;  // more members may come: they are the provider's business

    constexpr Shape() = default;
    template <std::size_t N>
    constexpr Shape(const Rule (&members)[N], bool media = false, bool open = false) : rules(members), count(N), is_media(media), is_open(open) {}
};

struct Rule {
    std::string_view name;
    Form form = Form::text;
    std::size_t max = 1024;  // characters of a text, elements of a list
    bool required = false;
    Shape shape = {};             // of an object, or of each of a list
    std::string_view words = {};  // apart by spaces
};

constexpr bool required = true;

// --- media

constexpr Rule source[] = {{"id", Form::text, 255}, {"link", Form::url, 2048}, {"file", Form::file}};
constexpr Rule with_caption[] = {{"caption"}};
constexpr Rule audio[] = {{"voice", Form::flag}};
constexpr Rule document[] = {{"caption"}, {"filename", Form::text, 240}};
constexpr Shape media_only = [] {
    Shape shape;
    shape.is_media = true;
    return shape;
}();

// --- location, reaction, text

constexpr Rule text[] = {{"body", Form::text, 0, required}, {"preview_url", Form::flag}};
constexpr Rule location[] = {{"latitude", Form::latitude, 0, required}, {"longitude", Form::longitude, 0, required}, {"name"}, {"address"}};
constexpr Rule reaction[] = {{"emoji", Form::emoji, 16, required}};

// --- contacts

constexpr std::string_view places = "HOME WORK";
constexpr std::size_t cards_max = 5;
constexpr Rule name[] = {{"formatted_name", Form::text, 255, required},
                         {"first_name", Form::text, 255},
                         {"middle_name", Form::text, 255},
                         {"last_name", Form::text, 255},
                         {"prefix", Form::text, 255},
                         {"suffix", Form::text, 255}};
constexpr Rule phone[] = {
    {"phone", Form::text, 40, required}, {"type", Form::word, 0, false, {}, "HOME WORK CELL MAIN IPHONE"}, {"wa_id", Form::text, 20}};
constexpr Rule email[] = {{"email", Form::text, 320, required}, {"type", Form::word, 0, false, {}, places}};
constexpr Rule web_page[] = {{"url", Form::url, 2048, required}, {"type", Form::word, 0, false, {}, places}};
constexpr Rule address[] = {{"street"},
                            {"city"},
                            {"state"},
                            {"zip", Form::text, 20},
                            {"country"},
                            {"country_code", Form::text, 2},
                            {"type", Form::word, 0, false, {}, places}};
constexpr Rule organisation[] = {{"company"}, {"department"}, {"title"}};
constexpr Rule card[] = {{"name", Form::object, 0, required, name},
                         {"phones", Form::list, 20, false, phone},
                         {"emails", Form::list, 20, false, email},
                         {"urls", Form::list, 20, false, web_page},
                         {"addresses", Form::list, 20, false, address},
                         {"org", Form::object, 0, false, organisation},
                         {"birthday", Form::date}};

// --- template

constexpr Rule language[] = {{"code", Form::language, 20, required}, {"policy", Form::word, 0, false, {}, "deterministic"}};
// Parameters have many forms, each with a member of its own; what Meta adds is its to refuse.
constexpr Rule parameter[] = {{"type", Form::text, 40, required},
                              {"text", Form::text, 32'768},
                              {"image", Form::object, 0, false, media_only},
                              {"video", Form::object, 0, false, media_only},
                              {"document", Form::object, 0, false, {document, true}}};
// Of any type: Meta adds some.
constexpr Rule component[] = {{"type", Form::text, 40, required},
                              {"sub_type", Form::text, 40},
                              {"index", Form::index},
                              {"parameters", Form::list, 100, false, {parameter, false, true}}};
constexpr Rule template_of[] = {{"name", Form::name, 512, required},
                                {"language", Form::object, 0, required, language},
                                {"components", Form::list, 20, false, {component, false, true}}};

// --- interactive

constexpr Rule header[] = {{"type", Form::word, 0, required, {}, "text image video document"},
                           {"text", Form::text, 60},
                           {"image", Form::object, 0, false, media_only},
                           {"video", Form::object, 0, false, media_only},
                           {"document", Form::object, 0, false, {document, true}}};
constexpr Rule text_header[] = {{"type", Form::word, 0, required, {}, "text"}, {"text", Form::text, 60, required}};
constexpr Rule body[] = {{"text", Form::text, 1024, required}};
constexpr Rule long_body[] = {{"text", Form::text, 4096, required}};
constexpr Rule footer[] = {{"text", Form::text, 60, required}};

constexpr Rule reply[] = {{"id", Form::text, 256, required}, {"title", Form::text, 20, required}};
constexpr Rule button[] = {{"type", Form::word, 0, required, {}, "reply"}, {"reply", Form::object, 0, required, reply}};
constexpr Rule buttons[] = {{"buttons", Form::list, 3, required, button}};
constexpr Rule row[] = {{"id", Form::text, 200, required}, {"title", Form::text, 24, required}, {"description", Form::text, 72}};
constexpr Rule section[] = {{"title", Form::text, 24}, {"rows", Form::list, 10, required, row}};
constexpr Rule list_action[] = {{"button", Form::text, 20, required}, {"sections", Form::list, 10, required, section}};
constexpr Rule link[] = {{"display_text", Form::text, 20, required}, {"url", Form::url, 2000, required}};
constexpr Rule link_action[] = {{"name", Form::word, 0, required, {}, "cta_url"}, {"parameters", Form::object, 0, required, link}};
constexpr Rule ask_location[] = {{"name", Form::word, 0, required, {}, "send_location"}};
constexpr Rule flow[] = {{"flow_message_version", Form::word, 0, required, {}, "3"},
                         {"flow_cta", Form::text, 30, required},
                         {"flow_id", Form::text, 255},
                         {"flow_name", Form::text, 255},
                         {"flow_token", Form::text, 255},
                         {"mode", Form::word, 0, false, {}, "draft published"},
                         {"flow_action", Form::word, 0, false, {}, "navigate data_exchange"},
                         {"flow_action_payload", Form::anything}};
constexpr Rule flow_action[] = {{"name", Form::word, 0, required, {}, "flow"}, {"parameters", Form::object, 0, required, flow}};
constexpr Rule product_item[] = {{"product_retailer_id", Form::text, 255, required}};
constexpr Rule product_action[] = {{"catalog_id", Form::text, 255, required}, {"product_retailer_id", Form::text, 255, required}};
constexpr Rule product_section[] = {{"title", Form::text, 24}, {"product_items", Form::list, 30, required, product_item}};
constexpr Rule products_action[] = {{"catalog_id", Form::text, 255, required}, {"sections", Form::list, 10, required, product_section}};
constexpr Rule thumbnail[] = {{"thumbnail_product_retailer_id", Form::text, 255, required}};
constexpr Rule catalog_action[] = {{"name", Form::word, 0, required, {}, "catalog_message"}, {"parameters", Form::object, 0, false, thumbnail}};

/// What an interactive message of each type has besides `type`.
#define WABOT_PARTS(header, body, is_body_required, action)                                                  \
    {"type"}, {"header", Form::object, 0, false, header}, {"body", Form::object, 0, is_body_required, body}, \
        {"footer", Form::object, 0, false, footer}, {                                                        \
        "action", Form::object, 0, required, action                                                          \
    }
constexpr Rule button_message[] = {WABOT_PARTS(header, body, required, buttons)};
constexpr Rule list_message[] = {WABOT_PARTS(text_header, long_body, required, list_action)};
constexpr Rule link_message[] = {WABOT_PARTS(header, body, required, link_action)};
constexpr Rule flow_message[] = {WABOT_PARTS(header, body, required, flow_action)};
constexpr Rule products_message[] = {WABOT_PARTS(text_header, body, required, products_action)};
#undef WABOT_PARTS
constexpr Rule location_request[] = {{"type"}, {"body", Form::object, 0, required, body}, {"action", Form::object, 0, required, ask_location}};
constexpr Rule product_message[] = {{"type"},
                                    {"body", Form::object, 0, false, body},
                                    {"footer", Form::object, 0, false, footer},
                                    {"action", Form::object, 0, required, product_action}};
constexpr Rule catalog_message[] = {{"type"},
                                    {"body", Form::object, 0, required, body},
                                    {"footer", Form::object, 0, false, footer},
                                    {"action", Form::object, 0, required, catalog_action}};

/// Of a type that is not listed: Meta adds some. What all types share is checked, the rest goes out as it is.
constexpr Shape any_action = [] {
    Shape shape;
    shape.is_open = true;
    return shape;
}();
constexpr Rule other_message[] = {{"type", Form::text, 64, required},
                                  {"body", Form::object, 0, false, {body, false, true}},
                                  {"footer", Form::object, 0, false, {footer, false, true}},
                                  {"action", Form::object, 0, required, any_action}};

struct InteractiveType {
    std::string_view word;
    Shape shape;
};
constexpr InteractiveType interactive_types[] = {
    {"button", button_message}, {"list", list_message},       {"cta_url", link_message},          {"location_request_message", location_request},
    {"flow", flow_message},     {"product", product_message}, {"product_list", products_message}, {"catalog_message", catalog_message}};

// --- walking

std::string joined(std::string_view place, std::string_view name) {
    return place.empty() ? std::string(name) : fmt::format("{}.{}", place, name);
}

std::string listed(std::string_view words) {
    std::string out(words);
    for (std::size_t at = 0; (at = out.find(' ', at)) != std::string::npos; at += 2) out.replace(at, 1, ", ");
    return out;
}

bool has_word(std::string_view words, std::string_view word) {
    while (!words.empty()) {
        const std::string_view first = words.substr(0, words.find(' '));
        if (first == word) return true;
        words.remove_prefix(std::min(words.size(), first.size() + 1));
    }
    return false;
}

bool is_made_of(std::string_view text, std::string_view characters) {
    return text.find_first_not_of(characters) == std::string_view::npos;
}

constexpr std::string_view digits = "0123456789";
constexpr std::string_view small = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

bool is_url(std::string_view text) {
    const bool has_scheme = text.starts_with("https://") || text.starts_with("http://");
    const std::string_view rest = text.substr(std::min(text.size(), text.find("//") + 2));
    return has_scheme && !rest.empty() && rest.front() != '/' && text.find_first_of(" \t\r\n\"<>") == std::string_view::npos;
}

bool is_language(std::string_view text) {
    const std::size_t line = text.find('_');
    const std::string_view language = text.substr(0, line);
    const std::string_view country = line == std::string_view::npos ? std::string_view{} : text.substr(line + 1);
    const bool country_fits = line == std::string_view::npos || (country.size() == 2 && is_made_of(country, capitals));
    return (language.size() == 2 || language.size() == 3) && is_made_of(language, small) && country_fits;
}

bool is_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
    return from_iso(std::string(text) + "T00:00:00Z").has_value();
}

/// No plain text: letters, and what is said with them. The signs of keycaps begin with an ASCII character.
bool is_emoji(std::string_view text) {
    const bool is_keycap = text.size() > 3 && is_made_of(text.substr(0, 1), "0123456789#*") && text.ends_with("\xE2\x83\xA3");
    const bool is_high = std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    return text.empty() || is_keycap || is_high;
}

std::optional<double> degrees(const Json& json) {
    if (json.is_number()) return json.get<double>();
    if (!json.is_string()) return std::nullopt;
    const std::string& text = json.get_ref<const std::string&>();
    double number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

class Walk {
public:
    void fault(std::string place, std::string message, std::string_view kind) {
        faults_.push_back({std::move(place), std::move(message), std::string(kind)});
    }

    void object(const std::string& place, const Json& json, const Shape& shape) {
        if (!json.is_object()) return fault(place, "must be an object", "type");
        const auto rule_of = [&shape](std::string_view member) {
            return std::find_if(shape.rules, shape.rules + shape.count, [&](const Rule& r) { return r.name == member; });
        };
        const auto source_of = [&shape](std::string_view member) {
            return shape.is_media ? std::find_if(std::begin(source), std::end(source), [&](const Rule& r) { return r.name == member; })
                                  : std::end(source);
        };
        for (const auto& [member, value] : json.items()) {
            if (const auto found = source_of(member); found != std::end(source))
                one(joined(place, member), value, *found);
            else if (const auto rule = rule_of(member); rule != shape.rules + shape.count)
                one(joined(place, member), value, *rule);
            else if (!shape.is_open)
                fault(joined(place, first_characters(member, 100)), "is not a field; " + fields_of_shape(shape), "unknown");
        }
        for (std::size_t i = 0; i < shape.count; ++i)
            if (shape.rules[i].required && !json.contains(std::string(shape.rules[i].name)))
                fault(joined(place, shape.rules[i].name), "is missing", "missing");
        const auto given = std::ranges::count_if(source, [&json](const Rule& r) { return json.contains(std::string(r.name)); });
        if (shape.is_media && given != 1) fault(place, "needs one of id, link and file", given == 0 ? "missing" : "value");
    }

    void list(const std::string& place, const Json& json, std::size_t max, const Shape& shape) {
        if (!json.is_array()) return fault(place, "must be a list", "type");
        if (json.empty()) return fault(place, "must not be empty", "length");
        if (json.size() > max) return fault(place, fmt::format("has {} elements, and {} are allowed", json.size(), max), "length");
        for (std::size_t i = 0; i < json.size(); ++i) object(fmt::format("{}[{}]", place, i + 1), json[i], shape);
    }

    /// No two of them are the same.
    void distinct(const std::string& place, std::set<std::string>& seen, const Json& json) {
        if (json.is_string() && !seen.insert(json.get<std::string>()).second) fault(place, "is there twice", "value");
    }

    std::vector<Fault> faults() { return std::move(faults_); }

private:
    static std::string fields_of_shape(const Shape& shape) {
        std::string out = shape.is_media ? "id, link, file" : "";
        for (std::size_t i = 0; i < shape.count; ++i) out += (out.empty() ? "" : ", ") + std::string(shape.rules[i].name);
        return "there are " + out;
    }

    void one(const std::string& place, const Json& json, const Rule& rule) {
        switch (rule.form) {
            case Form::object: return object(place, json, rule.shape);
            case Form::list: return list(place, json, rule.max, rule.shape);
            case Form::anything: return;
            case Form::flag:
                if (!json.is_boolean()) fault(place, "must be true or false", "type");
                return;
            case Form::file:
                if (!json.is_number_integer() || json.get<std::int64_t>() <= 0) fault(place, "must be the id of a file", "type");
                return;
            case Form::latitude: return angle(place, json, 90);
            case Form::longitude: return angle(place, json, 180);
            case Form::index: {
                const std::string text = json.is_string() ? json.get<std::string>() : json.is_number_unsigned() ? json.dump() : "";
                if (text.empty() || text.size() > 2 || !is_made_of(text, digits)) fault(place, "must be a number from 0 to 99", "value");
                return;
            }
            default: return string(place, json, rule);
        }
    }

    void angle(const std::string& place, const Json& json, double most) {
        const auto number = degrees(json);
        if (!number || !(*number >= -most && *number <= most)) fault(place, fmt::format("must be a number from -{} to {}", most, most), "value");
    }

    void string(const std::string& place, const Json& json, const Rule& rule) {
        if (!json.is_string()) return fault(place, "must be a text", "type");
        const std::string& text = json.get_ref<const std::string&>();
        if (text.empty() && rule.form != Form::emoji) return fault(place, "is empty", "length");
        if (text.find('\0') != std::string::npos) return fault(place, "must not contain the character U+0000", "value");
        if (rule.form == Form::word) {
            if (!has_word(rule.words, text))
                fault(place, (rule.words.find(' ') == std::string_view::npos ? "must be " : "must be one of ") + listed(rule.words), "value");
            return;
        }
        if (const std::size_t count = count_code_points(text); rule.max != 0 && count > rule.max)
            return fault(place, fmt::format("has {} characters, and {} are allowed", count, rule.max), "length");
        if (rule.form == Form::url && !is_url(text)) fault(place, "must be an address that begins with https:// or http://", "value");
        if (rule.form == Form::name && !is_made_of(text, "abcdefghijklmnopqrstuvwxyz0123456789_")) fault(place, "is made of a-z, 0-9 and _", "value");
        if (rule.form == Form::language && !is_language(text)) fault(place, "must be a language like en or pt_BR", "value");
        if (rule.form == Form::date && !is_date(text)) fault(place, "must be a date like 2026-01-31", "value");
        if (rule.form == Form::emoji && !is_emoji(text)) fault(place, "must be one emoji, or empty", "value");
    }

    std::vector<Fault> faults_;
};

/// A header, or a parameter of a template, has the member that its type names.
void has_what_its_type_names(Walk& walk, const std::string& place, const Json& json, std::string_view types) {
    const Json& type = member(json, "type");
    if (type.is_string() && has_word(types, type.get_ref<const std::string&>()) && !json.contains(type.get<std::string>()))
        walk.fault(joined(place, type.get<std::string>()), "is missing", "missing");
}

void check_buttons(Walk& walk, const Json& action) {
    std::set<std::string> ids, titles;
    std::size_t number = 0;
    for (const Json& one : member(action, "buttons")) {
        const std::string place = fmt::format("action.buttons[{}].reply", ++number);
        walk.distinct(place + ".id", ids, member(member(one, "reply"), "id"));
        walk.distinct(place + ".title", titles, member(member(one, "reply"), "title"));
    }
}

/// Of a list of rows or of products: how many there are in all, and that sections can be told apart.
void check_sections(Walk& walk, const Json& action, std::string_view what, std::size_t max) {
    const Json& sections = member(action, "sections");
    if (!sections.is_array()) return;
    std::set<std::string> ids;
    std::size_t count = 0, number = 0;
    for (const Json& one : sections) {
        const std::string place = fmt::format("action.sections[{}]", ++number);
        if (sections.size() > 1 && !member(one, "title").is_string())
            walk.fault(place + ".title", "is missing: there are several sections", "missing");
        std::size_t in_section = 0;
        for (const Json& element : member(one, what)) {
            ++count;
            walk.distinct(fmt::format("{}.{}[{}].id", place, what, ++in_section), ids, member(element, "id"));
        }
    }
    if (count > max) walk.fault("action.sections", fmt::format("have {} {} in all, and {} are allowed", count, what, max), "length");
}

void check_interactive(Walk& walk, const Json& object) {
    const Json& word = member(object, "type");
    const auto type = std::ranges::find_if(
        interactive_types, [&word](const InteractiveType& t) { return word.is_string() && word.get_ref<const std::string&>() == t.word; });
    if (type == std::end(interactive_types)) return walk.object("", object, {other_message, false, true});
    walk.object("", object, type->shape);
    has_what_its_type_names(walk, "header", member(object, "header"), "text image video document");
    const Json& action = member(object, "action");
    if (type->word == "button") check_buttons(walk, action);
    if (type->word == "list") check_sections(walk, action, "rows", 10);
    if (type->word == "product_list") check_sections(walk, action, "product_items", 30);
    if (type->word == "flow" && member(action, "parameters").is_object() &&
        member(action, "parameters").contains("flow_id") == member(action, "parameters").contains("flow_name"))
        walk.fault("action.parameters", "needs one of flow_id and flow_name", "value");
}

/// "Param text cannot have new-line/tab characters or more than 4 consecutive spaces" (Meta, error 132018).
void check_template_text(Walk& walk, const std::string& place, const Json& parameter) {
    const Json& text = member(parameter, "text");
    if (!text.is_string()) return;
    const std::string& value = text.get_ref<const std::string&>();
    if (value.find_first_of("\n\r\t") != std::string::npos || value.find("     ") != std::string::npos)
        walk.fault(joined(place, "text"), "must have no line breaks, no tabs and at most four spaces in a row", "value");
}

void check_components(Walk& walk, const std::string& before, const Json& components) {
    std::size_t number = 0;
    for (const Json& one : components) {
        const std::string place = joined(before, fmt::format("components[{}]", ++number));
        const bool is_button = member(one, "type") == "button";
        for (const char* member : {"sub_type", "index"})
            if (is_button && !one.contains(member)) walk.fault(joined(place, member), "is missing", "missing");
        std::size_t in_component = 0;
        for (const Json& given : member(one, "parameters")) {
            const std::string at = fmt::format("{}.parameters[{}]", place, ++in_component);
            has_what_its_type_names(walk, at, given, "text image video document");
            check_template_text(walk, at, given);
        }
        std::size_t card_number = 0;
        for (const Json& one_card : member(one, "cards"))
            check_components(walk, fmt::format("{}.cards[{}]", place, ++card_number), member(one_card, "components"));
    }
}

void check_template(Walk& walk, const Json& object) {
    walk.object("", object, template_of);
    check_components(walk, "", member(object, "components"));
}

}  // namespace

std::vector<Fault> faults_of(ContentKind kind, const Json& object) {
    Walk walk;
    switch (kind) {
        case ContentKind::text: walk.object("", object, text); break;
        case ContentKind::image:
        case ContentKind::video: walk.object("", object, {with_caption, true}); break;
        case ContentKind::audio: walk.object("", object, {audio, true}); break;
        case ContentKind::document: walk.object("", object, {document, true}); break;
        case ContentKind::sticker: walk.object("", object, media_only); break;
        case ContentKind::location: walk.object("", object, location); break;
        case ContentKind::contacts: walk.list("", object, cards_max, card); break;
        case ContentKind::reaction: walk.object("", object, reaction); break;
        case ContentKind::interactive: check_interactive(walk, object); break;
        case ContentKind::template_: check_template(walk, object); break;
    }
    return walk.faults();
}

}  // namespace wabot
