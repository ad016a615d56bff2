// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "core/base/clock.h"
#include "gateway/receive/receive_events.h"
#include "orthanc-plugin/sender.h"

namespace axial::plugin {

/// The peers that hold connections to Orthanc open, seen at one moment.
struct Connections {
  std::set<std::string> dicom;
  std::set<std::string> http;
};

/// Tells the pipeline of Associations as a receiver would, from what a plugin can see: who sent an
/// Instance, and whether that peer still holds a connection to Orthanc open. One sender's
/// overlapping Associations count as one; a release and an abort look the same. Not thread-safe.
class Senders {
 public:
  explicit Senders(receive::ReceiveEvents& events) : events_(events) {}

  /// The Association over which the sender's Instance came; opened when there is none.
  [[nodiscard]] const receive::AssociationInfo& Of(const Sender& sender, TimePoint now);

  /// Ends those whose peers were not connected. Every Instance that Orthanc stored before
  /// `connections` was looked at must have been told.
  void EndThoseNotIn(const Connections& connections, TimePoint now);

  /// Whether EndThoseNotIn would end any.
  [[nodiscard]] bool AnyNotIn(const Connections& connections, TimePoint now) const;

  [[nodiscard]] bool any() const { return !open_.empty(); }

  /// Unique, also over restarts.
  [[nodiscard]] static receive::AssociationInfo NewAssociation(const Sender& sender);

 private:
  struct Open {
    receive::AssociationInfo association;
    TimePoint last_at{};
  };

  receive::ReceiveEvents& events_;
  std::map<Sender, Open> open_;
};

}  // namespace axial::plugin
