#include "server/http/request.hpp"

#include <algorithm>
#include <array>

#include "core/base/error.hpp"

namespace wabot {

namespace {

constexpr std::array<std::pair<std::string_view, Verb>, 7> verbs{{{"GET", Verb::get},
                                                                  {"HEAD", Verb::head},
                                                                  {"POST", Verb::post},
                                                                  {"PUT", Verb::put},
                                                                  {"PATCH", Verb::patch},
                                                                  {"DELETE", Verb::del},
                                                                  {"OPTIONS", Verb::options}}};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

}  // namespace

std::optional<Verb> to_verb(std::string_view method) {
    for (const auto& [word, verb] : verbs)
        if (word == method) return verb;
    return std::nullopt;
}

std::string_view to_word(Verb verb) {
    return std::find_if(verbs.begin(), verbs.end(), [verb](const auto& row) { return row.second == verb; })->first;
}

bool same_word(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

const std::string& Request::path(std::string_view name) const {
    for (const auto& [key, value] : path_parameters)
        if (key == name) return value;
    throw Error(Errc::bug, "the route has no path parameter " + std::string(name));
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
    std::optional<std::string_view> found;
    for (const auto& [key, value] : query) {
        if (key != name) continue;
        if (found) throw Error(Errc::invalid, "parameter given twice", {Fault{"query." + key, "given twice", "value"}});
        found = value;
    }
    return found;
}

std::optional<std::string_view> Request::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (same_word(key, name)) return value;
    return std::nullopt;
}

std::size_t Request::header_count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(headers.begin(), headers.end(), [name](const auto& row) { return same_word(row.first, name); }));
}

}  // namespace wabot
