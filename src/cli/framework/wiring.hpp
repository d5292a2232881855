#pragma once

#include <chrono>
#include <filesystem>
#include <string>

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

/// Where the bytes of files lie.
std::filesystem::path files_folder(const Settings& settings);

/// How long what is kept.
retention::Keep retention_keep(const Settings& settings);

WorkerOptions worker_options(const Settings& settings);

const std::string& database_url(const Settings& settings);
/// The Graph API's address for devices that name none.
const std::string& graph_url(const Settings& settings);
/// "127.0.0.1:8000": where serve listens.
std::string server_address(const Settings& settings);
/// The same as a URL, from this machine.
std::string own_url(const Settings& settings);
std::chrono::milliseconds takeover_timeout(const Settings& settings);
std::chrono::milliseconds uncertain_window(const Settings& settings);
std::chrono::milliseconds drain_timeout(const Settings& settings);

}  // namespace wabot::cli
