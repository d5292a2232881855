#include "core/queue/job_handler.hpp"

#include <algorithm>

namespace wabot {

const JobKind* find_job_kind(std::span<const JobKind> kinds, std::string_view kind, std::int64_t version) {
    const auto found = std::ranges::find_if(kinds, [&](const JobKind& one) { return one.kind == kind && one.version == version; });
    return found == kinds.end() ? nullptr : &*found;
}

}  // namespace wabot
