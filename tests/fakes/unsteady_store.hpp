#pragma once

#include <atomic>
#include <functional>

#include "core/database/database.hpp"

namespace wabot::test {

/// Passes everything on to another store. `look` sees each unit of writing that is asked for from then on, when its work is done and not yet
/// committed, on the database's thread: what it throws fails that unit; `Answer::lost` lets it be committed, and its writer hears that the store is
/// away.
class UnsteadyStore final : public Database {
public:
    enum class Answer { comes, lost };

    explicit UnsteadyStore(Database& store) : store_(store) {}

    std::function<Answer(Transaction&)> look;
    std::atomic<int> answers_lost = 0;

    std::uint64_t change_count() override { return store_.change_count(); }
    std::string description() override { return store_.description(); }
    std::string_view dialect() const override { return store_.dialect(); }
    std::vector<std::string> table_names() override { return store_.table_names(); }
    std::optional<std::string> back_up() override { return store_.back_up(); }
    void close() override {}

protected:
    void enqueue(std::unique_ptr<Task> task) override;

private:
    asio::awaitable<void> exit_by_signal(Task& task);

    Database& store_;
};

}  // namespace wabot::test
