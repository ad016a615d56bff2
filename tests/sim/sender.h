#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/dicom/instance_header.h"

namespace axial::sim {

/// One thing that a gateway sees of a sender.
struct Event {
  TimePoint at{};
  std::int64_t association_id = 0;
  bool is_end = false;    ///< of the Association; else an Instance
  bool released = true;   ///< an end: by the peer, not aborted
  bool repeated = false;  ///< an Instance that was sent before, with the same bytes
  std::string calling_ae_title;
  std::vector<InstanceHeader> instance;  ///< one; none at an end
};

/// What a sender did with one Study, and what is true of it.
struct SentStudy {
  std::string study_uid;
  std::string behaviour;
  std::vector<Event> events;  ///< by time
  TimePoint transfer_over{};  ///< last new Instance of what the sender sent in one go
};

/// How senders behave. Each behaviour is one calling AE Title that sends `studies` Studies, one
/// after the other. The same seed gives the same corpus, event by event.
[[nodiscard]] std::vector<SentStudy> MakeCorpus(unsigned seed, int studies);

/// The names of all behaviours, in the order of the report.
[[nodiscard]] std::vector<std::string> Behaviours();

}  // namespace axial::sim
