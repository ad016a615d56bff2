#include "core/dicom/structure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

#include "tests/support/hostile_dicom.h"

namespace axial {
namespace {

using testing::ClosedNestedSequences;
using testing::DicomFile;
using testing::ExplicitElement;
using testing::ExplicitHead;
using testing::NestedSequences;
using testing::SmallDataSet;

Status Walk(std::string_view bytes, const HeaderLimits& limits = {}) {
  const auto walked = WalkStructureOfBytes(bytes, limits);
  return walked.ok() ? Status() : walked.error();
}

void ExpectRefused(std::string_view bytes, std::string_view reason,
                   const HeaderLimits& limits = {}) {
  const Status status = Walk(bytes, limits);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), ErrorCode::kInvalidInput);
  EXPECT_THAT(status.error().message(), ::testing::HasSubstr(std::string(reason)));
}

std::string Deflated(std::string_view bytes) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, bytes.size()) + 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

constexpr std::string_view kDeflatedSyntax = "1.2.840.10008.1.2.1.99";
constexpr std::string_view kImplicitSyntax = "1.2.840.10008.1.2";

TEST(Structure, AcceptsFileAndBareDataSet) {
  EXPECT_TRUE(Walk(DicomFile(SmallDataSet(1))).ok());
  EXPECT_TRUE(Walk(SmallDataSet(1)).ok());
}

TEST(Structure, RefusesWhatIsNotDicom) {
  ExpectRefused("", "not a DICOM file");
  ExpectRefused("short", "not a DICOM file");
  ExpectRefused("Dear colleague, please find attached the images of", "not a DICOM file");
}

TEST(Structure, AcceptsNestingUpToTheLimitAndNoFurther) {
  HeaderLimits limits;
  limits.sequence_depth = 5;
  EXPECT_TRUE(Walk(DicomFile(SmallDataSet(1, ClosedNestedSequences(5))), limits).ok());
  ExpectRefused(DicomFile(SmallDataSet(1, ClosedNestedSequences(6))), "nested deeper than 5",
                limits);
}

