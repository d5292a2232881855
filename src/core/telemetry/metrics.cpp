#include "core/telemetry/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "core/base/error.hpp"

namespace wabot {

struct Metrics::Buckets {
    explicit Buckets(const std::vector<double>& upper) : bounds(upper), counts(upper.size() + 1) {}
    const std::vector<double> bounds;
    std::vector<std::atomic<std::uint64_t>> counts;  // of each bucket alone; the last is what is above every bound
    std::atomic<double> sum{0};
};

namespace {

enum class MetricKind { counter, gauge, histogram };
constexpr std::string_view kind_words[] = {"counter", "gauge", "histogram"};

struct MetricFamily {
    MetricKind kind;
    std::string help;
    // By their labels as text: `a="x",b="y"`. They stay where they are.
    std::map<std::string, std::atomic<double>> values;
    std::map<std::string, Metrics::Buckets> histograms;
};

/// In the order of their names: another order means the same series.
std::string labels_text(Metrics::Labels labels) {
    std::map sorted(labels.begin(), labels.end());
    std::string text;
    for (const auto& [name, value] : sorted) {
        text.append(text.empty() ? "" : ",").append(name).append("=\"");
        for (const char c : value) {
            if (c == '\\' || c == '"') text += '\\';
            text.append(c == '\n' ? "\\n" : std::string(1, c));
        }
        text += '"';
    }
    return text;
}

bool is_metric_name(std::string_view name) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789";
    return !name.empty() && name.find_first_not_of(letters) == std::string_view::npos && (name[0] < '0' || name[0] > '9');
}

void add_sample(std::string& text, std::string_view name, std::string_view suffix, const std::string& labels, double value) {
    text += labels.empty() ? fmt::format("{}{} {}\n", name, suffix, value) : fmt::format("{}{}{{{}}} {}\n", name, suffix, labels, value);
}

void add_histogram(std::string& text, std::string_view name, const std::string& labels, const Metrics::Buckets& histogram) {
    std::string buckets;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
        count += histogram.counts[i];
        const std::string bound = i < histogram.bounds.size() ? fmt::format("{}", histogram.bounds[i]) : "+Inf";
        add_sample(buckets, name, "_bucket", fmt::format("{}{}le=\"{}\"", labels, labels.empty() ? "" : ",", bound), static_cast<double>(count));
    }
    add_sample(text, name, "_count", labels, static_cast<double>(count));
    add_sample(text, name, "_sum", labels, histogram.sum);
    text += buckets;
}

}  // namespace

struct Metrics::Registry {
    mutable std::mutex mutex;
    std::map<std::string, MetricFamily> families;

    /// With the lock held.
    MetricFamily& family(const std::string& name, const std::string& help, MetricKind kind) {
        if (!is_metric_name(name)) throw Error(Errc::bug, "metric " + name + ": that is no name of a metric");
        MetricFamily& found = families.try_emplace(name, MetricFamily{kind, help, {}, {}}).first->second;
        if (found.kind != kind) throw Error(Errc::bug, "metric " + name + ": it is of another kind");
        return found;
    }
    std::atomic<double>* value(const std::string& name, const std::string& help, MetricKind kind, Labels labels) {
        const std::lock_guard lock(mutex);
        return &family(name, help, kind).values[labels_text(labels)];
    }
};

Metrics::Metrics() : registry_(std::make_unique<Registry>()) {}
Metrics::~Metrics() = default;

void Metrics::Histogram::observe(double value) const {
    const auto bucket = std::lower_bound(buckets_->bounds.begin(), buckets_->bounds.end(), value) - buckets_->bounds.begin();
    buckets_->counts[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    buckets_->sum.fetch_add(value, std::memory_order_relaxed);
}

Metrics::Counter Metrics::counter(const std::string& name, const std::string& help, Labels labels) {
    return Counter(registry_->value(name, help, MetricKind::counter, labels));
}

Metrics::Gauge Metrics::gauge(const std::string& name, const std::string& help, Labels labels) {
    return Gauge(registry_->value(name, help, MetricKind::gauge, labels));
}

Metrics::Histogram Metrics::histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds, Labels labels) {
    const std::lock_guard lock(registry_->mutex);
    return Histogram(&registry_->family(name, help, MetricKind::histogram).histograms.try_emplace(labels_text(labels), bounds).first->second);
}

std::string Metrics::text() const {
    const std::lock_guard lock(registry_->mutex);
    std::string text;
    for (const auto& [name, family] : registry_->families) {
        if (!family.help.empty()) text += fmt::format("# HELP {} {}\n", name, family.help);
        text += fmt::format("# TYPE {} {}\n", name, kind_words[static_cast<std::size_t>(family.kind)]);
        for (const auto& [labels, value] : family.values) add_sample(text, name, "", labels, value);
        for (const auto& [labels, histogram] : family.histograms) add_histogram(text, name, labels, histogram);
    }
    return text;
}

const std::vector<double>& seconds_buckets() {
    static const std::vector<double> bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
    return bounds;
}

}  // namespace wabot
