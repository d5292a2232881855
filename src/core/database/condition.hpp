#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/value.hpp"

namespace wabot {

/// Part of a WHERE clause, in which each `?` stands for the next of the values.
struct Condition {
    std::string sql;  // empty = every row
    std::vector<Value> values = {};

    void also(Condition other) {
        if (other.sql.empty()) return;
        sql = sql.empty() ? std::move(other.sql) : sql + " AND " + other.sql;
        for (Value& value : other.values) values.push_back(std::move(value));
    }
    /// One that binds one value: "device_id = ?".
    template <class M>
    void also(std::string_view text, const M& value) {
        also({std::string(text), {to_value(value)}});
    }
};

}  // namespace wabot
