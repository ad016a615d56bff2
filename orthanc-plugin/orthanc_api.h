// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <orthanc/OrthancCPlugin.h>

#include <string>

#include "core/base/result.h"

namespace axial::plugin {

/// The oldest Orthanc that has every SDK function the plugin cannot do without.
inline constexpr int kMinimumOrthanc[] = {1, 10, 1};

/// The few calls of the Orthanc SDK that the plugin makes, with owned memory and Axial's errors.
/// Never to be used from a callback: Orthanc holds locks there. Thread-safe. Does not own the
/// context.
class OrthancApi {
 public:
  explicit OrthancApi(OrthancPluginContext* context) : context_(context) {}

  /// Orthanc's whole configuration, JSON.
  [[nodiscard]] Result<std::string> Configuration() const;
  /// The answer of Orthanc's own REST API. Error: NotFound.
  [[nodiscard]] Result<std::string> Get(const std::string& uri) const;
  /// Orthanc's own id of an instance, "": there is none.
  [[nodiscard]] std::string LookupInstance(const std::string& sop_instance_uid) const;
  /// The DICOM file of an instance, as stored. Error: NotFound.
  [[nodiscard]] Result<std::string> DicomFile(const std::string& instance_id) const;

 private:
  OrthancPluginContext* context_;
};

}  // namespace axial::plugin
