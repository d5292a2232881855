#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/framework/command.hpp"
#include "cli/framework/runtime.hpp"
#include "core/base/json.hpp"
#include "core/channels/content.hpp"

namespace wabot::cli {

using NameAndText = std::pair<std::string, std::string>;

/// What `message send` takes to say what is sent.
struct ContentOptions {
    std::optional<std::string> text;
    bool preview_url = false;
    std::optional<std::string> image, video, audio, document, sticker;  // a file, an address, or id:MEDIA_ID
    std::optional<std::string> caption, filename;
    bool voice = false;
    std::optional<std::string> template_name, language, components;
    std::vector<NameAndText> vars;
    std::vector<NameAndText> buttons;
    std::optional<NameAndText> cta;
    std::optional<std::string> list, interactive, header, footer;
    bool ask_location = false;
    std::optional<std::string> react, to_message;
    bool remove = false;
    std::optional<std::string> location, name, address;
    std::optional<std::string> contact_card;
};

void declare_content(CommandBuilder& cmd, ContentOptions& options);

/// What was asked for; `path` is set when it is to go with a file of this machine, whose id is 0 until it is kept.
struct AskedContent {
    ContentKind kind = ContentKind::text;
    JsonText object;
    std::optional<std::string> path;
};
/// Reads the files that say what is sent. CommandExit{usage} for what does not go together; what is wrong with the content itself is
/// `content::check`'s.
AskedContent read_content(const ContentOptions& options);

}  // namespace wabot::cli
