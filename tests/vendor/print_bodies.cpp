#include <nlohmann/json.hpp>

#include <iostream>

#include "core/base/json.hpp"
#include "core/channels/whatsapp/whatsapp.hpp"
#include "tests/core/channels/every_content.hpp"

using namespace wabot;

/// A line for each kind of message: its name, and its body as the Graph API gets it.
int main() {
    for (const auto& [name, content] : test::every_content())
        std::cout << write_json(Json{{"name", name}, {"body", read_json(compose_whatsapp_message(test::outgoing(content)))}}) << '\n';
}
