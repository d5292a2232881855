#include <nlohmann/json.hpp>

#include "core/base/json.hpp"
#include "core/base/version.hpp"
#include "server/routes.hpp"

namespace wabot {

namespace {

/// What this is, and where to go on.
asio::awaitable<Response> get_root(const Request&, Services&) {
    Json links;
    links["health"] = "/health";
    links["metrics"] = "/metrics";
    Json document;
    document["message"] = "Hello World";
    document["name"] = "wabot";
    document["version"] = version();
    document["links"] = std::move(links);
    co_return Response::json(document);
}

constexpr Route root_rows[] = {
    {Verb::get, {"/"}, Access::open, get_root, "", "Root", "Name, version and links"},
};

}  // namespace

constinit const RouteTable root_routes = root_rows;

}  // namespace wabot
