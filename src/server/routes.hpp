#pragma once

#include <span>

#include "server/http/router.hpp"

namespace wabot {

/// Every endpoint there is.
std::span<const RouteTable> all_routes();

/// The tables, one per resource.
extern const RouteTable root_routes, health_routes, metrics_routes, whatsapp_routes, sim_graph_routes;

}  // namespace wabot
