#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <type_traits>
#include <utility>

namespace wabot {

namespace asio = boost::asio;

/// Runs a coroutine to its end on this thread; what it throws comes out here.
void run_to_end(asio::awaitable<void> work);

/// The same, with its result. For units of the database there are write_and_wait and read_and_wait, which cost less to compile.
template <class T>
T blocking(asio::awaitable<T> work) {
    if constexpr (std::is_void_v<T>) {
        run_to_end(std::move(work));
    } else {
        std::optional<T> result;
        auto keep = [](asio::awaitable<T> inner, std::optional<T>& out) -> asio::awaitable<void> { out.emplace(co_await std::move(inner)); };
        run_to_end(keep(std::move(work), result));
        return std::move(*result);
    }
}

}  // namespace wabot
