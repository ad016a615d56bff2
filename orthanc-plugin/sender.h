// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <string>

namespace axial::plugin {

/// How an Instance came into Orthanc.
enum class Way {
  kDicom,   ///< C-STORE
  kHttp,    ///< Orthanc's REST API, its web page, WebDAV
  kPlugin,  ///< another plugin, such as DICOMweb (STOW-RS)
  kOther,   ///< not known
};

/// Who sent it, as far as Orthanc says.
struct Sender {
  Way way = Way::kOther;
  std::string calling_ae_title;
  std::string called_ae_title;
  std::string address;  ///< numeric; "" when Orthanc does not know

  auto operator<=>(const Sender&) const = default;
};

}  // namespace axial::plugin
