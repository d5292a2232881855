#include "cli/framework/queue_words.hpp"

#include <fmt/format.h>

namespace wabot::cli {

QueueWords words_of_queue(QueueName name) {
    switch (name) {
        case QueueName::inbox: return {"webhook", "webhooks"};
        case QueueName::turn: return {"message", "messages"};
        case QueueName::send: return {"send", "sends"};
        case QueueName::job: return {"job", "jobs"};
    }
    return {};
}

std::string depths_of(const std::vector<QueueRow>& rows) {
    std::string text;
    for (const QueueRow& row : rows) {
        const QueueWords words = words_of_queue(row.name);
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", row.depth, row.depth == 1 ? words.one : words.many);
    }
    return text;
}

}  // namespace wabot::cli
