#include "core/channels/content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/json_access.hpp"
#include "core/channels/content_shapes.hpp"

namespace wabot::content {

namespace {

constexpr std::int64_t KiB = 1024, MiB = 1024 * KiB;

/// What a provider takes as media of a kind.
struct MediaLimit {
    ContentKind kind;
    std::vector<std::string_view> types;
    std::int64_t size_max;
};

const std::vector<MediaLimit>& media_limits() {
    static const std::vector<MediaLimit> table{
        {ContentKind::image, {"image/jpeg", "image/png"}, 5 * MiB},
        {ContentKind::video, {"video/mp4", "video/3gpp"}, 16 * MiB},
        {ContentKind::audio, {"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}, 16 * MiB},
        {ContentKind::document,
         {"text/plain", "application/pdf", "application/msword", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
          "application/vnd.ms-excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.ms-powerpoint",
          "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
         100 * MiB},
        {ContentKind::sticker, {"image/webp"}, 100 * KiB},
    };
    return table;
}
constexpr std::int64_t animated_sticker_max = 500 * KiB;

const MediaLimit& limit_of(ContentKind kind) {
    const auto found = std::ranges::find(media_limits(), kind, &MediaLimit::kind);
    if (found == media_limits().end()) throw Error(Errc::bug, std::string(to_word(kind)) + " is no medium");
    return *found;
}

std::string with_part(std::string text, const std::string& more, std::string_view between) {
    if (!text.empty() && !more.empty()) text += between;
    return text + more;
}

std::string names_of(const Json& cards) {
    std::string names;
    for (const Json& card : cards) names = with_part(std::move(names), text_at(member(card, "name"), "formatted_name"), ", ");
    return names;
}

/// "order_ready: Ada, 12"
std::string readable_template(const Json& object) {
    std::string values;
    for (const Json& component : member(object, "components"))
        for (const Json& parameter : member(component, "parameters")) values = with_part(std::move(values), text_at(parameter, "text"), ", ");
    return with_part(text_at(object, "name"), values, ": ");
}

/// "Shall we? [Yes] [No]"
std::string readable_interactive(const Json& object) {
    const Json& action = member(object, "action");
    std::string choices;
    const auto add = [&choices](const std::string& title) {
        if (!title.empty()) choices += (choices.empty() ? "[" : " [") + title + "]";
    };
    for (const Json& button : member(action, "buttons")) add(text_at(member(button, "reply"), "title"));
    for (const Json& section : member(action, "sections"))
        for (const Json& row : member(section, "rows")) add(text_at(row, "title"));
    const Json& parameters = member(action, "parameters");
    add(with_part(text_at(parameters, "display_text"), text_at(parameters, "url"), ": "));
    add(text_at(parameters, "flow_cta"));
    return with_part(text_at(member(object, "body"), "text"), choices, " ");
}

/// Without an exponent.
std::string digits_of(double degrees) {
    std::string text = fmt::format("{}", degrees);
    return text.find('e') == std::string::npos ? text : fmt::format("{:.9f}", degrees);
}

std::string readable_location(const Json& object) {
    const auto degrees = [&object](const char* name) {
        const Json& json = member(object, name);
        return json.is_number() ? digits_of(json.get<double>()) : text_at(object, name);
    };
    const std::string place = with_part(text_at(object, "name"), text_at(object, "address"), ", ");
    return with_part(place, fmt::format("({}, {})", degrees("latitude"), degrees("longitude")), " ");
}

/// Calls `visit` with every object that names a file of ours, wherever it is.
void each_file(Json& json, const std::function<void(Json&)>& visit) {
    if (json.is_object() && json.contains("file") && json["file"].is_number_integer()) visit(json);
    if (json.is_structured())
        for (Json& inner : json) each_file(inner, visit);
}

void make_text(Json& object, const char* name) {
    if (object.contains(name) && object[name].is_number()) object[name] = digits_of(object[name].get<double>());
}

}  // namespace

Content text(std::string_view body, bool preview_url) {
    Json object{{"body", body}};
    if (preview_url) object["preview_url"] = true;
    return {ContentKind::text, {write_json(object)}};
}

Content make(ContentKind kind, const Json& object) {
    Content content{kind, {write_json(object)}};
    check(content);
    return content;
}

bool is_media(ContentKind kind) {
    return std::ranges::any_of(media_limits(), [kind](const MediaLimit& limit) { return limit.kind == kind; });
}

void check(const Content& content) {
    std::vector<Fault> faults = faults_of(content.kind, read_json(content.object.text));
    if (faults.empty()) return;
    std::string message;
    for (Fault& fault : faults) {
        const bool is_element = fault.where.starts_with('[');
        fault.where = std::string(to_word(content.kind)) + (fault.where.empty() || is_element ? "" : ".") + fault.where;
        message += (message.empty() ? "" : "; ") + fault.where + " " + fault.message;
    }
    throw Error(Errc::invalid, message, std::move(faults));
}

std::span<const std::string_view> media_types(ContentKind kind) {
    return limit_of(kind).types;
}

void check_file(ContentKind kind, const FileFacts& file) {
    const std::string word(to_word(kind));
    const MediaLimit& limit = limit_of(kind);
    if (std::ranges::find(limit.types, std::string_view(file.mime_type)) == limit.types.end())
        throw Error(Errc::invalid, fmt::format("{} may be {}, and the file is {}", word, fmt::join(limit.types, ", "), file.mime_type));
    const std::int64_t most = kind == ContentKind::sticker && file.is_animated ? animated_sticker_max : limit.size_max;
    if (file.size > most) throw Error(Errc::invalid, fmt::format("{} may have {} bytes, and the file has {}", word, most, file.size));
    if (file.size == 0) throw Error(Errc::invalid, word + " is an empty file");
}

std::string readable(const Content& content) {
    const Json object = read_json(content.object.text);
    switch (content.kind) {
        case ContentKind::text: return text_at(object, "body");
        case ContentKind::location: return readable_location(object);
        case ContentKind::contacts: return names_of(object);
        case ContentKind::reaction: return text_at(object, "emoji");
        case ContentKind::interactive: return readable_interactive(object);
        case ContentKind::template_: return readable_template(object);
        default: break;
    }
    const std::string caption = text_at(object, "caption");
    return caption.empty() ? text_at(object, "filename") : caption;
}

std::vector<std::int64_t> files_of(std::string_view object) {
    Json json = read_json(object);
    std::vector<std::int64_t> files;
    each_file(json, [&files](Json& media) {
        const auto id = media["file"].get<std::int64_t>();
        if (std::ranges::find(files, id) == files.end()) files.push_back(id);
    });
    return files;
}

JsonText with_media_id(std::string_view object, std::int64_t file, std::string_view media_id) {
    Json json = read_json(object);
    each_file(json, [&](Json& media) {
        if (media["file"].get<std::int64_t>() != file) return;
        media.erase("file");
        media["id"] = media_id;
    });
    return {write_json(json)};
}

Json whatsapp_object(ContentKind kind, std::string_view object, std::string_view refers_to) {
    Json json = read_json(object);
    if (kind == ContentKind::location) {
        make_text(json, "latitude");
        make_text(json, "longitude");
    }
    if (kind == ContentKind::reaction) json["message_id"] = refers_to;
    if (kind == ContentKind::template_) {
        json["language"]["policy"] = "deterministic";
        if (json.contains("components"))
            for (Json& component : json["components"])
                if (component.contains("index") && component["index"].is_number()) component["index"] = component["index"].dump();
    }
    if (kind == ContentKind::contacts)
        for (Json& card : json) {
            Json& name = card["name"];
            // Meta wants one of its parts besides.
            if (name.size() == 1) name["first_name"] = name["formatted_name"];
        }
    return json;
}

}  // namespace wabot::content
