// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/base/metrics.h"
#include "core/base/result.h"
#include "core/dicom/instance_header.h"
#include "gateway/receive/receive_events.h"
#include "gateway/receive/spool_disk.h"
#include "gateway/store/host_store.h"
#include "orthanc-plugin/orthanc_api.h"
#include "orthanc-plugin/sender.h"

namespace axial::plugin {

/// Takes one Instance from Orthanc into the pipeline: a second name for Orthanc's own file where
/// its storage is a folder on the same file system, a copy where it is not. Not thread-safe.
class InstanceTaker {
 public:
  struct Options {
    std::string storage_folder;      ///< Orthanc's; "": it stores otherwise
    std::int64_t reserve_bytes = 0;  ///< copies are made only above it
    bool analyze_copies = true;      ///< Instances that Orthanc made by modifying or anonymising
    std::string own_ae_title;        ///< Orthanc's
    Metrics* metrics = nullptr;      ///< required
  };

  /// References outlive the taker.
  InstanceTaker(const OrthancApi& orthanc, receive::ReceiveEvents& events,
                receive::SpoolDisk& spool, store::HostStore& host, Options options);

  /// By which Association the Instance counts as having come; `study_id` is Orthanc's.
  using AssociationOf =
      std::function<receive::AssociationInfo(const Sender& sender, const std::string& study_id)>;

  /// The Instance that Orthanc has under that identifier. `known`: who sent it, if a callback told;
  /// nullptr: Orthanc is asked. What is here already, what this gateway made, and what is not to be
  /// analysed is left alone, and is no error. Errors: NotFound (Orthanc has it no more),
  /// InvalidInput, Unsupported, Corrupt (never to be taken), retried codes.
  /// `even_removed`: also what was here, and was removed because nothing was owed of it.
  [[nodiscard]] Status Take(const std::string& instance_id, const Sender* known,
                            const AssociationOf& association_of, bool even_removed = false);

 private:
  [[nodiscard]] Result<std::string> StudyOf(const std::string& series_id);
  [[nodiscard]] Result<Sender> AskWhoSent(const std::string& instance_id, std::string& copied_from);
  [[nodiscard]] Status TakeLinked(const std::string& file, store::HostInstance& row,
                                  bool leave_alone, const Sender& sender,
                                  const AssociationOf& association_of);
  [[nodiscard]] Status TakeCopied(store::HostInstance& row, bool leave_alone, const Sender& sender,
                                  const AssociationOf& association_of);
  /// Fills in the UIDs, too.
  [[nodiscard]] Result<bool> IsOurs(const InstanceHeader& header, store::HostInstance& row);
  [[nodiscard]] Result<bool> IsHere(const store::HostInstance& row, bool even_removed);
  void Count(const char* outcome);

  const OrthancApi& orthanc_;
  receive::ReceiveEvents& events_;
  receive::SpoolDisk& spool_;
  store::HostStore& host_;
  const Options options_;
  std::map<std::string, std::string> study_by_series_;  ///< a cache, bounded
};

}  // namespace axial::plugin
