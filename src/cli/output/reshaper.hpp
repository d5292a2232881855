#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cli/output/sink.hpp"

namespace wabot::cli {

/// Makes something else of JSON documents: an expression of jq, a template.
class Reshaper {
public:
    virtual ~Reshaper() = default;
    /// Gives each result for one document to `show`. CommandExit{usage} when it does not fit the document.
    virtual void run(std::string_view json, const std::function<void(std::string_view result)>& show) = 0;
};

/// What is written to it are JSON documents of one line each; what comes of them goes on to `data`, a line for each result.
class ReshapingSink final : public Sink {
public:
    ReshapingSink(std::shared_ptr<Reshaper> reshaper, Sink& data, bool for_terminal)
        : reshaper_(std::move(reshaper)), data_(data), for_terminal_(for_terminal) {}
    void write(std::string_view text) override;
    void flush() override { data_.flush(); }

private:
    std::shared_ptr<Reshaper> reshaper_;
    Sink& data_;
    bool for_terminal_;
    std::string line_;
};

}  // namespace wabot::cli
