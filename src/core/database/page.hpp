#pragma once

#include <algorithm>
#include <cstdint>

namespace wabot {

/// Which part of a list: what comes after the row with this id (0 = from the beginning), in the order the list documents.
struct Page {
    std::int64_t after = 0;
    int limit = 50;

    /// No list answers more, whoever asks.
    static constexpr int limit_max = 1000;
    int size() const { return std::clamp(limit, 1, limit_max); }
};

/// A row after a use case, and whether that changed anything: every change is safe to ask for twice.
template <class T>
struct Changed {
    T row;
    bool changed = true;
};

}  // namespace wabot