TEST(Structure, RefusesNestedBombs) {
  const std::string bomb = NestedSequences(180'000);
  ASSERT_EQ(bomb.size(), 3'600'000u);
  ExpectRefused(DicomFile(SmallDataSet(1, bomb)), "nested deeper");
  ExpectRefused(DicomFile(SmallDataSet(1) + bomb), "nested deeper");  // after Pixel Data
  ExpectRefused(DicomFile(Deflated(SmallDataSet(1, bomb)), kDeflatedSyntax), "nested deeper");
}

TEST(Structure, RefusesBombInsideUnknownOfUndefinedLength) {
  // PS3.5 6.2.2: UN of undefined length holds implicit VR, where sequences look different.
  const std::string level("\x40\x00\x30\xa7\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff", 16);
  std::string bomb = ExplicitHead(0x0009, 0x1001, "UN", 0xffffffff) + level.substr(8);
  for (int i = 0; i < 1000; ++i) bomb += level;
  ExpectRefused(DicomFile(SmallDataSet(1, bomb)), "nested deeper");
}

TEST(Structure, FollowsPrivateSequencesOfImplicitVr) {
  // A private value of defined length that begins with an item may be a sequence: it is followed,
  // and where it turns out to be none, it is opaque.
  std::string inner;
  for (int i = 0; i < 5; ++i) {
    const std::string sequence_size{static_cast<char>(inner.size() + 8), '\0', '\0', '\0'};
    const std::string item_size{static_cast<char>(inner.size()), '\0', '\0', '\0'};
    inner = std::string("\x09\x00\x01\x10", 4) + sequence_size +
            std::string("\xfe\xff\x00\xe0", 4) + item_size + inner;
  }
  const std::string modality("\x08\x00\x60\x00\x02\x00\x00\x00OT", 10);
  HeaderLimits limits;
  limits.sequence_depth = 3;
  ExpectRefused(DicomFile(modality + inner, kImplicitSyntax), "nested deeper than 3", limits);
  EXPECT_TRUE(Walk(DicomFile(modality + inner, kImplicitSyntax)).ok());
  const std::string opaque("\x09\x00\x01\x10\x10\x00\x00\x00\xfe\xff\x00\xe0garbage!1234", 24);
  EXPECT_TRUE(Walk(DicomFile(modality + opaque, kImplicitSyntax), limits).ok());
}

TEST(Structure, RefusesLengthsBeyondFileAndParent) {
  ExpectRefused(DicomFile(SmallDataSet(1, ExplicitHead(0x0009, 0x1001, "UN", 0x7fffffff))),
                "the file ends inside an element");
  const std::string in_item =
      std::string("\xfe\xff\x00\xe0\x08\x00\x00\x00", 8) + ExplicitHead(0x0008, 0x0100, "SH", 100);
  ExpectRefused(DicomFile(SmallDataSet(1, ExplicitElement(0x0008, 0x1032, "SQ", in_item))),
                "longer than the item");
}

TEST(Structure, RefusesFragmentsThatAreNotAllThere) {
  const std::string head = SmallDataSet(1).substr(0, SmallDataSet(1).size() - 76) +
                           ExplicitHead(0x7fe0, 0x0010, "OB", 0xffffffff) +
                           std::string("\xfe\xff\x00\xe0\0\0\0\0", 8);
  const std::string fragment = std::string("\xfe\xff\x00\xe0\x04\0\0\0abcd", 12);
  const std::string end = std::string("\xfe\xff\xdd\xe0\0\0\0\0", 8);
  const std::string_view jpeg = "1.2.840.10008.1.2.4.50";
  EXPECT_TRUE(Walk(DicomFile(head + fragment + end, jpeg)).ok());
  ExpectRefused(DicomFile(head + fragment, jpeg), "the file ends");
  ExpectRefused(DicomFile(head + fragment.substr(0, 10), jpeg), "the file ends");
}

TEST(Structure, AppliesHeaderAndCountLimits) {
  HeaderLimits limits;
  limits.attribute_count = 10;
  ExpectRefused(DicomFile(SmallDataSet(1)), "more than 10 attributes", limits);
  limits = {};
  limits.header_bytes = 100;
  ExpectRefused(DicomFile(SmallDataSet(1)), "header of more than 100 bytes", limits);
  limits.header_bytes = 1000;  // a long value is stepped over, not held
  const std::string document = ExplicitElement(0x0042, 0x0011, "OB", std::string(100'000, 'x'));
  EXPECT_TRUE(Walk(DicomFile(SmallDataSet(1, document)), limits).ok());
}

TEST(Structure, BoundsInflation) {
  const std::string zeros = ExplicitElement(0x0042, 0x0011, "OB", std::string(10'000'000, '\0'));
  const std::string file = DicomFile(Deflated(SmallDataSet(1, zeros)), kDeflatedSyntax);
  ASSERT_LT(file.size(), 20'000u);
  EXPECT_TRUE(Walk(file).ok());
  HeaderLimits limits;
  limits.inflated_bytes = 1'000'000;
  ExpectRefused(file, "inflates to more than 1000000 bytes", limits);
  ExpectRefused(DicomFile(SmallDataSet(1), kDeflatedSyntax), "does not inflate");
}

TEST(Structure, RefusesFileCutAnywhereButBetweenElements) {
  const std::string file = DicomFile(SmallDataSet(1, ClosedNestedSequences(2)));
  int accepted = 0;
  for (std::size_t size = 0; size < file.size(); ++size)
    if (Walk(std::string_view(file).substr(0, size)).ok()) ++accepted;
  // A file that ends right between top-level elements cannot be told from a whole one.
  EXPECT_LE(accepted, 24);
  EXPECT_TRUE(Walk(file).ok());
}

TEST(Structure, ToleratesWhatRealFilesHave) {
  EXPECT_TRUE(Walk(DicomFile(SmallDataSet(1) + std::string(3, '\0'))).ok());
  EXPECT_TRUE(Walk(DicomFile(SmallDataSet(1) + ExplicitElement(0x0008, 0x0060, "CS", "OT"))).ok());
  EXPECT_TRUE(Walk(DicomFile(SmallDataSet(1, ExplicitElement(0x0009, 0x1001, "??", "ab")))).ok());
  const std::string stray_delimiter("\xfe\xff\x0d\xe0\0\0\0\0", 8);
  EXPECT_TRUE(Walk(DicomFile(SmallDataSet(1, stray_delimiter))).ok());
}

std::string Mutated(const std::string& file, std::mt19937& random) {
  std::string mutated = file;
  const std::size_t changes = 1 + random() % 6;
  for (std::size_t i = 0; i < changes && mutated.size() > 200; ++i) {
    const std::size_t at = 128 + random() % (mutated.size() - 128);
    const std::size_t kind = random() % 4;
    if (kind == 0) mutated[at] = static_cast<char>(random());
    if (kind == 1) mutated[at] = '\xff';
    if (kind == 2) mutated.erase(at, 1 + random() % 8);
    if (kind == 3)
      mutated.insert(at, file.substr(128 + random() % (file.size() - 128), random() % 40));
  }
  return mutated;
}

TEST(Structure, SurvivesRandomMutations) {
  const std::string file = DicomFile(SmallDataSet(1, ClosedNestedSequences(4)));
  std::mt19937 random(20260101);
  int refused = 0;
  for (int round = 0; round < 20'000; ++round)
    if (!Walk(Mutated(file, random)).ok()) ++refused;
  EXPECT_GT(refused, 1000);
  EXPECT_LT(refused, 20'000);
}

}  // namespace
}  // namespace axial
