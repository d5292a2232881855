#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"

namespace wabot {

struct Response {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string content_type = {};  // none without a body
    std::string body = {};

    static Response json(const nlohmann::ordered_json& document, int status = 200);
    static Response text(std::string body, int status = 200);
    static Response empty(int status = 200);
    /// RFC 9457. `type` is the word of the status ("not_found"), `detail` what a person should read, `faults` what was wrong where.
    static Response problem(int status, std::string_view detail, std::string_view request_id, const std::vector<Fault>& faults = {});

    /// The value of a header we set, or empty.
    std::string_view header(std::string_view name) const;
};

/// The answer as it travels, up to its body: with the headers that every answer has.
void append_head(std::string& out, const Response& response, std::string_view request_id, bool keeps_open);
/// Whether a body may follow.
bool may_have_body(const Response& response);

/// "Not Found" for 404.
std::string_view reason_of(int status);

/// The HTTP status of a failure.
int status_of(Errc code);

}  // namespace wabot
