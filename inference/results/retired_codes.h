#pragma once

class DcmItem;

namespace axial::results {

/// Changes the coded attributes of a header in memory that the image library of a report copies
/// (PS3.16 TID 1602 and 1607: anatomic region, view, radionuclide, radiopharmaceutical): codes of
/// the retired SNOMED RT (SRT, SNM3, 99SDM) become those of SNOMED CT. What has no counterpart is
/// removed, and what is not in the context groups that TID 1607 demands.
void RenewCodes(DcmItem& header);

}  // namespace axial::results
