#include "core/database/database_fault.hpp"

namespace wabot {

bool is_of_store(const std::exception& error) {
    if (dynamic_cast<const StoreFault*>(&error) != nullptr) return true;
    const auto* ours = dynamic_cast<const Error*>(&error);
    return ours != nullptr && ours->code() == Errc::unavailable;
}

void throw_fault(const DatabaseFault& fault, const std::string& message) {
    if (fault.is_of_data || fault.code == Errc::bug) throw Error(fault.code, message, std::string(fault.hint));
    throw StoreFault(fault.code, message, std::string(fault.hint));
}

}  // namespace wabot
