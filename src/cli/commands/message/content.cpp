#include "cli/commands/message/content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <span>

#include "cli/framework/lookup.hpp"
#include "core/base/object_ref.hpp"
#include "core/base/strict_json.hpp"

namespace wabot::cli {

namespace {

constexpr std::size_t input_max = 1024 * 1024;

/// An option, whether it was given, and what it says: a kind of content, or with which of those options it goes.
struct Given {
    std::string_view option;
    bool is_given;
};
struct Companion {
    std::string_view option;
    bool is_given;
    std::string_view of;  // apart by spaces
};

std::vector<Given> kinds_given(const ContentOptions& o) {
    return {{"--image", o.image.has_value()},
            {"--video", o.video.has_value()},
            {"--audio", o.audio.has_value()},
            {"--document", o.document.has_value()},
            {"--sticker", o.sticker.has_value()},
            {"--template", o.template_name.has_value()},
            {"--button", !o.buttons.empty()},
            {"--list", o.list.has_value()},
            {"--cta", o.cta.has_value()},
            {"--ask-location", o.ask_location},
            {"--interactive", o.interactive.has_value()},
            {"--react", o.react.has_value()},
            {"--remove", o.remove},
            {"--location", o.location.has_value()},
            {"--contact-card", o.contact_card.has_value()}};
}

std::vector<Companion> companions_given(const ContentOptions& o) {
    return {{"--text", o.text.has_value(), "--button --list --cta --ask-location"},
            {"--preview-url", o.preview_url, "--text"},
            {"--caption", o.caption.has_value(), "--image --video --document"},
            {"--filename", o.filename.has_value(), "--document"},
            {"--voice", o.voice, "--audio"},
            {"--language", o.language.has_value(), "--template"},
            {"--var", !o.vars.empty(), "--template"},
            {"--components", o.components.has_value(), "--template"},
            {"--header", o.header.has_value(), "--button --list --cta"},
            {"--footer", o.footer.has_value(), "--button --list --cta"},
            {"--to-message", o.to_message.has_value(), "--react --remove"},
            {"--name", o.name.has_value(), "--location"},
            {"--address", o.address.has_value(), "--location"}};
}

std::string listed(std::string_view words) {
    std::string out(words);
    for (std::size_t at = 0; (at = out.find(' ', at)) != std::string::npos; at += 2) out.replace(at, 1, ", ");
    return out;
}

bool has_word(std::string_view words, std::string_view word) {
    const std::string all = " " + std::string(words) + " ";
    return all.find(" " + std::string(word) + " ") != std::string::npos;
}

/// The one option that says what is sent; everything else that was given goes with it.
std::string_view kind_given(const ContentOptions& options) {
    std::string_view kind;
    std::string all = "--text";
    for (const Given& one : kinds_given(options)) {
        all += ", " + std::string(one.option);
        if (!one.is_given) continue;
        if (!kind.empty()) usage_error(fmt::format("{} and {} exclude each other", kind, one.option), {}, std::string(one.option));
        kind = one.option;
    }
    if (kind.empty() && !options.text) usage_error("message send takes one of " + all, {}, "--text");
    if (kind.empty()) kind = "--text";
    for (const Companion& one : companions_given(options))
        if (one.is_given && one.option != kind && !has_word(one.of, kind))
            usage_error(fmt::format("{} does not go with {}; it goes with {}", one.option, kind, listed(one.of)), {}, std::string(one.option));
    return kind;
}

void need(bool is_given, std::string_view option, std::string_view kind) {
    if (!is_given) usage_error(fmt::format("{} needs {}", kind, option), {}, std::string(option));
}

Json read_document(const std::string& file) {
    const std::string text = read_input(file, input_max);
    try {
        return read_strict_json(text);
    } catch (const JsonError& error) {
        throw error.in_file(file, text);
    }
}

std::string read_text(const std::string& text) {
    if (text != "-") return text;
    std::string input = read_input("-", input_max);
    input.erase(input.find_last_not_of("\r\n") + 1);  // an editor's last line end is no part of the message
    return input;
}

void put(Json& object, const char* name, const std::optional<std::string>& value) {
    if (value) object[name] = *value;
}

AskedContent asked(ContentKind kind, const Json& object) {
    return {kind, {write_json(object)}, std::nullopt};
}

// --- media

AskedContent media(ContentKind kind, const std::string& source, const ContentOptions& options) {
    Json object;
    std::optional<std::string> path;
    if (source.starts_with("https://") || source.starts_with("http://"))
        object["link"] = source;
    else if (source.starts_with("id:"))
        object["id"] = source.substr(3);
    else
        object["file"] = 0, path = source;
    put(object, "caption", options.caption);
    put(object, "filename", options.filename);
    if (options.voice) object["voice"] = true;
    if (kind == ContentKind::document && path && !options.filename) object["filename"] = path->substr(path->rfind('/') + 1);
    return {kind, {write_json(object)}, std::move(path)};
}

// --- templates

/// The values of one component, by place ("1") or by name.
using Values = std::vector<NameAndText>;

Json parameters_of(const std::string& component, const Values& values) {
    Json parameters = Json::array();
    std::map<std::size_t, std::string> by_place;
    for (const auto& [name, text] : values) {
        if (const auto place = as_id(name))
            by_place[static_cast<std::size_t>(*place)] = text;
        else
            parameters.push_back({{"type", "text"}, {"parameter_name", name}, {"text", text}});
    }
    if (!by_place.empty() && !parameters.empty())
        usage_error("--var: the values of the " + component + " must all be numbered or all be named", {}, "--var");
    for (const auto& [place, text] : by_place) {
        if (place != parameters.size() + 1)
            usage_error(fmt::format("--var: the {} has a value {} and no value {}", component, place, parameters.size() + 1), {}, "--var");
        parameters.push_back({{"type", "text"}, {"text", text}});
    }
    return parameters;
}

/// Of "name=Ada", "1=Ada", "header.1=Ada" and "button.0=suffix".
Json components_of(const Values& vars) {
    std::map<std::string, Values> texts;
    Json buttons = Json::array();
    for (const auto& [key, text] : vars) {
        const std::size_t dot = key.find('.');
        const std::string component = dot == std::string::npos ? "body" : key.substr(0, dot);
        const std::string name = dot == std::string::npos ? key : key.substr(dot + 1);
        if (component == "button")
            buttons.push_back(
                {{"type", "button"}, {"sub_type", "url"}, {"index", name}, {"parameters", Json::array({{{"type", "text"}, {"text", text}}})}});
        else if (component == "header" || component == "body")
            texts[component].emplace_back(name, text);
        else
            usage_error(fmt::format("--var takes NAME=TEXT, header.NAME=TEXT or button.INDEX=TEXT, not \"{}\"", key), {}, "--var");
    }
    Json components = Json::array();
    for (const char* component : {"header", "body"})
        if (texts.contains(component)) components.push_back({{"type", component}, {"parameters", parameters_of(component, texts[component])}});
    for (Json& button : buttons) components.push_back(std::move(button));
    return components;
}

AskedContent of_template(const ContentOptions& options) {
    need(options.language.has_value(), "--language", "--template");
    if (options.components && !options.vars.empty()) usage_error("--components and --var exclude each other", {}, "--var");
    Json object{{"name", *options.template_name}, {"language", {{"code", *options.language}}}};
    if (options.components) object["components"] = read_document(*options.components);
    if (!options.vars.empty()) object["components"] = components_of(options.vars);
    return asked(ContentKind::template_, object);
}

// --- interactive

AskedContent interactive(const ContentOptions& options, std::string_view kind, const char* type, Json action) {
    need(options.text.has_value(), "--text", kind);
    Json object{{"type", type}};
    if (options.header) object["header"] = {{"type", "text"}, {"text", *options.header}};
    object["body"] = {{"text", read_text(*options.text)}};
    if (options.footer) object["footer"] = {{"text", *options.footer}};
    object["action"] = std::move(action);
    return asked(ContentKind::interactive, object);
}

Json reply_buttons(const std::vector<NameAndText>& buttons) {
    Json list = Json::array();
    for (const auto& [id, title] : buttons) list.push_back({{"type", "reply"}, {"reply", {{"id", id}, {"title", title}}}});
    return {{"buttons", list}};
}

Json link_button(const NameAndText& cta) {
    return {{"name", "cta_url"}, {"parameters", {{"display_text", cta.first}, {"url", cta.second}}}};
}

// --- the others

AskedContent location(const ContentOptions& options) {
    const std::string& text = *options.location;
    const std::size_t comma = text.find(',');
    const auto degrees = [&text](std::string_view digits) {
        double number = 0;
        const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (failed != std::errc() || end != digits.data() + digits.size())
            usage_error("--location takes LATITUDE,LONGITUDE, as in 48.137,11.575, not \"" + text + "\"", {}, "--location");
        return number;
    };
    const std::string_view whole = text;
    const double latitude = degrees(whole.substr(0, comma));
    const double longitude = degrees(comma == std::string::npos ? std::string_view{} : whole.substr(comma + 1));
    Json object{{"latitude", latitude}, {"longitude", longitude}};
    put(object, "name", options.name);
    put(object, "address", options.address);
    return asked(ContentKind::location, object);
}

AskedContent contact_cards(const std::string& file) {
    Json cards = read_document(file);
    if (!cards.is_array()) cards = Json::array({std::move(cards)});
    return asked(ContentKind::contacts, cards);
}

}  // namespace

AskedContent read_content(const ContentOptions& options) {
    const std::string_view kind = kind_given(options);
    if (kind == "--image") return media(ContentKind::image, *options.image, options);
    if (kind == "--video") return media(ContentKind::video, *options.video, options);
    if (kind == "--audio") return media(ContentKind::audio, *options.audio, options);
    if (kind == "--document") return media(ContentKind::document, *options.document, options);
    if (kind == "--sticker") return media(ContentKind::sticker, *options.sticker, options);
    if (kind == "--template") return of_template(options);
    if (kind == "--button") return interactive(options, kind, "button", reply_buttons(options.buttons));
    if (kind == "--list") return interactive(options, kind, "list", read_document(*options.list));
    if (kind == "--cta") return interactive(options, kind, "cta_url", link_button(*options.cta));
    if (kind == "--ask-location") return interactive(options, kind, "location_request_message", {{"name", "send_location"}});
    if (kind == "--interactive") return asked(ContentKind::interactive, read_document(*options.interactive));
    if (kind == "--location") return location(options);
    if (kind == "--contact-card") return contact_cards(*options.contact_card);
    if (kind == "--react" || kind == "--remove") {
        need(options.to_message.has_value(), "--to-message", kind);
        if (options.react && options.react->empty()) usage_error("--react takes an emoji; --remove takes a reaction back", {}, "--react");
        return asked(ContentKind::reaction, {{"emoji", options.react.value_or("")}});
    }
    const Content text = content::text(read_text(*options.text), options.preview_url);
    return {text.kind, text.object, std::nullopt};
}

void declare_content(CommandBuilder& cmd, ContentOptions& options) {
    constexpr const char* media = "FILE|URL|id:ID";
    cmd.group("Text");
    cmd.option("--text", options.text, "Text, or body of buttons and lists; -: stdin").shown_as("TEXT");
    cmd.flag("--preview-url", options.preview_url, "Show a preview of the first link in the text");
    cmd.group("Media");
    cmd.option("--image", options.image, "A file, a URL, or a media id of the provider").shown_as(media).completes(Noun::file);
    cmd.option("--video", options.video, "Like --image").shown_as(media).completes(Noun::file);
    cmd.option("--audio", options.audio, "Like --image").shown_as(media).completes(Noun::file);
    cmd.option("--document", options.document, "Like --image").shown_as(media).completes(Noun::file);
    cmd.option("--sticker", options.sticker, "Like --image").shown_as(media).completes(Noun::file);
    cmd.option("--caption", options.caption, "Caption of an image, a video or a document").shown_as("TEXT");
    cmd.option("--filename", options.filename, "File name of a document").shown_as("NAME");
    cmd.flag("--voice", options.voice, "Send the audio as a voice message (Ogg with Opus)");
    cmd.group("Template");
    cmd.option("--template", options.template_name, "An approved template; allowed at any time").shown_as("NAME").completes(Noun::template_);
    cmd.option("--language", options.language, "Language of the template: en, pt_BR").shown_as("CODE");
    cmd.option("--var", options.vars, "Value of a placeholder: 1=Ada or name=Ada in the body, header.1=Ada, button.0=SUFFIX of a link")
        .shown_as("NAME=TEXT");
    cmd.option("--components", options.components, "All components of the template, as JSON, instead of --var")
        .shown_as("FILE")
        .completes(Noun::file);
    cmd.group("Buttons, lists and forms");
    cmd.option("--button", options.buttons, "Reply button; up to three").shown_as("ID=TITLE");
    cmd.option("--list", options.list, "List of options: JSON with button and sections").shown_as("FILE").completes(Noun::file);
    cmd.option("--cta", options.cta, "Button that opens a link").shown_as("TITLE=URL");
    cmd.flag("--ask-location", options.ask_location, "Button with which the contact sends a location");
    cmd.option("--interactive", options.interactive, "Any interactive message, as JSON").shown_as("FILE").completes(Noun::file);
    cmd.option("--header", options.header, "Header of buttons and lists").shown_as("TEXT");
    cmd.option("--footer", options.footer, "Footer of buttons and lists").shown_as("TEXT");
    cmd.group("Reaction");
    cmd.option("--react", options.react, "React to the message of --to-message").shown_as("EMOJI");
    cmd.flag("--remove", options.remove, "Remove the reaction to the message of --to-message");
    cmd.option("--to-message", options.to_message, "Message to react to").shown_as("ID").completes(Noun::message);
    cmd.group("Location and contact cards");
    cmd.option("--location", options.location, "Coordinates of a location").shown_as("LAT,LON");
    cmd.option("--name", options.name, "Name of the location").shown_as("TEXT");
    cmd.option("--address", options.address, "Address of the location").shown_as("TEXT");
    cmd.option("--contact-card", options.contact_card, "Contact card, or a list of contact cards, as JSON").shown_as("FILE").completes(Noun::file);
    cmd.group({});
}

}  // namespace wabot::cli
