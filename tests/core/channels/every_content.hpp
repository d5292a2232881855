#pragma once

#include <string>
#include <vector>

#include "core/channels/channel.hpp"
#include "core/channels/content.hpp"

namespace wabot::test {

struct NamedContent {
    std::string name;  // of its golden body
    Content content;
};

/// Every kind of content, plain and with everything that it may have, at its limits.
std::vector<NamedContent> every_content();

/// The content on its way to a person, as a worker would give it to a channel.
Outgoing outgoing(const Content& content);

/// So many characters, of more than one byte each.
std::string long_text(std::size_t characters);

}  // namespace wabot::test
