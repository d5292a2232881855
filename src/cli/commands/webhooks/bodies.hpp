#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/framework/runtime.hpp"
#include "core/base/json.hpp"
#include "core/channels/whatsapp/events.hpp"
#include "core/devices/device.hpp"

namespace wabot::cli {

/// Which webhook is wanted.
struct WantedBody {
    std::string event;  // its name; may be empty beside a file
    std::optional<std::string> from;
    std::optional<std::string> message;
    std::optional<std::string> from_file;
    std::vector<std::pair<std::string, std::string>> set;
    std::vector<std::string> unset;
};

/// The bodies of a described event, or of a file, one after the other: each with ids and times of its own. A file's first is as it stands there.
class TriggerBodies {
public:
    /// CommandExit{usage} when nothing says what is wanted; Error{invalid} for a file that holds something else than the event.
    TriggerBodies(Runtime& rt, const WantedBody& wanted, const Device& device);

    std::string next();
    /// A body with the numbers in it masked.
    std::string shown(std::string body) const;

private:
    void read_file();
    void check_file() const;
    Json read_file_as_json(const std::string& hint) const;
    std::string next_of_file();
    void renew(Json& message) const;
    void edit(Json& json) const;
    std::string fresh_id() const;

    const WantedBody& wanted_;
    World& world_;
    const WhatsappEvent* event_;
    WhatsappParties parties_;
    std::string file_;
    int count_ = 0;
};

}  // namespace wabot::cli
