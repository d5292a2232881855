#include "core/telemetry/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <stdexcept>

#include "core/base/error.hpp"

namespace wabot {

struct Metrics::Registry {
    prometheus::Registry inner;
};

namespace {

std::map<std::string, std::string> to_map(Metrics::Labels labels) {
    std::map<std::string, std::string> out;
    for (const auto& [name, value] : labels) out.emplace(name, value);
    return out;
}

/// The member of the family `name` with these labels. prometheus-cpp throws invalid_argument for a bad name or one of another kind.
template <class Builder, class... Args>
void* member(prometheus::Registry& registry, Builder builder, const std::string& name, const std::string& help, Metrics::Labels labels,
             const Args&... args) {
    try {
        return &builder.Name(name).Help(help).Register(registry).Add(to_map(labels), args...);
    } catch (const std::invalid_argument& cause) {
        throw Error(Errc::bug, "metric " + name + ": " + cause.what());
    }
}

}  // namespace

Metrics::Metrics() : registry_(std::make_unique<Registry>()) {}
Metrics::~Metrics() = default;

void Metrics::Counter::add(double amount) const {
    static_cast<prometheus::Counter*>(counter_)->Increment(amount);
}
void Metrics::Gauge::set(double value) const {
    static_cast<prometheus::Gauge*>(gauge_)->Set(value);
}
void Metrics::Gauge::add(double amount) const {
    static_cast<prometheus::Gauge*>(gauge_)->Increment(amount);
}
void Metrics::Histogram::observe(double value) const {
    static_cast<prometheus::Histogram*>(histogram_)->Observe(value);
}

Metrics::Counter Metrics::counter(const std::string& name, const std::string& help, Labels labels) {
    return Counter(member(registry_->inner, prometheus::BuildCounter(), name, help, labels));
}

Metrics::Gauge Metrics::gauge(const std::string& name, const std::string& help, Labels labels) {
    return Gauge(member(registry_->inner, prometheus::BuildGauge(), name, help, labels));
}

Metrics::Histogram Metrics::histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds, Labels labels) {
    return Histogram(member(registry_->inner, prometheus::BuildHistogram(), name, help, labels, bounds));
}

std::string Metrics::text() const {
    return prometheus::TextSerializer().Serialize(registry_->inner.Collect());
}

const std::vector<double>& seconds_buckets() {
    static const std::vector<double> bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
    return bounds;
}

}  // namespace wabot
