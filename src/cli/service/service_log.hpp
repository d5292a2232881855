#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <string_view>

namespace wabot::cli {

namespace asio = boost::asio;
class Runtime;

/// The log of `serve` and `worker`: as the settings say. From here on neither the end of its reader (SIGPIPE) nor a full pipe stops the process.
void set_up_service_log(Runtime& rt);

/// A line on standard error, if it is read.
void announce(Runtime& rt, std::string_view text);

/// SIGHUP, which a rule of logrotate sends, opens the log files anew. Until then, and after, it does nothing.
class HangUp {
public:
    explicit HangUp(asio::io_context& context);
    void cancel() { set_.cancel(); }

private:
    void wait();

    asio::signal_set set_;
};

}  // namespace wabot::cli
