#include "cli/framework/json_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "cli/output/exit_codes.hpp"
#include "core/base/error.hpp"

namespace wabot::cli {

namespace {

std::vector<std::string> steps_of(std::string_view path) {
    std::vector<std::string> steps;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find('.', begin), path.size());
        if (end == begin) usage_error(fmt::format("\"{}\" is not a path", path), "separate names with dots: text.body, contacts.0.name");
        steps.emplace_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return steps;
}

std::optional<std::size_t> index_of(const std::string& step) {
    std::size_t index = 0;
    const auto [end, failed] = std::from_chars(step.data(), step.data() + step.size(), index);
    if (failed != std::errc() || end != step.data() + step.size()) return std::nullopt;
    return index;
}

/// What stands at one step below `json`; null when nothing does.
Json* below(Json& json, const std::string& step) {
    if (json.is_array()) {
        const auto index = index_of(step);
        return index && *index < json.size() ? &json[*index] : nullptr;
    }
    if (!json.is_object()) return nullptr;
    const auto found = json.find(step);
    return found == json.end() ? nullptr : &*found;
}

/// The same, made when it is missing.
Json& made_below(Json& json, const std::string& step, std::string_view path) {
    if (json.is_null()) json = Json::object();
    if (Json* const found = below(json, step)) return *found;
    if (json.is_object()) return json[step];
    const auto index = index_of(step);
    if (!json.is_array() || !index || *index != json.size()) usage_error(fmt::format("\"{}\" leads nowhere at \"{}\"", path, step));
    json.push_back(nullptr);
    return json.back();
}

std::optional<Json> as_json(const std::string& text) {
    try {
        return read_json(text);
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace

void set_at(Json& json, std::string_view path, const std::string& text) {
    const bool wants_json = path.ends_with(':');
    if (wants_json) path.remove_suffix(1);
    Json* at = &json;
    for (const std::string& step : steps_of(path)) at = &made_below(*at, step, path);
    if (at->is_string() && !wants_json) {
        *at = text;
        return;
    }
    auto value = as_json(text);
    if (!value && wants_json) usage_error(fmt::format("the value of {}: is no JSON", path));
    *at = value ? std::move(*value) : Json(text);
}

void unset_at(Json& json, std::string_view path) {
    const std::vector<std::string> steps = steps_of(path);
    Json* at = &json;
    for (std::size_t i = 0; at != nullptr && i + 1 < steps.size(); ++i) at = below(*at, steps[i]);
    if (at == nullptr || below(*at, steps.back()) == nullptr) usage_error(fmt::format("there is no {}", path), {}, "--unset");
    if (at->is_array())
        at->erase(*index_of(steps.back()));
    else
        at->erase(steps.back());
}

}  // namespace wabot::cli
