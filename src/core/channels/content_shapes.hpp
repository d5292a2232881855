#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/channels/content.hpp"

namespace wabot {

/// What is wrong with the object of a content, place by place; empty when nothing is.
std::vector<Fault> faults_of(ContentKind kind, const Json& object);

}  // namespace wabot
