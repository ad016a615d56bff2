#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace axial::assemble {

/// What the Modality Performed Procedure Steps of a Study say that it consists of (PS3.4 F.7).
struct StepEvidence {
  struct Series {
    std::int64_t referenced = 0;  ///< Instances
    std::int64_t missing = 0;     ///< of these, not received when the rows were asked
  };
  bool ended = false;                    ///< every step
  std::map<std::string, Series> series;  ///< those of which Instances are named

  [[nodiscard]] bool names_instances() const { return !series.empty(); }
  [[nodiscard]] std::int64_t referenced() const { return Sum(&Series::referenced); }
  [[nodiscard]] std::int64_t missing() const { return Sum(&Series::missing); }

 private:
  [[nodiscard]] std::int64_t Sum(std::int64_t Series::* count) const {
    std::int64_t sum = 0;
    for (const auto& [uid, entry] : series) sum += entry.*count;
    return sum;
  }
};

}  // namespace axial::assemble
