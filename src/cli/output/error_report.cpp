#include "cli/output/error_report.hpp"

#include <fmt/format.h>

#include <new>
#include <nlohmann/json.hpp>

#include "cli/output/display.hpp"
#include "core/base/json.hpp"
#include "core/base/rate_limited.hpp"

namespace wabot::cli {

namespace {

std::string_view word_of(Exit exit) {
    for (const ExitRow& row : all_exits())
        if (row.code == static_cast<int>(exit)) return row.name;
    return "failed";
}

bool is_worth_repeating(Exit exit) {
    return exit == Exit::unavailable || exit == Exit::rate_limited;
}

Report report_bug(std::string_view what) {
    return {.exit = Exit::bug,
            .code = "bug",
            .message = fmt::format("internal error: {}", what),
            .hint = "this is a fault of wabot, not yours; please report it with the command"};
}

std::string human(const Report& report) {
    std::string text = fmt::format("wabot: {}\n", escaped_line(report.message));
    if (report.lists_faults)
        for (const Fault& fault : report.faults) text += fmt::format("  {}\n", escaped_line(fault.message));
    if (!report.hint.empty()) text += fmt::format("hint: {}\n", escaped_line(report.hint));
    return text;
}

std::string json(const Report& report, const std::string& request_id) {
    const auto or_null = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
    Json faults = Json::array();
    for (const Fault& fault : report.faults) faults.push_back({{"where", fault.where}, {"message", fault.message}, {"kind", fault.kind}});
    const Json error{{"code", report.code},
                     {"message", report.message},
                     {"hint", or_null(report.hint)},
                     {"exit", static_cast<int>(report.exit)},
                     {"retryable", report.retryable},
                     {"field", or_null(report.field)},
                     {"faults", std::move(faults)},
                     {"request_id", or_null(request_id)},
                     {"retry_after", report.retry_after ? Json(report.retry_after->count()) : Json(nullptr)}};
    return write_json(Json{{"error", error}}) + "\n";
}

}  // namespace

Report report_of(std::exception_ptr thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const CommandExit& end) {
        return {.exit = end.exit(),
                .code = std::string(word_of(end.exit())),
                .message = end.message(),
                .hint = end.hint(),
                .faults = end.faults(),
                .lists_faults = true,
                .field = end.field(),
                .retryable = is_worth_repeating(end.exit()),
                .retry_after = end.retry_after()};
    } catch (const Error& error) {
        if (error.code() == Errc::bug) return report_bug(error.what());
        const auto* limit = dynamic_cast<const RateLimited*>(&error);
        return {.exit = exit_of(error.code()),
                .code = std::string(to_word(error.code())),
                .message = error.what(),
                .hint = error.hint(),
                .faults = error.faults(),
                .field = error.faults().empty() ? std::string() : error.faults().front().where,
                .retryable = is_worth_repeating(exit_of(error.code())),
                .retry_after = limit != nullptr ? std::optional(limit->retry_after()) : std::nullopt};
    } catch (const std::bad_alloc&) {
        return {.exit = Exit::failed, .code = "failed", .message = "out of memory"};
    } catch (const std::exception& other) {
        return report_bug(other.what());
    }
}

std::string render(const Report& report, ErrorForm form, const std::string& request_id) {
    if (report.message.empty()) return {};
    return form == ErrorForm::json ? json(report, request_id) : human(report);
}

}  // namespace wabot::cli
