#pragma once

#include <span>
#include <string>
#include <string_view>

namespace wabot::cli {

/// What `wabot help TOPIC` explains, beside commands.
struct Topic {
    std::string_view name;
    std::string_view summary;
    std::string (*text)(std::size_t width);
};
std::span<const Topic> all_topics();
const Topic* find_topic(std::string_view name);

/// A variable that counts and is no setting.
struct Variable {
    std::string_view name;
    std::string_view doc;
};
std::span<const Variable> other_variables();

}  // namespace wabot::cli
