#include "server/http/router.hpp"

#include <algorithm>
#include <map>

#include "core/base/error.hpp"
#include "server/http/request_target.hpp"

namespace wabot {

/// A tree of segments: below each, the literal ones by their text and at most one parameter.
struct Router::Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> parameter;
    struct Row {
        const Route* route;
        std::vector<std::string_view> names;  // of the parameters, in the order of the path
    };
    std::vector<Row> rows;

    const Row* row(Verb verb) const {
        const auto found = std::find_if(rows.begin(), rows.end(), [verb](const Row& row) { return row.route->verb == verb; });
        return found == rows.end() ? nullptr : &*found;
    }

    /// Calls `visit(node)` for every node that `segments` lead to, literal branches first, until it returns true.
    template <class Visit>
    bool walk(std::span<const std::string> segments, const Visit& visit, std::vector<const std::string*>& taken) const {
        if (segments.empty()) return visit(*this);
        if (const auto next = literals.find(segments[0]); next != literals.end() && next->second->walk(segments.subspan(1), visit, taken))
            return true;
        if (!parameter || segments[0].empty()) return false;
        taken.push_back(&segments[0]);
        if (parameter->walk(segments.subspan(1), visit, taken)) return true;
        taken.pop_back();
        return false;
    }
};

Router::Router(std::span<const RouteTable> tables) : root_(std::make_unique<Node>()) {
    for (const RouteTable& table : tables) rows_.insert(rows_.end(), table.begin(), table.end());
    for (const Route& row : rows_)
        for (const std::string_view path : row.paths)
            if (!path.empty()) add(path, row);
}

Router::~Router() = default;

void Router::add(std::string_view path, const Route& row) {
    const auto bug = [path](const char* why) { return Error(Errc::bug, "route " + std::string(path) + ": " + why); };
    if (!path.starts_with('/')) throw bug("does not begin with a slash");
    Node* node = root_.get();
    std::vector<std::string_view> names;
    std::string_view rest = path.substr(1);
    for (;;) {
        const std::string_view segment = rest.substr(0, rest.find('/'));
        if (segment.starts_with('{')) {
            if (segment.size() < 3 || !segment.ends_with('}')) throw bug("has a parameter without a name");
            names.push_back(segment.substr(1, segment.size() - 2));
            if (!node->parameter) node->parameter = std::make_unique<Node>();
            node = node->parameter.get();
        } else {
            if (segment.empty() && path != "/") throw bug("has an empty segment");
            auto& next = node->literals[std::string(segment)];
            if (!next) next = std::make_unique<Node>();
            node = next.get();
        }
        if (segment.size() == rest.size()) break;
        rest.remove_prefix(segment.size() + 1);
    }
    if (node->row(row.verb)) throw bug("is in the table twice for one verb");
    node->rows.push_back({&row, std::move(names)});
}

Router::Found Router::find(Verb verb, const RequestTarget& target) const {
    const Verb wanted = verb == Verb::head ? Verb::get : verb;
    Found found;
    std::vector<const std::string*> taken;
    const Node::Row* row = nullptr;
    root_->walk(
        target.segments, [&](const Node& node) { return (row = node.row(wanted)) != nullptr; }, taken);
    if (!row) {
        found.allowed = allowed(target);
        return found;
    }
    found.route = row->route;
    for (std::size_t i = 0; i < taken.size(); ++i) found.path_parameters.emplace_back(row->names[i], *taken[i]);
    return found;
}

std::vector<Verb> Router::allowed(const RequestTarget& target) const {
    std::vector<Verb> verbs;
    std::vector<const std::string*> taken;
    const auto collect = [&verbs](const Node& node) {
        for (const Node::Row& row : node.rows) {
            verbs.push_back(row.route->verb);
            if (row.route->verb == Verb::get) verbs.push_back(Verb::head);
        }
        return false;
    };
    root_->walk(target.segments, collect, taken);
    std::sort(verbs.begin(), verbs.end());
    verbs.erase(std::unique(verbs.begin(), verbs.end()), verbs.end());
    return verbs;
}

}  // namespace wabot
