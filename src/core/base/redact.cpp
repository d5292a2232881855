#include "core/base/redact.hpp"

#include <algorithm>

namespace wabot {

namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view digits_and_joints = "0123456789 -.()+";

bool is_of_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// A provider may repeat what it was sent, the token included.
std::string without_tokens(std::string_view text) {
    constexpr std::size_t bytes_of_a_token = 20;
    std::string out;
    while (!text.empty()) {
        const auto end = std::ranges::find_if_not(text, is_of_word);
        const std::string_view word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
        const bool is_token = word.size() >= bytes_of_a_token && word.find_first_of(digits) != std::string_view::npos;
        out += is_token ? std::string_view("…") : word;
        text.remove_prefix(word.size());
        const std::size_t gap = static_cast<std::size_t>(std::ranges::find_if(text, is_of_word) - text.begin());
        out += text.substr(0, gap);
        text.remove_prefix(gap);
    }
    return out;
}

}  // namespace

std::string redact_numbers(std::string_view words, std::string_view keep) {
    const std::string kept = without_tokens(words);
    std::string_view text = kept;
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

std::string redact_long_numbers(std::string_view text) {
    constexpr std::ptrdiff_t digits_of_a_number = 7;
    const auto count = std::ranges::count_if(text, [](char c) { return digits.find(c) != std::string_view::npos; });
    return count < digits_of_a_number ? std::string(text) : redact_numbers(text);
}

}  // namespace wabot
