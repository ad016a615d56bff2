#pragma once

#include "core/dicom/attribute_set.h"
#include "core/dicom/character_set.h"
#include "core/dicom/structure.h"

namespace axial {

/// The values of one top-level element as text, or false when it has none worth a rule: private,
/// unknown, binary, or a sequence. `keyword` and `value` are set on true only.
/// `signed_pixels`: Pixel Representation is 1, which decides "US or SS" with implicit VR.
[[nodiscard]] bool ReadAttributeValue(const DataElement& element, const CharacterSet& character_set,
                                      bool signed_pixels, std::string& keyword,
                                      AttributeValue& value);

}  // namespace axial
