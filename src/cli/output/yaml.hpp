#pragma once

#include <string>

#include "core/base/json.hpp"

namespace wabot::cli {

/// The same document in YAML's block style: every text that a reader could take for something else is quoted, on one line. Any reader of YAML 1.1
/// or 1.2 gets the JSON back.
std::string to_yaml(const Json& json);
/// The same as an item of a sequence that begins at the margin.
std::string to_yaml_item(const Json& json);

}  // namespace wabot::cli
