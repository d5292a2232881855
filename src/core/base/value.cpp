#include "core/base/value.hpp"

#include "core/base/error.hpp"

namespace wabot {

void throw_wrong_kind(std::string_view expected) {
    throw Error(Errc::bug, "a stored value is not a " + std::string(expected));
}

void throw_unknown_word(std::string_view word) {
    throw Error(Errc::bug, "a stored word is unknown to this version: " + std::string(word.substr(0, 40)));
}

}  // namespace wabot
