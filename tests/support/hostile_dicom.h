#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace axial::testing {

/// Explicit VR Little Endian elements made by hand, so that a test can also make broken ones.
/// `value` gets a padding byte when odd.
[[nodiscard]] std::string ExplicitElement(std::uint16_t group, std::uint16_t element,
                                          std::string_view vr, std::string value);

/// An element's head with any length at all, and no value.
[[nodiscard]] std::string ExplicitHead(std::uint16_t group, std::uint16_t element,
                                       std::string_view vr, std::uint32_t length);

/// The data set of one small Secondary Capture Image (8 by 8, 8 bits) with the UIDs
/// 1.2.3.<number> (study), 1.2.3.<number>.1 (series) and 1.2.3.<number>.1.1 (instance).
/// `before_pixels` is put right before Pixel Data.
[[nodiscard]] std::string SmallDataSet(int number, std::string_view before_pixels = {});

/// Preamble, File Meta Information and the data set.
[[nodiscard]] std::string DicomFile(std::string_view data_set,
                                    std::string_view transfer_syntax_uid = "1.2.840.10008.1.2.1");

/// `depth` sequences inside each other, all of undefined length and none closed: 20 bytes each, and
/// a reader that recurses runs out of stack (180,000 of them: 3.6 MB).
[[nodiscard]] std::string NestedSequences(int depth);

/// The same, each closed as it should be.
[[nodiscard]] std::string ClosedNestedSequences(int depth);

void WriteWholeFile(const std::string& path, std::string_view bytes);
[[nodiscard]] std::string ReadWholeFile(const std::string& path);

/// What follows the File Meta Information of a whole DICOM file's bytes.
[[nodiscard]] std::string DataSetOf(const std::string& file_bytes);

}  // namespace axial::testing
