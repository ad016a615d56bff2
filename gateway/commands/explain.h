#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace axial::gateway {

struct ExplainOptions {
  std::string config_path;
  std::vector<std::string> paths;  ///< DICOM files, or folders that are walked
  std::string calling_ae_title;    ///< as if this peer had sent the files; "" for unknown
  bool json = false;
};

/// `axial explain`: what the rules say about DICOM files, per Study and Series, without network and
/// without running anything. Models need not exist. Exit status: 0; 1 when the configuration has
/// problems, a path does not exist, or no file is DICOM.
[[nodiscard]] int RunExplain(const ExplainOptions& options, std::ostream& out, std::ostream& err);

}  // namespace axial::gateway
