#pragma once

#include <cstdint>
#include <vector>

#include "inference/results/attribute_writer.h"
#include "inference/results/result_run.h"
#include "inference/results/segment_frames.h"
#include "inference/results/segmentation_form.h"

namespace axial::results {

/// Writes the dimensions of a Segmentation (PS3.3 C.7.6.17) and the references to the source Series
/// (C.12.2). A LABELMAP's frames belong to no segment.
void WriteDimensionsAndReferences(const ResultRun& run, const SegmentationForm& form,
                                  AttributeWriter& writer);

/// The Shared and Per-Frame Functional Groups Sequences (C.7.6.16), geometry byte for byte as the
/// source wrote it, encoded as they are stored: the last attributes of the data set before its
/// Pixel Data. About 0.6 kB per frame. Errors: InvalidInput, Unsupported (ItemEncoder::status).
[[nodiscard]] Result<std::vector<std::uint8_t>> EncodeFunctionalGroups(
    const ResultRun& run, const SegmentationForm& form, const std::vector<SegmentFrame>& frames);

/// True when positions and orientations can be told: CT, MR, PT; false for CR, DX, MG.
[[nodiscard]] bool HasPlaneGeometry(const SourceSeries& source);

/// Whether frames on `frame` get Pixel Measures (PS3.3 C.7.6.16.2.1; optional beside Derivation
/// Image). Of a radiograph, and whatever has no planes, only with a thickness: highdicom reads no
/// others, and viewers take the spacing of the image.
[[nodiscard]] bool HasPixelMeasures(const SourceFrame& frame, bool plane_geometry);

}  // namespace axial::results
