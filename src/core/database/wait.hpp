#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "core/database/transaction.hpp"

namespace wabot {

class Database;

/// `Database::write` for a thread that waits: how the terminal uses the store.
void run_and_wait(Database& db, const std::function<void(Transaction&)>& work);
/// `Database::read` likewise.
void query_and_wait(Database& db, const std::function<void(Snapshot&)>& query);

template <class Work>
std::invoke_result_t<Work&, Transaction&> write_and_wait(Database& db, Work work) {
    using Result = std::invoke_result_t<Work&, Transaction&>;
    if constexpr (std::is_void_v<Result>) {
        run_and_wait(db, std::ref(work));
    } else {
        std::optional<Result> result;
        run_and_wait(db, [&](Transaction& tx) { result.emplace(work(tx)); });
        return std::move(*result);
    }
}

template <class Query>
std::invoke_result_t<Query&, Snapshot&> read_and_wait(Database& db, Query query) {
    std::optional<std::invoke_result_t<Query&, Snapshot&>> result;
    query_and_wait(db, [&](Snapshot& snapshot) { result.emplace(query(snapshot)); });
    return std::move(*result);
}

}  // namespace wabot
