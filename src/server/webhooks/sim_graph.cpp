#include "core/base/clock.hpp"
#include "core/channels/sim/sim.hpp"

#include "server/routes.hpp"
#include "server/services.hpp"
#include "server/webhook_intake.hpp"

namespace wabot {

namespace {

Response response_of(const SimGraphAnswer& answer) {
    Response response;
    response.status = answer.status;
    response.content_type = "application/json";
    response.body = answer.body;
    return response;
}

/// The simulated Graph API: answers as Meta's does, and the sim device keeps what was sent.
asio::awaitable<Response> send_message(const Request& request, Services& services) {
    Intake& intake = *services.intake;
    for (bool looked_again = false;; looked_again = true) {
        const auto devices = intake.registry.now();
        const auto device = devices->find_by_key(request.path("device"));
        if (device && device->kind == DeviceKind::sim) {
            const SimGraphAnswer answer =
                answer_sim_graph(request.header("authorization").value_or(""), request.body, services.clock.now(), services.random);
            if (answer.capture.empty()) co_return response_of(answer);
            if (co_await intake.store("sim", answer.capture, *device, true, request.id)) co_return response_of(answer);
        }
        if (looked_again || !co_await intake.reload(devices)) break;
    }
    throw Error(Errc::not_found, "no device " + request.path("device") + " of kind sim");
}

/// Its uploads: an id for each, and nothing is kept.
asio::awaitable<Response> take_media(const Request& request, Services& services) {
    co_return response_of(answer_sim_graph_media(request.header("authorization").value_or(""), request.header("content-type").value_or(""),
                                                 request.body, services.random));
}

/// So that none of what came with a message is there.
asio::awaitable<Response> look_up_media(const Request& request, Services& services) {
    co_return response_of(answer_sim_graph_look_up(request.header("authorization").value_or(""), services.random));
}

constexpr std::size_t upload_max = 25 * 1024 * 1024;

const Route sim_graph_rows[] = {
    {Verb::post,
     {"/sim/graph/{device}/{version}/{phone_number_id}/messages"},
     Access::loopback,
     send_message,
     "GraphMessage",
     "GraphAnswer",
     "The simulated Graph API, for demonstrations and tests"},
    {Verb::post,
     {"/sim/graph/{device}/{version}/{phone_number_id}/media"},
     Access::loopback,
     take_media,
     "GraphMedia",
     "GraphAnswer",
     "Its uploads",
     upload_max},
    {Verb::get, {"/sim/graph/{device}/{version}/{media}"}, Access::loopback, look_up_media, "", "GraphAnswer", "Its files: it keeps none"},
};

}  // namespace

const RouteTable sim_graph_routes = sim_graph_rows;

}  // namespace wabot
