#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace wabot {

/// A text that is never printed, logged or put in an error by accident: it converts to nothing, and only `reveal` gives it out.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}

    const std::string& reveal() const { return text_; }
    bool empty() const { return text_.empty(); }
    /// "set (44 bytes, sha256:1a2b…)" or "not set": enough to tell two keys apart, too little to find one.
    std::string fingerprint() const;

    bool operator==(const Secret&) const = default;
    friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;

private:
    std::string text_;
};

/// Why `text` is no secret of a provider: "" when it is one. Printable ASCII without white space: anything else comes from an editor (a blank
/// or a second line, a byte order mark), and a signature made with it never matches.
std::string_view fault_of_secret(std::string_view text);

/// The text of a file without the line end that an editor or `echo` adds.
std::string_view without_line_end(std::string_view text);

}  // namespace wabot
