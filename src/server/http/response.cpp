#include "server/http/response.hpp"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "core/base/json.hpp"
#include "server/http/request.hpp"

namespace wabot {

namespace {

struct Status {
    int number;
    std::string_view reason;
    std::string_view word;  // `type` of a problem
};

constexpr Status statuses[] = {
    {200, "OK", {}},
    {201, "Created", {}},
    {202, "Accepted", {}},
    {204, "No Content", {}},
    {304, "Not Modified", {}},
    {400, "Bad Request", "bad_request"},
    {401, "Unauthorized", "unauthenticated"},
    {403, "Forbidden", "denied"},
    {404, "Not Found", "not_found"},
    {405, "Method Not Allowed", "method_not_allowed"},
    {408, "Request Timeout", "request_timeout"},
    {409, "Conflict", "conflict"},
    {412, "Precondition Failed", "stale"},
    {413, "Content Too Large", "too_large"},
    {414, "URI Too Long", "target_too_long"},
    {415, "Unsupported Media Type", "unsupported_media_type"},
    {417, "Expectation Failed", "expectation_failed"},
    {422, "Unprocessable Content", "invalid"},
    {429, "Too Many Requests", "rate_limited"},
    {431, "Request Header Fields Too Large", "headers_too_large"},
    {500, "Internal Server Error", "bug"},
    {501, "Not Implemented", "not_implemented"},
    {502, "Bad Gateway", "rejected"},
    {503, "Service Unavailable", "unavailable"},
    {504, "Gateway Timeout", "timeout"},
    {505, "HTTP Version Not Supported", "version_not_supported"},
};

const Status& find_status(int number) {
    static constexpr Status unnamed{0, "Unknown", "about:blank"};
    const auto* found = std::find_if(std::begin(statuses), std::end(statuses), [number](const Status& row) { return row.number == number; });
    return found == std::end(statuses) ? unnamed : *found;
}

/// "query.limit" -> ["query", "limit"]; without such a beginning it is a field of the body.
Json location_of(std::string_view where) {
    Json out = Json::array();
    const std::string_view first = where.substr(0, where.find('.'));
    if (first != "query" && first != "path" && first != "header" && first != "body") out.push_back("body");
    while (!where.empty()) {
        const std::size_t dot = std::min(where.find('.'), where.size());
        out.push_back(where.substr(0, dot));
        where.remove_prefix(std::min(dot + 1, where.size()));
    }
    return out;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7), made once a second on each thread.
std::string_view date_now() {
    thread_local std::time_t made = 0;
    thread_local char text[32];
    if (const std::time_t now = std::time(nullptr); now != made) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        made = now;
    }
    return text;
}

bool ends_line(char c) {
    return c == '\r' || c == '\n' || c == '\0';
}

/// A header of a handler; what could begin a new line is left out.
void append_header(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    for (const char c : value)
        if (!ends_line(c)) out += c;
    out.append("\r\n");
}

}  // namespace

bool may_have_body(const Response& response) {
    return response.status != 204 && response.status != 304;
}

void append_head(std::string& out, const Response& response, std::string_view request_id, bool keeps_open) {
    out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ").append(reason_of(response.status)).append("\r\n");
    if (!response.content_type.empty()) append_header(out, "Content-Type", response.content_type);
    if (may_have_body(response)) out.append("Content-Length: ").append(std::to_string(response.body.size())).append("\r\n");
    out.append("X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nDate: ").append(date_now()).append("\r\n");
    append_header(out, "X-Request-Id", request_id);
    for (const auto& [name, value] : response.headers) append_header(out, name, value);
    out.append(keeps_open ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n");
}

std::string_view reason_of(int status) {
    return find_status(status).reason;
}

int status_of(Errc code) {
    switch (code) {
        case Errc::bad_request: return 400;
        case Errc::invalid: return 422;
        case Errc::unauthenticated: return 401;
        case Errc::denied: return 403;
        case Errc::not_found: return 404;
        case Errc::conflict: return 409;
        case Errc::stale: return 412;
        case Errc::too_large: return 413;
        case Errc::rate_limited: return 429;
        case Errc::unavailable: return 503;
        case Errc::timeout: return 504;
        case Errc::rejected: return 502;
        case Errc::uncertain: return 502;
        case Errc::bug: return 500;
    }
    return 500;
}

Response Response::json(const Json& document, int status) {
    return {.status = status, .content_type = "application/json", .body = write_json(document)};
}

Response Response::text(std::string body, int status) {
    return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(body)};
}

Response Response::empty(int status) {
    return {.status = status};
}

Response Response::problem(int status, std::string_view detail, std::string_view request_id, const std::vector<Fault>& faults) {
    const Status& row = find_status(status);
    Json errors = Json::array();
    for (const Fault& fault : faults) {
        Json item;
        item["loc"] = location_of(fault.where);
        item["msg"] = fault.message;
        item["type"] = fault.kind;
        errors.push_back(std::move(item));
    }
    Json document;
    document["type"] = row.word;
    document["title"] = row.reason;
    document["status"] = status;
    document["detail"] = detail;
    document["errors"] = std::move(errors);
    document["request_id"] = request_id;
    return {.status = status, .content_type = "application/problem+json", .body = write_json(document)};
}

std::string_view Response::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (same_word(key, name)) return value;
    return {};
}

}  // namespace wabot
