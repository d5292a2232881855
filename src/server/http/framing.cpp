#include "server/http/framing.hpp"

#include <algorithm>

namespace wabot {

namespace {

bool is_token_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Whether the line is a header that says where the body ends.
bool is_about_length(std::string_view line) {
    const std::string_view name = line.substr(0, line.find(':'));
    return same_word(name, "Content-Length") || same_word(name, "Transfer-Encoding");
}

std::optional<Refusal> check_request_line(std::string_view line) {
    const std::size_t mark = line.rfind(" HTTP/");
    if (mark == line.npos) return Refusal{400, "the first line is no HTTP/1.1 request line"};
    if (std::count(line.begin(), line.end(), ' ') != 2) return Refusal{400, "the request line does not have three parts"};
    const std::string_view number = line.substr(mark + 6);
    if (number == "1.1" || number == "1.0") return std::nullopt;
    if (number.size() == 3 && is_digit(number[0]) && number[1] == '.' && is_digit(number[2]))
        return Refusal{505, "only HTTP/1.1 and HTTP/1.0 are supported"};
    return Refusal{400, "the first line is no HTTP/1.1 request line"};
}

}  // namespace

HeadScanner::Outcome HeadScanner::look(std::string_view bytes) {
    if (!bytes.empty() && lines_ == 0 && !is_token_char(bytes[0]) && bytes != "\r") return {.refusal = Refusal{400, "this is no HTTP request"}};
    for (;;) {
        const std::size_t end = bytes.find('\n', seen_);
        if (end == bytes.npos) break;
        if (end == line_start_ || bytes[end - 1] != '\r') return {.refusal = Refusal{400, "a line of the head does not end with CR LF"}};
        const std::string_view line = bytes.substr(line_start_, end - 1 - line_start_);
        if (auto refusal = check_line(line)) return {.refusal = std::move(refusal)};
        if (end + 1 > limits_.head_max) return {.refusal = Refusal{431, "the head is too large"}};
        if (lines_ > 0 && line.empty()) return {.length = end + 1};
        ++lines_;
        seen_ = line_start_ = end + 1;
    }
    seen_ = bytes.size();
    if (lines_ == 0 && seen_ > limits_.request_line_max + 1) return {.refusal = Refusal{414, "the request line is too long"}};
    if (seen_ > limits_.head_max) return {.refusal = Refusal{431, "the head is too large"}};
    return {};
}

std::optional<Refusal> HeadScanner::check_line(std::string_view line) const {
    if (line.find('\r') != line.npos || line.find('\0') != line.npos) return Refusal{400, "the head holds a bare CR or a NUL"};
    if (lines_ == 0) {
        if (line.size() > limits_.request_line_max) return Refusal{414, "the request line is too long"};
        return check_request_line(line);
    }
    if (line.empty()) return std::nullopt;
    if (line[0] == ' ' || line[0] == '\t') return Refusal{400, "a header is folded over two lines"};
    if (line.find('\t') != line.npos && is_about_length(line)) return Refusal{400, "the length of the body is written with a tab"};
    if (lines_ > limits_.headers_max) return Refusal{431, "there are too many headers"};
    return std::nullopt;
}

std::optional<Refusal> check_framing(const Request& request, bool is_http_1_1) {
    const std::size_t hosts = request.header_count("Host");
    if (hosts > 1 || (hosts == 0 && is_http_1_1)) return Refusal{400, "there must be one Host header"};
    if (hosts == 1 && request.header("Host")->find_first_of(" \t,/\\@?#") != std::string_view::npos)
        return Refusal{400, "the Host header is no host"};

    const std::size_t lengths = request.header_count("Content-Length");
    const std::size_t codings = request.header_count("Transfer-Encoding");
    if (lengths + codings > 1) return Refusal{400, "the length of the body is given more than once"};
    if (lengths == 1) {
        const std::string_view length = *request.header("Content-Length");
        if (length.empty() || length.size() > 18 || !std::all_of(length.begin(), length.end(), is_digit))
            return Refusal{400, "Content-Length is no number"};
    }
    if (codings == 1) {
        if (!is_http_1_1) return Refusal{400, "Transfer-Encoding needs HTTP/1.1"};
        if (!same_word(*request.header("Transfer-Encoding"), "chunked")) return Refusal{501, "the only supported Transfer-Encoding is chunked"};
    }

    for (const auto& [name, value] : request.headers)
        if (same_word(name, "Content-Encoding") && !same_word(value, "identity")) return Refusal{415, "compressed bodies are not accepted"};
    for (const auto& [name, value] : request.headers)
        if (is_http_1_1 && same_word(name, "Expect") && !same_word(value, "100-continue"))
            return Refusal{417, "the only supported expectation is 100-continue"};
    return std::nullopt;
}

}  // namespace wabot
