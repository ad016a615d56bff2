#pragma once

#include <cstdint>
#include <string>

#include "gateway/deliver/destination.h"
#include "gateway/deliver/dicom_association.h"

namespace axial::deliver {

/// Whether the archive has the artifact (C-FIND, IMAGE level). Outer error: the Association is
/// lost.
[[nodiscard]] Result<Result<bool>> HasInstance(DicomAssociation& association,
                                               std::uint8_t context_id,
                                               const store::Delivery& artifact);

/// What the Study consists of there (C-FIND, SERIES level). Errors: of the Association; Unsupported
/// (it tells no Number of Series Related Instances), Corrupt (more Series than a Study can have).
[[nodiscard]] Result<SeriesCounts> CountSeries(DicomAssociation& association,
                                               std::uint8_t context_id,
                                               const std::string& study_uid);

}  // namespace axial::deliver
