#include "core/database/postgres/postgres_url.hpp"

#include <utility>

namespace wabot {

namespace {

constexpr std::string_view percent_hint = "in user and password write each of / @ : ? # % as a percent sign and two digits: %2F %40 %3A %3F %23 %25";

constexpr std::string_view schemes[] = {"postgresql", "postgres"};

/// What follows the scheme and its driver's name, from "://" on; nullopt for another scheme.
std::optional<std::string_view> without_scheme(std::string_view url) {
    for (const std::string_view scheme : schemes) {
        if (!url.starts_with(scheme)) continue;
        const std::string_view rest = url.substr(scheme.size());
        const auto end = rest.find("://");
        if (end == 0 || (end != std::string_view::npos && rest.front() == '+')) return rest.substr(end);
    }
    return std::nullopt;
}

// The names in which Python's drivers put it: `ssl=require`, `ssl=true`.
std::string sslmode_of(std::string_view parameter) {
    const std::string_view value = parameter.substr(parameter.find('=') + 1);
    if (value == "true" || value == "1") return "sslmode=require";
    if (value == "false" || value == "0") return "sslmode=disable";
    return "sslmode=" + std::string(value);
}

/// The first line, in quoted names only what follows an "@": a password with one in it would stand before.
std::string first_line(std::string_view text) {
    std::string out;
    std::size_t quoted_from = std::string::npos;
    for (const char c : text.substr(0, text.find('\n'))) {
        out += c;
        if (c == '"') quoted_from = quoted_from == std::string::npos ? out.size() : std::string::npos;
        if (c == '@' && quoted_from != std::string::npos) out.erase(quoted_from);
    }
    return out;
}

}  // namespace

bool is_postgres_url(std::string_view url) {
    return without_scheme(url).has_value();
}

std::string to_libpq_url(std::string_view url) {
    const std::string_view rest = without_scheme(url).value_or(url);
    const auto question = rest.find('?');
    std::string query;
    std::string_view left = question == std::string_view::npos ? std::string_view{} : rest.substr(question + 1);
    while (!left.empty()) {
        const auto end = left.find('&');
        const std::string_view parameter = left.substr(0, end);
        if (!parameter.empty())
            query += (query.empty() ? "" : "&") + (parameter.starts_with("ssl=") ? sslmode_of(parameter) : std::string(parameter));
        left = end == std::string_view::npos ? std::string_view{} : left.substr(end + 1);
    }
    // A server whose machine is gone answers nothing: tcp_user_timeout ends what was sent to it, keepalives what waits for it.
    static constexpr std::pair<std::string_view, std::string_view> ours[] = {{"application_name", "wabot"}, {"connect_timeout", "5"},
                                                                             {"keepalives_idle", "10"},     {"keepalives_interval", "5"},
                                                                             {"keepalives_count", "3"},     {"tcp_user_timeout", "20000"}};
    for (const auto& [name, value] : ours)
        if (("&" + query).find("&" + std::string(name) + "=") == std::string::npos)
            query += (query.empty() ? "" : "&") + std::string(name) + "=" + std::string(value);
    return "postgresql" + std::string(rest.substr(0, question)) + "?" + query;
}

ConnectFault explain_connect_fault(std::string_view libpq_says) {
    const auto says = [&](std::string_view part) { return libpq_says.find(part) != std::string_view::npos; };
    if (says("does not exist") && says("database \""))
        return {"the server has no such database: " + first_line(libpq_says),
                "make it with: createdb NAME, or mend the name at the end of DATABASE_URL"};
    if (says("authentication failed") || says("no password supplied") || (says("role \"") && says("does not exist")))
        return {"the server does not let this user in: " + first_line(libpq_says), "check user and password in DATABASE_URL", Errc::unauthenticated};
    if (says("no pg_hba.conf entry"))
        return {"the server does not let us in: " + first_line(libpq_says), "allow this machine in the server's pg_hba.conf", Errc::denied};
    if (says("permission denied for database"))
        return {"the server does not let this user into the database: " + first_line(libpq_says),
                "as its owner: GRANT CONNECT ON DATABASE NAME TO USER", Errc::denied};
    if (says("is not permitted to log in"))
        return {"the server does not let this user in: " + first_line(libpq_says), "as a superuser: ALTER ROLE USER LOGIN", Errc::denied};
    if (says("not currently accepting connections"))
        return {"the database takes no connections: " + first_line(libpq_says), "as a superuser: ALTER DATABASE NAME ALLOW_CONNECTIONS true"};
    if (says("database system is")) return {"the server is starting or stopping: " + first_line(libpq_says), "it can be reached again soon"};
    if (says("server does not support SSL"))
        return {"the server does not speak TLS, which sslmode asks for",
                "switch it on there (ssl = on), or set sslmode=disable where the network is trusted"};
    if (says("certificate"))
        return {"the server's certificate is not accepted: " + first_line(libpq_says), "see sslmode and sslrootcert in DATABASE_URL"};
    for (const std::string_view fault :
         {"percent-encoded", "invalid integer value", "missing key/value", "unexpected character", "forbidden value", "end of string"})
        if (says(fault)) return {"DATABASE_URL is not understood", std::string(percent_hint), Errc::invalid};
    if (says("invalid URI query parameter") || says("invalid connection option") || says("invalid sslmode") || says("invalid port"))
        return {"DATABASE_URL is not understood: " + first_line(libpq_says), "its parameters are libpq's: sslmode, connect_timeout, ...",
                Errc::invalid};
    if (says("could not translate host name") && says("@"))  // what stands before the last @ is the end of a password
        return {"DATABASE_URL is not understood: it has more than one @", std::string(percent_hint), Errc::invalid};
    if (says("could not translate host name")) return {"the server's name is not known: " + first_line(libpq_says), "check the host in DATABASE_URL"};
    if (says("closed the connection unexpectedly"))
        return {"what answers there closed the connection", "is it a PostgreSQL server, and is it starting or stopping?"};
    if (says("too many clients") || says("too many connections") || says("remaining connection slots"))
        return {"the server has no connection left",
                "raise its max_connections, or the limit of the user or database; or run fewer workers: each process takes up to 7"};
    return {"the server cannot be reached: " + first_line(libpq_says), "is it running, and does DATABASE_URL name it?"};
}

}  // namespace wabot
