// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <orthanc/OrthancCPlugin.h>

#include <nlohmann/json_fwd.hpp>
#include <optional>
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
  /// The file or folder that it was read from; "" when Orthanc has none.
  [[nodiscard]] std::string ConfigurationPath() const;

  /// The answer of Orthanc's own REST API. Errors: NotFound (there is no such thing), Unavailable.
  [[nodiscard]] Result<std::string> Get(const std::string& uri) const;
  /// The same, as JSON. Errors also: Corrupt.
  [[nodiscard]] Result<nlohmann::json> GetJson(const std::string& uri) const;
  /// Errors: as Get; InvalidInput (it does not take this).
  [[nodiscard]] Result<std::string> Post(const std::string& uri, const std::string& body) const;
  /// The DICOM file of an instance, uncompressed, as it was stored. Errors: as Get.
  [[nodiscard]] Result<std::string> DicomFile(const std::string& instance_id) const;

  /// Orthanc's identifier of the study with this Study Instance UID; "": it has none, or several.
  [[nodiscard]] std::string LookupStudy(const std::string& study_uid) const;
  /// Orthanc's identifier of the instance with this SOP Instance UID; "": it has none, or several.
  [[nodiscard]] std::string LookupInstance(const std::string& sop_instance_uid) const;

  /// What the plugin keeps in Orthanc's own database; "" when it is not there.
  [[nodiscard]] std::string Property(int number) const;
  [[nodiscard]] Status SetProperty(int number, const std::string& value) const;

 private:
  OrthancPluginContext* context_;
};

}  // namespace axial::plugin
