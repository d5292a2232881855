#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/framing.hpp"
#include "server/http/request.hpp"

namespace wabot {

/// Beast's parser, filling a Request with views of the head and a string with the body.
class BodyReader final : public boost::beast::http::basic_parser<true> {
public:
    BodyReader(Request& request, std::string& body);

    /// A whole head, as HeadScanner finds it; the views of the request point into it.
    std::optional<Refusal> read_head(std::string_view head);
    /// Before the body, once the route has said how many bytes it takes.
    std::optional<Refusal> expect_body(std::size_t body_max);
    /// Takes from the front of `in` what belongs to the body; until is_done().
    std::optional<Refusal> read_body(std::string& in);

    bool is_http_1_1() const { return version_ == 11; }

private:
    using error_code = boost::system::error_code;
    using string_view = boost::beast::string_view;

    void on_request_impl(boost::beast::http::verb, string_view method, string_view target, int version, error_code&) override;
    void on_field_impl(boost::beast::http::field, string_view name, string_view value, error_code&) override;
    void on_header_impl(error_code&) override { in_body_ = true; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view bytes, error_code&) override;
    void on_chunk_header_impl(std::uint64_t, string_view extensions, error_code& ec) override;
    std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code& ec) override { return on_body_impl(bytes, ec); }
    void on_finish_impl(error_code&) override {}
    void on_response_impl(int, string_view, int, error_code&) override {}

    Request& request_;
    std::string& body_;
    int version_ = 0;
    bool in_body_ = false;
};

}  // namespace wabot
