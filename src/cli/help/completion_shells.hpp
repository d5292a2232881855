#pragma once

namespace wabot::cli {

/// The part of each completion script that is written by hand: src/cli/completion/.
extern const char bash_completion[];
extern const char zsh_completion[];
extern const char fish_completion[];

}  // namespace wabot::cli
