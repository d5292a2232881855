#include "core/worker/signal.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace wabot {

struct Signal::State {
    explicit State(asio::any_io_executor executor) : timer(std::move(executor)) {}
    asio::steady_timer timer;
    std::atomic<bool> is_set{false};
};

Signal::Signal(asio::any_io_executor executor) : state_(std::make_shared<State>(std::move(executor))) {}
Signal::~Signal() = default;

void Signal::notify() {
    if (state_->is_set.exchange(true)) return;
    // The state is kept alive by what is posted: a notifier may come after the waiter is gone.
    asio::post(state_->timer.get_executor(), [state = state_] { state->timer.cancel(); });
}

asio::awaitable<bool> Signal::wait(std::chrono::milliseconds longest) {
    const auto state = state_;
    if (!state->is_set.load()) {
        state->timer.expires_after(longest);
        boost::system::error_code cancelled;
        co_await state->timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
    co_return state->is_set.exchange(false);
}

}  // namespace wabot
