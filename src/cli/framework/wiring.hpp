#pragma once

#include <filesystem>

#include "core/worker/tools.hpp"

namespace wabot {
struct EnvironmentCredentials;
struct Settings;
struct WorkerOptions;
namespace retention {
struct Keep;
}
}  // namespace wabot

/// What the settings mean for the parts of core.
namespace wabot::cli {

/// The account that the environment names, for devices and directory.
EnvironmentCredentials environment_credentials(const Settings& settings);

/// Where the octets of files lie.
std::filesystem::path files_folder(const Settings& settings);

/// How long what is kept.
retention::Keep retention_keep(const Settings& settings);

WorkerOptions worker_options(const Settings& settings);

}  // namespace wabot::cli
