#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/request.hpp"
#include "server/http/response.hpp"

namespace wabot {

namespace asio = boost::asio;

struct Services;
struct RequestTarget;

using Handler = asio::awaitable<Response> (*)(const Request&, Services&);

/// What a row demands of its caller. The dispatcher checks `loopback`. The handler checks `signature`, which needs the raw body, and `metrics`: the
/// token when one is set, else `loopback`.
enum class Access { open, loopback, metrics, signature };

/// One row: everything that is known of an endpoint. Router, access check and documentation read it.
struct Route {
    Verb verb;
    std::string_view paths[4];  // the first is the canonical one; `{name}` stands for one segment
    Access access;
    Handler handler;
    std::string_view request_type;  // the noun of the body, empty for none
    std::string_view answer_type;
    std::string_view summary;
    std::size_t body_max = 1024 * 1024;  // bytes
};

using RouteTable = std::span<const Route>;

/// Finds the row for a path. Built once, then read by any thread.
class Router {
public:
    /// Error{bug} for a path that is no path, or that two rows claim for one verb.
    explicit Router(std::span<const RouteTable> tables);
    ~Router();

    std::span<const Route> rows() const { return rows_; }

    struct Found {
        const Route* route = nullptr;                                           // none: no row of that verb
        std::vector<std::pair<std::string_view, std::string>> path_parameters;  // decoded
        std::vector<Verb> allowed;                                              // verbs of the path when `route` is none; empty: no such path
    };

    /// A literal segment wins over a parameter. HEAD is answered by the row of GET.
    Found find(Verb verb, const RequestTarget& target) const;
    /// The verbs that the path knows.
    std::vector<Verb> allowed(const RequestTarget& target) const;

private:
    struct Node;
    void add(std::string_view path, const Route& row);

    std::vector<Route> rows_;
    std::unique_ptr<Node> root_;
};

}  // namespace wabot
