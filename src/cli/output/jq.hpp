#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cli/output/sink.hpp"

namespace wabot::cli {

/// An expression of jq, run by jq's own library, which is loaded when the first one is made.
class Jq {
public:
    /// Ending{usage} with jq's words for an expression that it does not take; Error{unavailable} where the library is not installed.
    explicit Jq(const std::string& expression);
    ~Jq();
    Jq(const Jq&) = delete;

    /// Gives each result for one JSON document to `show`: texts as they are, null as nothing, else compact JSON. Ending{usage} when the expression
    /// does not fit the document.
    void run(std::string_view json, const std::function<void(std::string_view result)>& show);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// What is written to it are JSON documents of one line each; what comes of them goes on to `data`, a line for each result.
class JqSink final : public Sink {
public:
    JqSink(std::shared_ptr<Jq> jq, Sink& data, bool for_terminal) : jq_(std::move(jq)), data_(data), for_terminal_(for_terminal) {}
    void write(std::string_view text) override;
    void flush() override { data_.flush(); }

private:
    std::shared_ptr<Jq> jq_;
    Sink& data_;
    bool for_terminal_;
    std::string line_;
};

}  // namespace wabot::cli
