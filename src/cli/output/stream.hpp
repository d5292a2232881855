#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/output/output.hpp"

namespace wabot::cli {

/// Rows that are shown the moment they come: aligned by fixed widths and with the time of day on a terminal, tab-separated elsewhere, as csv or an
/// object a line when asked for.
class StreamTable {
public:
    /// `widths` of the columns on a terminal, the last one excepted. CommandExit{usage} for the formats a stream cannot have.
    StreamTable(Output& out, std::span<const Field> fields, std::vector<std::size_t> widths);

    template <Described T>
    void add(const T& row) {
        line(&row);
    }

private:
    void line(const void* row);
    std::string aligned(const void* row) const;
    std::string delimited(const void* row) const;

    Output& out_;
    std::span<const Field> fields_;
    std::vector<Column> columns_;
    std::vector<std::size_t> widths_;
    bool header_due_;
};

}  // namespace wabot::cli
