#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/agents/reason_kind.hpp"
#include "core/base/ids.hpp"
#include "core/base/value.hpp"

namespace wabot {

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
struct AnswerStep {
    std::optional<std::int64_t> rule;  // its number, of a single rule
    std::string what;                  // `rule 1 "hello|hi"`, `rules 3-4`, `fallback`
    std::string result;                // `no match`, `matched "open" at 9..13`, `not tried`
    bool answered = false;
};

struct Answer {
    AnswerOutcome outcome = AnswerOutcome::no_reply;
    std::vector<std::string> texts;  // messages to send, in order; empty unless it replied
    bool quote = false;              // they quote the message
    ReasonKind reason_kind = ReasonKind::no_rule;
    std::string reason;  // what decided: `rule 2 "open|hours"`, `fallback`, `no rule matched`, or what failed
    std::vector<AnswerStep> steps;
};

}  // namespace wabot
