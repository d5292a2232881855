#include "core/channels/without_numbers.hpp"

#include <algorithm>

namespace wabot {

namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view digits_and_joints = "0123456789 -.()+";

}  // namespace

std::string without_numbers(std::string_view text, std::string_view keep) {
    std::string out;
    while (!text.empty()) {
        const std::size_t begin = text.find_first_of("+0123456789");
        out += text.substr(0, begin);
        if (begin == std::string_view::npos) break;
        text.remove_prefix(begin);
        std::string_view run = text.substr(0, text.find_first_not_of(digits_and_joints));
        run = run.substr(0, std::max<std::size_t>(run.find_last_of(digits) + 1, 1));
        const auto count = std::ranges::count_if(run, [](char c) { return digits.find(c) != std::string_view::npos; });
        if (count < 4 || run == keep)
            out += run;
        else
            out += "…";
        text.remove_prefix(run.size());
    }
    return out;
}

std::string without_long_numbers(std::string_view text) {
    constexpr std::ptrdiff_t digits_of_a_number = 7;
    const auto count = std::ranges::count_if(text, [](char c) { return digits.find(c) != std::string_view::npos; });
    return count < digits_of_a_number ? std::string(text) : without_numbers(text);
}

}  // namespace wabot
