#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/http/http_limits.hpp"
#include "server/http/request.hpp"

namespace wabot {

/// Why a message is not served and the connection ends. Status 0: without a word.
struct Refusal {
    int status = 0;
    std::string detail;
};

/// Finds the end of a request's head, and refuses what another reader of the same bytes might take apart differently (RFC 9112 sections 2.2,
/// 5.1, 5.2 and 11.2): bare CR or LF, NUL, folded lines, tabs where the length is told.
class HeadScanner {
public:
    explicit HeadScanner(const HttpLimits& limits) : limits_(limits) {}

    struct Outcome {
        std::size_t length = 0;  // of the whole head; 0: not there yet
        std::optional<Refusal> refusal;
    };

    /// `bytes`: all since the beginning of the head, what earlier calls were given included.
    Outcome look(std::string_view bytes);

private:
    std::optional<Refusal> check_line(std::string_view line) const;

    const HttpLimits& limits_;
    std::size_t seen_ = 0;        // bytes looked at
    std::size_t line_start_ = 0;  // of the line being read
    std::size_t lines_ = 0;       // complete ones
};

/// What the headers say about host, length, coding and expectations, against RFC 9112 sections 3.2, 6.1 and 6.3.
std::optional<Refusal> check_framing(const Request& request, bool is_http_1_1);

}  // namespace wabot
