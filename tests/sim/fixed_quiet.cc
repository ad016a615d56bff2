#include <map>
#include <utility>

#include "tests/sim/policy.h"

namespace axial::sim {
namespace {

class FixedQuiet final : public Policy {
 public:
  FixedQuiet(Duration series, Duration study) : series_(series), study_(study) {}

  void Take(const Event& event) override {
    if (event.is_end) return;
    const InstanceHeader& header = event.instance.front();
    const std::string& study = header.study_instance_uid.str();
    for (const std::string& series : {header.series_instance_uid.str(), std::string()}) {
      const auto found = open_.find({study, series});
      if (event.repeated && found == open_.end()) continue;
      open_[{study, series}] = event.at;
    }
  }

  std::optional<TimePoint> NextDue() override {
    std::optional<TimePoint> next;
    for (const auto& [name, last] : open_)
      if (!next || Due(name.second, last) < *next) next = Due(name.second, last);
    return next;
  }

  void Run(TimePoint now) override {
    for (auto entry = open_.begin(); entry != open_.end();) {
      if (Due(entry->first.second, entry->second) > now) {
        ++entry;
        continue;
      }
      closes_.push_back({now, entry->first.first, entry->first.second});
      entry = open_.erase(entry);
    }
  }

  std::vector<Close> Closes() override { return closes_; }

 private:
  [[nodiscard]] TimePoint Due(const std::string& series, TimePoint last) const {
    return last + (series.empty() ? study_ : series_);
  }

  Duration series_;
  Duration study_;
  std::map<std::pair<std::string, std::string>, TimePoint> open_;  ///< last Instance
  std::vector<Close> closes_;
};

}  // namespace

std::unique_ptr<Policy> MakeFixedQuiet(Duration series, Duration study) {
  return std::make_unique<FixedQuiet>(series, study);
}

}  // namespace axial::sim
