#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/database/page.hpp"

namespace wabot {

/// Which of some rows that are in no table a page has, as their places from 0 on, in its order: a row's id is its place, counted from 1. What a
/// filter or an order means is the same as of a table's, for the same engine decides it.
std::vector<std::size_t> page_of_loose_rows(std::span<const Field> fields, std::span<const void* const> rows, const Page& page, Time now);

}  // namespace wabot
