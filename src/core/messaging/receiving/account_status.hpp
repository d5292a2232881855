#pragma once

#include <map>
#include <string>

#include "core/base/cause.hpp"
#include "core/base/ids.hpp"
#include "core/database/transaction.hpp"

namespace wabot {

/// Account status changes of one transaction: whether anything can be sent. The last word counts.
class AccountStatusUpdates {
public:
    void note(DeviceId device, bool stops, std::string event, Cause cause);
    /// Stops the devices, or lets those go on that such news had stopped. Their rows are locked behind all others of the unit.
    void apply(Transaction& tx) const;

private:
    struct Word {
        bool stops = false;
        std::string event;
        Cause cause;
    };
    std::map<DeviceId, Word> words_;
};

}  // namespace wabot
