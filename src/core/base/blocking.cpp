#include "core/base/blocking.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

namespace wabot {

void run_to_end(asio::awaitable<void> work) {
    asio::io_context context(1);
    std::exception_ptr failure;
    asio::co_spawn(context, std::move(work), [&failure](std::exception_ptr thrown) { failure = thrown; });
    context.run();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace wabot
