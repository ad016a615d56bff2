#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "tests/support/phantom/phantom_study.h"

class DcmDataset;

namespace axial::phantom {

/// How values become stored pixels: value = stored * slope + intercept.
struct Storage {
  bool is_signed = false;
  int bits_stored = 16;
  double slope = 1.0;
  double intercept = 0.0;
};

/// The storage the options ask for. Error: InvalidInput (slope 0 or below).
[[nodiscard]] Result<Storage> PlanStorage(const PhantomOptions& options);

/// One slice's values as stored 16-bit words; values outside the stored range are clipped.
[[nodiscard]] std::vector<std::uint16_t> Quantise(const float* values, std::size_t count,
                                                  const Storage& storage);

/// The value a reader computes from a stored word.
[[nodiscard]] float Restore(std::uint16_t word, const Storage& storage);

/// Patient, Study, Series, Frame of Reference and Equipment: the same in all Instances.
[[nodiscard]] Status PutCommonModules(DcmDataset& dataset, const PhantomOptions& options,
                                      const PhantomStudy& study);

/// Image Plane, Image Pixel and the modality's image module for one slice.
[[nodiscard]] Status PutImageModules(DcmDataset& dataset, const PhantomOptions& options,
                                     const PhantomImage& made, const Storage& storage,
                                     const PhantomInstance& instance);

}  // namespace axial::phantom
