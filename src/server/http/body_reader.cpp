#include "server/http/body_reader.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

namespace wabot {

namespace http = boost::beast::http;

namespace {

constexpr std::size_t chunk_line_max = 4 * 1024;  // bytes of a chunk's first line, and of all trailers
constexpr std::size_t chunk_extension_max = 256;  // bytes

}  // namespace

BodyReader::BodyReader(Request& request, std::string& body) : request_(request), body_(body) {
    header_limit(1024 * 1024);  // the scanner has the say
    body_limit(boost::none);    // known once the route is
}

std::optional<Refusal> BodyReader::read_head(std::string_view head) {
    error_code ec;
    put(boost::asio::buffer(head.data(), head.size()), ec);
    if (ec) return Refusal{400, "the head cannot be read: " + ec.message()};
    return std::nullopt;
}

std::optional<Refusal> BodyReader::expect_body(std::size_t body_max) {
    const auto length = content_length();
    if (length && *length > body_max) return Refusal{413, "the body is too large"};
    body_limit(body_max);
    eager(true);
    return std::nullopt;
}

std::optional<Refusal> BodyReader::read_body(std::string& in) {
    error_code ec;
    in.erase(0, put(boost::asio::buffer(in), ec));
    if (ec == http::error::body_limit) return Refusal{413, "the body is too large"};
    if (ec && ec != http::error::need_more) return Refusal{400, "the body cannot be read: " + ec.message()};
    if (in.size() > chunk_line_max && !is_done()) return Refusal{400, "a chunk's first line is too long"};
    return std::nullopt;
}

void BodyReader::on_request_impl(http::verb, string_view method, string_view target, int version, error_code&) {
    request_.method = {method.data(), method.size()};
    request_.target = {target.data(), target.size()};
    version_ = version;
}

void BodyReader::on_field_impl(http::field, string_view name, string_view value, error_code&) {
    if (in_body_) return;  // trailers
    request_.headers.emplace_back(std::string_view(name.data(), name.size()), std::string_view(value.data(), value.size()));
}

std::size_t BodyReader::on_body_impl(string_view bytes, error_code&) {
    body_.append(bytes.data(), bytes.size());
    return bytes.size();
}

void BodyReader::on_chunk_header_impl(std::uint64_t, string_view extensions, error_code& ec) {
    // Beast takes a line end within quotes for a part of them; for others the chunk begins there.
    const bool ends_early = std::string_view(extensions.data(), extensions.size()).find_first_of("\r\n") != std::string_view::npos;
    if (extensions.size() > chunk_extension_max || ends_early) ec = http::error::bad_chunk_extension;
}

}  // namespace wabot
