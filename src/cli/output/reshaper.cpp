#include "cli/output/reshaper.hpp"

#include <utility>

#include "cli/output/display.hpp"

namespace wabot::cli {

void ReshapingSink::write(std::string_view text) {
    const auto show = [&](std::string_view result) { data_.write((for_terminal_ ? escaped_lines(result) : std::string(result)) + "\n"); };
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
        line_ += text.substr(0, end);
        reshaper_->run(std::exchange(line_, {}), show);
        text.remove_prefix(end + 1);
    }
    line_ += text;
}

}  // namespace wabot::cli
