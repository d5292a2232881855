#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "core/agents/agent.hpp"
#include "core/agents/selection.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// Makes `row` ready to answer, whether it is switched on or not. Error{invalid} when this version cannot read its configuration, Error{unavailable}
/// when it has nothing that answers for its type.
std::shared_ptr<const LoadedAgent> load_agent(const Agent& row);

/// The agents this process has made ready, one revision of each, the last used ones. Any thread.
class AgentCache {
public:
    explicit AgentCache(std::size_t count_max = 64) : count_max_(count_max) {}

    /// The agents attached to the device. Blocking; reads the configuration of those that changed only.
    std::vector<Candidate> of_device(Snapshot& db, DeviceId device);

private:
    std::shared_ptr<const LoadedAgent> get(Snapshot& db, AgentId id, std::int64_t revision);
    std::shared_ptr<const LoadedAgent> find(AgentId id, std::int64_t revision);
    void keep(std::shared_ptr<const LoadedAgent> agent);

    const std::size_t count_max_;
    std::mutex mutex_;
    std::list<std::shared_ptr<const LoadedAgent>> agents_;  // the last used first
};

}  // namespace wabot
