#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "gateway/commands/left_out.h"

namespace axial::gateway {

/// Files of one Series and what it is.
struct InputSeries {
  std::string uid;
  std::string study_uid;
  std::string modality;
  std::vector<std::string> files;  ///< absolute, in order of their paths
  Status patient;  ///< Error: the Study has images of two patients, in this Series or another
};

/// What is in a folder of somebody's files, each Instance once.
struct InputFolder {
  /// By Series Number, then in order of their first files: as a modality sends them, and so as the
  /// gateway counts the runs of a Study.
  std::vector<InputSeries> series;
  std::vector<LeftOutFile> refused;  ///< DICOM that the gateway would refuse, too
  std::size_t files = 0;             ///< all that were looked at
  std::size_t others = 0;            ///< no DICOM images; folders often hold other things
  std::size_t repeated = 0;          ///< SOP Instance UIDs that were there before
};

/// Reads the headers of all files in the folder, at any depth. Errors: those of FindFiles.
[[nodiscard]] Result<InputFolder> ReadInputFolder(const std::string& folder);

/// Says which files are not used, why, and what to do about it.
void TellLeftOut(const InputFolder& input, std::ostream& err);

}  // namespace axial::gateway
