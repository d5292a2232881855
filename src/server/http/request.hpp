#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wabot {

enum class Verb { get, head, post, put, patch, del, options };

/// "GET" -> Verb::get; nullopt for methods we do not serve.
std::optional<Verb> to_verb(std::string_view method);
std::string_view to_word(Verb verb);

/// One request as handlers see it. The views point into the connection and hold until the answer is given.
struct Request {
    std::string_view method;
    std::string_view target;                                                // as it came
    std::vector<std::pair<std::string_view, std::string>> path_parameters;  // decoded
    std::vector<std::pair<std::string, std::string>> query;                 // decoded, in order, repeats kept
    std::vector<std::pair<std::string_view, std::string_view>> headers;     // in order, repeats kept
    std::string_view body;
    std::string_view peer;     // the client's address without port; behind a trusted proxy the one that it names
    bool is_loopback = false;  // the connection comes from this machine
    bool is_exempt = false;    // from limits by address: this machine, and a trusted proxy that names no client
    std::string id;

    /// The path parameter of that name, which the route must have.
    const std::string& path(std::string_view name) const;
    /// The query parameter, or nothing. Error{invalid} when it is given twice.
    std::optional<std::string_view> parameter(std::string_view name) const;
    /// The first header of that name in any case, or nothing.
    std::optional<std::string_view> header(std::string_view name) const;
    std::size_t header_count(std::string_view name) const;
};

/// ASCII letters compare without case.
bool same_word(std::string_view a, std::string_view b);

}  // namespace wabot
