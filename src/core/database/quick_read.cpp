#include "core/database/quick_read.hpp"

#include "core/base/clock.hpp"
#include "core/database/database.hpp"
#include "core/database/open_database.hpp"
#include "core/database/sqlite/sqlite_connection.hpp"
#include "core/database/wait.hpp"

namespace wabot {

namespace {

constexpr std::chrono::milliseconds busy_timeout{20};

class Glance final : public Snapshot {
public:
    Glance(const std::string& path, Time now) : Snapshot(now), connection_(path, busy_timeout) { connection_.script("BEGIN"); }

private:
    Rows run(std::string_view sql, std::span<const Value> arguments) override { return connection_.query(sql, arguments); }
    SqliteConnection connection_;
};

}  // namespace

void quick_read(const std::string& url, const Clock& clock, const std::function<void(Snapshot&)>& look) {
    constexpr std::string_view sqlite = "sqlite:///";
    if (url.starts_with(sqlite)) {
        Glance snapshot(url.substr(sqlite.size()), clock.now());
        return look(snapshot);
    }
    const auto database = open_database(url, clock);
    read_and_wait(*database, [&look](Snapshot& snapshot) {
        look(snapshot);
        return true;
    });
    database->close();
}

}  // namespace wabot
