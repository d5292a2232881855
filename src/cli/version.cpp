#include "cli/version.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <spdlog/version.h>
#include <sqlite3.h>
#include <boost/version.hpp>
#include <CLI/Version.hpp>
#include <nlohmann/json.hpp>

#include "cli/runtime.hpp"
#include "core/base/version.hpp"
#include "core/database/migrations.hpp"

namespace wabot::cli {

namespace {

std::string boost_version() {
    return fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100);
}

/// The libraries as they are loaded, those without code of their own as they were compiled in.
Json libraries() {
    return {{"boost", boost_version()},
            {"cli11", CLI11_VERSION},
            {"curl", curl_version_info(CURLVERSION_NOW)->version},
            {"nlohmann_json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)},
            {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
            {"spdlog", fmt::format("{}.{}.{}", SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH)},
            {"sqlite", sqlite3_libversion()}};
}

void show_version(Runtime& rt) {
    const Json json{{"version", version()},
                    {"compiler", fmt::format("g++ {}", __VERSION__)},
                    {"schema_min", schema_min},
                    {"schema_max", schema_max},
                    {"libraries", libraries()}};
    std::string text = fmt::format("wabot {}\ncompiler\t{}\nschema\t{} to {}\n", version(), __VERSION__, schema_min, schema_max);
    for (const auto& [name, number] : json["libraries"].items()) text += fmt::format("{}\t{}\n", name, number.get<std::string>());
    rt.out().document(json, text);
}

}  // namespace

const Command version_command{.path = "version",
                              .summary = "Show the version, the schemas it works on, and its libraries",
                              .examples = {{"wabot version", "for a report"}, {"wabot version -o json", "for a script"}},
                              .build = [](CommandBuilder&) -> Action { return show_version; }};

}  // namespace wabot::cli
