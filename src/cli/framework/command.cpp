#include "cli/framework/command.hpp"

#include <cctype>

#include "core/base/duration.hpp"

namespace wabot::cli {

std::string_view word_of(Noun noun) {
    switch (noun) {
        case Noun::none: return "";
        case Noun::device: return "device";
        case Noun::agent: return "agent";
        case Noun::contact: return "contact";
        case Noun::conversation: return "conversation";
        case Noun::message: return "message";
        case Noun::stored_file: return "file";
        case Noun::event: return "event";
        case Noun::job: return "job";
        case Noun::queue: return "queue";
        case Noun::ignore: return "ignore";
        case Noun::template_: return "template";
        case Noun::audit: return "audit";
        case Noun::setting: return "setting";
        case Noun::column: return "column";
        case Noun::sort_field: return "sort";
        case Noun::explained: return "noun";
        case Noun::event_kind: return "event-kind";
        case Noun::file: return "file";
        case Noun::command: return "command";
    }
    return "";
}

std::chrono::milliseconds FromWord<std::chrono::milliseconds>::read(const Parameter& of, const std::string& word) {
    const auto duration = read_duration(word);
    if (!duration || duration->count() == 0)
        usage_error(of.name + " takes a time, not \"" + word + "\"", "a whole number and ms, s, m, h or d: 30s", of.name);
    return *duration;
}

Parameter& CommandBuilder::declare(std::string_view names, std::string doc) {
    Parameter& made = parameters_.emplace_back();
    if (const std::size_t comma = names.find(','); comma != std::string_view::npos) {
        made.short_name = names.substr(0, comma);
        names.remove_prefix(comma + 1);
    }
    made.name = names;
    made.doc = std::move(doc);
    made.group = group_;
    return made;
}

std::string CommandBuilder::upper(std::string_view name) {
    name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
    std::string out(name);
    for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return out;
}

}  // namespace wabot::cli
