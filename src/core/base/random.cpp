#include "core/base/random.hpp"

#include <cstdint>
#include <string_view>

namespace wabot {

std::string Random::word(std::size_t length) {
    static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    static constexpr unsigned fair = 256 / letters.size() * letters.size();  // bytes from here on would favour the first letters
    std::string out;
    while (out.size() < length)
        for (const char byte : bytes(length - out.size()))
            if (const auto number = static_cast<unsigned char>(byte); number < fair) out += letters[number % letters.size()];
    return out;
}

double Random::fraction() {
    std::uint64_t bits = 0;
    for (const char byte : bytes(7)) bits = bits << 8U | static_cast<unsigned char>(byte);
    return static_cast<double>(bits & ((1ULL << 53U) - 1)) / static_cast<double>(1ULL << 53U);
}

}  // namespace wabot
