// Images whose headers promise more than there is, or more than fits: an error that says so, before
// memory of the promised size is taken.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <ostream>

#include "inference/volume/load_series.h"
#include "tests/support/hostile_dicom.h"
#include "tests/support/temp_dir.h"

namespace axial {
namespace {

using testing::ExplicitElement;
using testing::ExplicitHead;
using ::testing::HasSubstr;

constexpr const char* kRle = "1.2.840.10008.1.2.5";
constexpr const char* kExplicitLittle = "1.2.840.10008.1.2.1";

std::string Us(unsigned value) {
  return {static_cast<char>(value & 0xff), static_cast<char>(value >> 8 & 0xff)};
}

struct Lie {
  std::string name{};
  unsigned rows = 8;
  unsigned columns = 8;
  unsigned bits = 16;
  unsigned samples = 1;
  std::string frames{};  ///< Number of Frames; "": absent
  std::string error{};   ///< part of the message
  std::string transfer_syntax = kExplicitLittle;
};
void PrintTo(const Lie& lie, std::ostream* out) { *out << lie.name; }

/// 128 bytes of pixels, whatever the header says.
std::string ImageWith(const Lie& lie) {
  std::string image = ExplicitElement(0x0008, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.2") +
                      ExplicitElement(0x0008, 0x0018, "UI", "1.2.3.1.1") +
                      ExplicitElement(0x0008, 0x0060, "CS", "CT") +
                      ExplicitElement(0x0020, 0x000d, "UI", "1.2.3") +
                      ExplicitElement(0x0020, 0x000e, "UI", "1.2.3.1") +
                      ExplicitElement(0x0020, 0x0032, "DS", "0\\0\\0") +
                      ExplicitElement(0x0020, 0x0037, "DS", "1\\0\\0\\0\\1\\0") +
                      ExplicitElement(0x0028, 0x0002, "US", Us(lie.samples)) +
                      ExplicitElement(0x0028, 0x0004, "CS", "MONOCHROME2");
  if (!lie.frames.empty()) image += ExplicitElement(0x0028, 0x0008, "IS", lie.frames);
  image += ExplicitElement(0x0028, 0x0010, "US", Us(lie.rows)) +
           ExplicitElement(0x0028, 0x0011, "US", Us(lie.columns)) +
           ExplicitElement(0x0028, 0x0030, "DS", "1\\1") +
           ExplicitElement(0x0028, 0x0100, "US", Us(lie.bits)) +
           ExplicitElement(0x0028, 0x0101, "US", Us(lie.bits)) +
           ExplicitElement(0x0028, 0x0102, "US", Us(lie.bits - 1)) +
           ExplicitElement(0x0028, 0x0103, "US", Us(0));
  if (lie.transfer_syntax != kRle)
    return image + ExplicitElement(0x7fe0, 0x0010, "OW", std::string(128, 'x'));
  const auto item = [](std::uint16_t element, const std::string& value) {
    std::string head = ExplicitHead(0xfffe, element, "UL", 0).substr(0, 4);
    const auto length = static_cast<std::uint32_t>(value.size());
    for (int shift = 0; shift < 32; shift += 8) head += static_cast<char>(length >> shift & 0xff);
    return head + value;
  };
  return image + ExplicitHead(0x7fe0, 0x0010, "OB", 0xffffffff) + item(0xe000, "") +
         item(0xe000, std::string(128, 'x')) + item(0xe0dd, "");
}

std::int64_t PeakKiB() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

class HostileImage : public ::testing::TestWithParam<Lie> {};

TEST_P(HostileImage, IsAnErrorThatSaysWhatIsWrongAndTakesNoMemory) {
  const Lie& lie = GetParam();
  const testing::TempDir folder;
  const std::string path = folder.File("image.dcm");
  testing::WriteWholeFile(path, testing::DicomFile(ImageWith(lie), lie.transfer_syntax));
  const std::int64_t before = PeakKiB();
  const auto volume = LoadVolume({path});
  const auto images = LoadImages({path});
  EXPECT_LT(PeakKiB() - before, 64 << 10) << "KiB";
  ASSERT_FALSE(volume.ok());
  ASSERT_FALSE(images.ok());
  EXPECT_THAT(volume.error().message(), HasSubstr(lie.error));
  EXPECT_THAT(images.error().message(), HasSubstr(lie.error));
}

INSTANTIATE_TEST_SUITE_P(
    Lies, HostileImage,
    ::testing::Values(
        Lie{.name = "RowsTimesColumnsBeyond32Bits",
            .rows = 65535,
            .columns = 65535,
            .error = "Pixel Data has 128 bytes, but 65535 rows x 65535 columns"},
        Lie{.name = "EverythingBeyond64Bits",
            .rows = 65535,
            .columns = 65535,
            .bits = 65535,
            .samples = 65535,
            .frames = "20000",
            .error = "in 20000 frames are"},
        Lie{.name = "JustBelowTheLimit",
            .rows = 23170,
            .columns = 23170,
            .error = "Pixel Data has 128"},
        Lie{.name = "WrapsTo128Bytes",
            .rows = 65535,
            .columns = 32776,
            .bits = 32,
            .error = "Pixel Data has 128"},
        Lie{.name = "FramesThatAreNotThere", .frames = "2", .error = "in 2 frames are 256"},
        Lie{.name = "TooManyFrames", .frames = "2147483647", .error = "more than 20000 frames"},
        Lie{.name = "NegativeFrames", .frames = "-1", .error = "Number of Frames is broken"},
        Lie{.name = "NoFrames", .frames = "0", .error = "Number of Frames is broken"},
        Lie{.name = "FramesThatAreNoNumber",
            .frames = "1e9x",
            .error = "Number of Frames is broken"},
        Lie{.name = "NoBits", .bits = 0, .error = "Bits Allocated missing"},
        Lie{.name = "OddBits", .bits = 13, .error = "Bits Allocated 13"},
        Lie{.name = "ManyBits", .bits = 65535, .error = "of 65535 bits in 1 frames"},
        Lie{.name = "NoRows", .rows = 0, .error = "Rows or Columns missing"},
        Lie{.name = "CompressedFramesThatAreNotThere",
            .frames = "5000",
            .error = "5000 frames, but 1 fragments",
            .transfer_syntax = kRle}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace axial
