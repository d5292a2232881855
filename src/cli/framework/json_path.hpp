#pragma once

#include <string>
#include <string_view>

#include "core/base/json.hpp"

namespace wabot::cli {

/// Sets what `path` names: members with dots between them, places in lists as numbers, "text.body", "contacts.0.name". Members that are missing are
/// made; the place behind a list's end adds to it. Where a text stands now, `text` is taken as it is; else as JSON when it reads as such. A path that
/// ends in ":" always takes JSON. CommandExit{usage} for a path that leads nowhere, or no JSON where JSON is wanted.
void set_at(Json& json, std::string_view path, const std::string& text);

/// Takes away what `path` names. CommandExit{usage} when nothing is there.
void unset_at(Json& json, std::string_view path);

}  // namespace wabot::cli
