#include "server/routes.hpp"

namespace wabot {

std::span<const RouteTable> all_routes() {
    static const RouteTable tables[] = {
        root_routes, health_routes, metrics_routes, whatsapp_routes, sim_graph_routes,
    };
    return tables;
}

}  // namespace wabot
