#include "core/base/object_ref.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/base/text.hpp"

namespace wabot {

std::optional<std::int64_t> as_id(std::string_view who) {
    if (who.empty() || !std::ranges::all_of(who, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
    std::int64_t id = 0;
    const auto [end, failure] = std::from_chars(who.data(), who.data() + who.size(), id);
    return failure == std::errc{} ? id : 0;
}

void throw_no_such(std::string_view noun, std::string_view who, std::span<const std::string> known, std::string_view hint) {
    const std::vector<std::string_view> words(known.begin(), known.end());
    const std::string near = as_id(who) ? std::string() : did_you_mean(who, words);
    const std::string shown = mask_numbers(who.substr(0, 100));
    throw Error(Errc::not_found, near.empty() ? fmt::format("no {} {}", noun, shown) : fmt::format("no {} {}; {}", noun, shown, near),
                std::string(hint));
}

void check_key(std::string_view key, std::vector<Fault>& faults) {
    if (key.empty())
        faults.push_back({"key", "is needed, or a name to make it from", "missing"});
    else if (key.size() > 100)
        faults.push_back({"key", "is longer than 100 characters", "length"});
    else if (as_id(key))
        faults.push_back({"key", "is all digits: that would read as an id", "value"});
    else if (!is_slug(key))
        faults.push_back({"key", fmt::format("may hold a-z, 0-9, - and _ only, such as {}", slug_of(key)), "value"});
}

void check_length(std::string_view where, std::string_view text, std::size_t least, std::size_t most, std::vector<Fault>& faults) {
    if (!valid_utf8(text)) {
        faults.push_back({std::string(where), "is not UTF-8", "value"});
        return;
    }
    const std::size_t length = count_code_points(text);
    if (length < least)
        faults.push_back({std::string(where), "must not be empty", "missing"});
    else if (length > most)
        faults.push_back({std::string(where), fmt::format("is longer than {} characters", most), "length"});
}

void throw_if_any(std::string_view noun, const std::vector<Fault>& faults) {
    if (faults.empty()) return;
    std::string message = fmt::format("{} refused: ", noun);
    for (const Fault& fault : faults) message += fmt::format("{}{} {}", &fault == &faults.front() ? "" : "; ", fault.where, fault.message);
    throw Error(Errc::invalid, message, faults);
}

}  // namespace wabot
