#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/value.hpp"

namespace wabot {

namespace asio = boost::asio;

/// A file that came with the message.
struct QuestionFile {
    std::optional<FileId> id;  // none: it is not there
    std::string kind;          // image, voice, ...
    std::string type;          // its MIME type, as declared while it is not there
    std::string name;          // for people; may be empty
    std::string why_not;       // "not fetched: ..." while it is not there
};

/// A message that waits for an answer.
struct Question {
    std::optional<std::string> text;  // none: media without words
    std::string message_type = "text";
    ConversationId conversation_id;  // 0: a trial
    ContactId contact_id;            // the chat: a person, or a group; 0: a trial
    ContactId author_id;             // who wrote it; in a private chat the same
    bool is_group = false;
    std::vector<QuestionFile> files;
    bool explain = false;  // fill in `Answer::steps`
};

WABOT_ENUM(AnswerOutcome, replied, no_reply, failed)

/// What an agent looked at on its way to the answer, or had no need to.
struct Step {
    std::string what;    // `rule 1 "hello|hi"`, `rules 3-4`, `fallback`
    std::string result;  // `no match`, `matched "open" at 9..13`, `not tried`
    bool answered = false;
};

struct Answer {
    AnswerOutcome outcome = AnswerOutcome::no_reply;
    std::vector<std::string> texts;  // messages to send, in order; empty unless it replied
    bool quote = false;              // they quote the message
    std::string reason;              // what decided: `rule 2 "open|hours"`, `fallback`, `no rule matched`, or what failed
    std::vector<Step> steps;
};

/// Answers people: by rules, by a language model. Knows neither devices nor sending, and has no effect of its own: it may be asked again after a
/// kill. One object serves one revision of one agent; several threads may ask it at once.
class Agent {
public:
    virtual ~Agent() = default;
    /// `failed` is worth another try; what is not throws.
    virtual asio::awaitable<Answer> answer(const Question& question) const = 0;
    /// Whether `answer` only computes and never waits for anything.
    virtual bool answers_at_once() const { return false; }
};

}  // namespace wabot
