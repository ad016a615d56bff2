#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace axial {

/// Bounded label values only (an AE Title from the configuration, a status; never a UID).
using MetricLabels = std::map<std::string, std::string>;

/// Handles stay valid as long as the registry. All calls are thread-safe and cheap.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Increment(double by = 1) = 0;
  [[nodiscard]] virtual double Value() const = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void Set(double value) = 0;
  virtual void Add(double by) = 0;
  [[nodiscard]] virtual double Value() const = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double value) = 0;
};

/// The process's metrics, named `axial_<room>_<noun>_<unit|total>`.
///
/// Asking twice for the same name and labels gives the same handle, so callers keep the reference
/// and do not look it up on a hot path. Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counter& GetCounter(const std::string& name, const std::string& help,
                      const MetricLabels& labels = {});
  Gauge& GetGauge(const std::string& name, const std::string& help,
                  const MetricLabels& labels = {});
  /// `bounds`: ascending upper bounds of the buckets, in the metric's unit.
  Histogram& GetHistogram(const std::string& name, const std::string& help,
                          const std::vector<double>& bounds, const MetricLabels& labels = {});

  /// The Prometheus text format (version 0.0.4).
  [[nodiscard]] std::string Serialize() const;

 private:
  struct Registry;
  std::unique_ptr<Registry> registry_;
};

}  // namespace axial
