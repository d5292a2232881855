#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cli/output/reshaper.hpp"

namespace wabot::cli {

/// A text with places in braces that members of a JSON object are put into: "{id}\t{items[0].kind}". One line for each item of a list, else for the
/// object. Texts are put in as they are, null and what is missing as nothing, the rest as JSON.
class OutputTemplate final : public Reshaper {
public:
    /// `flag` is where the text comes from. CommandExit{usage} with the column of what is wrong.
    OutputTemplate(std::string_view text, std::string_view flag);
    void run(std::string_view json, const std::function<void(std::string_view result)>& show) override;

    using Step = std::variant<std::string, std::size_t>;  // a member's name, or a place in a list
    struct Part {
        std::string text;
        std::vector<Step> path;  // of what follows the text; empty = nothing does
    };

private:
    std::vector<Part> parts_;
};

}  // namespace wabot::cli
