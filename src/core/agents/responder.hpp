#pragma once

#include <boost/asio/awaitable.hpp>

#include "core/agents/question.hpp"

namespace wabot {

namespace asio = boost::asio;

/// Answers people: by rules, by a language model. Knows neither devices nor sending, and has no effect of its own: it may be asked again after a
/// kill. One object serves one revision of one agent; several threads may ask it at once.
class Responder {
public:
    virtual ~Responder() = default;
    /// `failed` is worth another try; what is not throws.
    virtual asio::awaitable<Answer> answer(const Question& question) const = 0;
    /// Whether `answer` only computes and never waits for anything.
    virtual bool answers_at_once() const { return false; }
};

}  // namespace wabot
