#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "core/config/setting.hpp"
#include "core/crypto/secret.hpp"

namespace wabot {

/// Where data and secrets lie.
struct StoreSettings {
    std::filesystem::path dir;
    std::string database_url;
    Secret master_key;
};

std::span<const Setting> store_settings();

}  // namespace wabot
