#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace wabot::cli {

/// Looks an environment variable up; an empty one counts as unset.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

/// What is known of the terminal behind a stream.
struct Screen {
    bool is_tty = false;
    bool utf8 = true;  // may show symbols beyond ASCII
    bool color = false;
    std::size_t width = 80;  // cells
    std::size_t height = 24;
    bool moves_cursor = false;
};

enum class ColorChoice { automatic, always, never };

/// Width from COLUMNS, else the terminal, else 80; UTF-8 from LC_ALL, LC_CTYPE, LANG; colour from `choice`, then NO_COLOR, CLICOLOR_FORCE,
/// FORCE_COLOR, CLICOLOR=0 and TERM=dumb.
Screen screen_of(int descriptor, ColorChoice choice, const Lookup& environment);

/// What a person must see at a glance, with words beside it.
enum class Mark { good, warning, bad };
/// "✓", "!", "✗", or "ok", "warn", "FAIL" where symbols cannot be shown; coloured when the screen is.
std::string mark_text(Mark mark, const Screen& screen);

std::string bold(std::string_view text, const Screen& screen);

}  // namespace wabot::cli
