#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "cli/framework/command.hpp"
#include "cli/output/sink.hpp"
#include "core/config/config_files.hpp"
#include "core/operations/object_names.hpp"

namespace wabot::cli {

/// One way to go on.
struct Candidate {
    std::string value;  // the whole word, unquoted
    std::string description;
};

/// What may stand in place of the last word of a line. Printed as lines `value<TAB>description` and a last line with the directive, which is part
/// of what scripts rely on.
struct Completion {
    enum class Directive {
        done,     // ":done": that is all, and a blank follows
        files,    // ":files": the shell offers files
        nospace,  // ":nospace": no blank follows
    };
    std::vector<Candidate> candidates;
    Directive directive = Directive::done;
};
std::string render(const Completion& completion);

/// The objects there are whose names may begin so, of the installation that these values of -c and --env-file name.
struct Installation {
    std::optional<std::string> config, env_file;
};
using KnownObjects = std::function<std::vector<KnownName>(Noun, std::string_view begun, const Installation&)>;

/// `words` is the line up to the cursor without "wabot", the last one begun or empty. At most 200 candidates: those that begin with it, or
/// else those in which a word does.
Completion complete(std::span<const std::string> words, const KnownObjects& objects);

/// `wabot __complete -- WORDS...` for the shells: never asks, prints only the candidates, and none when that takes over 50 ms.
void answer_completion(std::span<const std::string> line, const Environment& environment, Sink& data);

}  // namespace wabot::cli
