#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cli/output/reshaper.hpp"

namespace wabot::cli {

/// An expression of jq, run by jq's own library, which is loaded when the first one is made.
class Jq final : public Reshaper {
public:
    /// CommandExit{usage} with jq's words for an expression that it does not take; Error{unavailable} where the library is not installed.
    explicit Jq(const std::string& expression);
    ~Jq() override;
    Jq(const Jq&) = delete;

    /// Texts are shown as they are, null as nothing, else compact JSON.
    void run(std::string_view json, const std::function<void(std::string_view result)>& show) override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace wabot::cli
