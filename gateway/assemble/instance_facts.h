#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "core/dicom/instance_header.h"

namespace axial::assemble {

/// Where an image lies in the patient (PS3.3 C.7.6.2).
struct SlicePosition {
  std::array<int, 6> orientation{};  ///< Image Orientation (Patient), in thousandths
  std::int64_t along_normal_um = 0;  ///< Image Position (Patient) along the slice normal

  bool operator==(const SlicePosition&) const = default;
};

/// A part of a larger Instance (PS3.3 C.7.6.16.1.3).
struct Concatenation {
  std::string uid;
  std::int64_t number = 0;
  std::int64_t total = 0;  ///< 0: not told
};

/// What one Instance says about its place in its Series and Study. Absent or unreadable values are
/// nullopt: nothing from outside is refused here.
struct InstanceFacts {
  std::string series_uid;
  std::int64_t frames = 1;
  bool enhanced = false;      ///< of a multi-frame SOP Class that holds a whole stack
  bool stands_alone = false;  ///< no slice of a stack: a projection radiograph, or many frames
  std::optional<std::int64_t> instance_number;
  std::optional<std::int64_t> acquisition_number;
  std::optional<std::int64_t> images_in_acquisition;  ///< (0020,1002)
  std::optional<std::int64_t> series_instances;       ///< (0020,1209)
  std::optional<std::int64_t> study_instances;        ///< (0020,1208)
  std::optional<std::int64_t> study_series;           ///< (0020,1206)
  std::optional<Concatenation> concatenation;
  std::optional<SlicePosition> position;
};

[[nodiscard]] InstanceFacts FactsOf(const InstanceHeader& header);

}  // namespace axial::assemble
