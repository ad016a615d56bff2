#pragma once

#include <string>
#include <vector>

#include "config/model_card.h"
#include "core/base/clock.h"

namespace axial::dispatch {

/// A usable model, and how its workers have fared.
struct Model {
  config::ModelCard card;
  /// Changes when the card or the weights change on disk.
  std::string fingerprint;
  bool start_failed = false;  ///< the last worker of it died before it was ready
  std::string last_error;     ///< "" after an answered Job
  Duration pause{0};          ///< of the last failure; doubles with the next
  TimePoint not_before{};     ///< no new worker earlier
  TimePoint last_used_at{};
};

/// The models Jobs may ask for. Not thread-safe.
class ModelTable {
 public:
  ModelTable(Duration pause, Duration pause_at_most)
      : pause_(pause), pause_at_most_(pause_at_most) {}

  /// Replaces all models; unchanged ones keep their history.
  void Set(std::vector<config::ModelCard> cards);

  /// nullptr: no such model.
  [[nodiscard]] Model* Find(const std::string& name);
  [[nodiscard]] const std::vector<Model>& all() const { return models_; }
  [[nodiscard]] std::vector<std::string> Names() const;

  /// A worker of the model died, at start or later: the next one waits, each time twice as long.
  void Failed(const std::string& name, bool at_start, const std::string& reason, TimePoint now);
  /// A worker of the model is ready.
  void Started(const std::string& name, TimePoint now);
  /// A worker of the model answered a Job, well or not: it is sound.
  void Answered(const std::string& name, TimePoint now);

 private:
  Duration pause_;
  Duration pause_at_most_;
  std::vector<Model> models_;
};

}  // namespace axial::dispatch
