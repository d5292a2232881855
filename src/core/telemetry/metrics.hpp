#pragma once

#include <atomic>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wabot {

/// Counts, levels and durations, shown in the Prometheus text format. Every call is safe from any thread. A handle is cheap to copy, costs a
/// few nanoseconds to use and lives as long as its Metrics; getting one takes a lock, so hot paths keep theirs.
class Metrics {
public:
    using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

    struct Buckets;

    class Counter {
    public:
        void add(double amount = 1) const { value_->fetch_add(amount, std::memory_order_relaxed); }

    private:
        friend class Metrics;
        explicit Counter(std::atomic<double>* value) : value_(value) {}
        std::atomic<double>* value_;
    };

    class Gauge {
    public:
        void set(double value) const { value_->store(value, std::memory_order_relaxed); }
        void add(double amount) const { value_->fetch_add(amount, std::memory_order_relaxed); }

    private:
        friend class Metrics;
        explicit Gauge(std::atomic<double>* value) : value_(value) {}
        std::atomic<double>* value_;
    };

    class Histogram {
    public:
        void observe(double value) const;

    private:
        friend class Metrics;
        explicit Histogram(Buckets* buckets) : buckets_(buckets) {}
        Buckets* buckets_;
    };

    Metrics();
    ~Metrics();

    /// `help` counts when the name is used for the first time. Error{bug} for a name that is no metric name or is another kind of metric.
    Counter counter(const std::string& name, const std::string& help, Labels labels = {});
    Gauge gauge(const std::string& name, const std::string& help, Labels labels = {});
    /// `bounds`: upper limits of the buckets, ascending.
    Histogram histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds, Labels labels = {});

    /// For what happens seldom: look up and add.
    void count(const std::string& name, Labels labels = {}, double amount = 1) { counter(name, {}, labels).add(amount); }

    /// Everything, as text/plain; version=0.0.4.
    std::string text() const;

private:
    struct Registry;
    std::unique_ptr<Registry> registry_;
};

/// Upper limits in seconds for what takes from half a millisecond to ten seconds.
const std::vector<double>& seconds_buckets();

}  // namespace wabot
