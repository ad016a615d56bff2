// Any mixture of Presentation Contexts, SOP Classes and Transfer Syntaxes on one Association.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <stdexcept>

#include "core/base/content_digest.h"
#include "tests/support/hostile_dicom.h"
#include "tests/support/receiver_harness.h"

namespace axial {
namespace {

using testing::DataSetOf;
using testing::ExplicitElement;
using testing::ExplicitHead;
using testing::kExplicitLittle;
using testing::kSecondaryCapture;
using testing::RawScu;
using testing::ReadWholeFile;
using testing::ReceiverHarness;

enum class Writing { kExplicit, kImplicit, kBigEndian, kDeflated, kEncapsulated };

struct Syntax {
  const char* uid;
  Writing writing;
};

constexpr Syntax kSyntaxes[] = {
    {"1.2.840.10008.1.2", Writing::kImplicit},
    {"1.2.840.10008.1.2.1", Writing::kExplicit},
    {"1.2.840.10008.1.2.1.99", Writing::kDeflated},
    {"1.2.840.10008.1.2.2", Writing::kBigEndian},
    {"1.2.840.113619.5.2", Writing::kImplicit},           // GE private
    {"1.2.840.10008.1.2.4.50", Writing::kEncapsulated},   // JPEG baseline
    {"1.2.840.10008.1.2.4.51", Writing::kEncapsulated},   // JPEG extended
    {"1.2.840.10008.1.2.4.53", Writing::kEncapsulated},   // JPEG spectral selection, retired
    {"1.2.840.10008.1.2.4.57", Writing::kEncapsulated},   // JPEG lossless
    {"1.2.840.10008.1.2.4.70", Writing::kEncapsulated},   // JPEG lossless SV1
    {"1.2.840.10008.1.2.4.80", Writing::kEncapsulated},   // JPEG-LS
    {"1.2.840.10008.1.2.4.81", Writing::kEncapsulated},   // JPEG-LS near-lossless
    {"1.2.840.10008.1.2.4.90", Writing::kEncapsulated},   // JPEG 2000 lossless
    {"1.2.840.10008.1.2.4.91", Writing::kEncapsulated},   // JPEG 2000
    {"1.2.840.10008.1.2.4.93", Writing::kEncapsulated},   // JPEG 2000 multi-component
    {"1.2.840.10008.1.2.4.100", Writing::kEncapsulated},  // MPEG-2
    {"1.2.840.10008.1.2.4.102", Writing::kEncapsulated},  // MPEG-4
    {"1.2.840.10008.1.2.4.107", Writing::kEncapsulated},  // HEVC
    {"1.2.840.10008.1.2.4.110", Writing::kEncapsulated},  // JPEG XL lossless, newer than DCMTK
    {"1.2.840.10008.1.2.4.201", Writing::kEncapsulated},  // HTJ2K lossless, newer than DCMTK
    {"1.2.840.10008.1.2.4.203", Writing::kEncapsulated},  // HTJ2K
    {"1.2.840.10008.1.2.5", Writing::kEncapsulated},      // RLE
    {"1.2.840.10008.1.2.8.1", Writing::kEncapsulated},    // deflated frames
};

std::string Number(std::size_t number, int bytes, bool big_endian) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
  if (big_endian) std::reverse(out.begin(), out.end());
  return out;
}

std::size_t LittleAt(std::string_view bytes, std::size_t at, int count) {
  std::size_t number = 0;
  for (int i = count; i > 0; --i)
    number = number << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i) - 1]);
  return number;
}

/// A flat explicit little endian data set, element after element, written otherwise.
std::string Rewritten(std::string_view data_set, bool explicit_vr, bool big_endian) {
  std::string out;
  while (!data_set.empty()) {
    const std::string vr(data_set.substr(4, 2));
    const bool long_length = vr == "OB" || vr == "OW";
    const std::size_t head = long_length ? 12 : 8;
    const std::size_t length = long_length ? LittleAt(data_set, 8, 4) : LittleAt(data_set, 6, 2);
    out += Number(LittleAt(data_set, 0, 2), 2, big_endian);
    out += Number(LittleAt(data_set, 2, 2), 2, big_endian);
    if (!explicit_vr) {
      out += Number(length, 4, false);
    } else {
      out += vr + (long_length ? std::string(2, '\0') : "");
      out += Number(length, long_length ? 4 : 2, big_endian);
    }
    std::string value(data_set.substr(head, length));
    if (vr == "US" && big_endian) std::reverse(value.begin(), value.end());
    out += value;
    data_set.remove_prefix(head + length);
  }
  return out;
}

std::string Deflated(const std::string& bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("zlib");
  std::string input = bytes;
  std::string out(bytes.size() + 1024, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out + stream.total_out % 2);
  deflateEnd(&stream);
  return out;
}

/// An Instance of the class, 1.2.3.<number>.1.1, with an odd private group, in that writing.
std::string DataSet(int number, const std::string& sop_class_uid, Writing writing) {
  std::string plain = testing::SmallDataSet(number);
  const std::string old_class = ExplicitElement(0x0008, 0x0016, "UI", kSecondaryCapture);
  plain.replace(0, old_class.size(), ExplicitElement(0x0008, 0x0016, "UI", sop_class_uid));
  if (writing == Writing::kImplicit) return Rewritten(plain, false, false);
  if (writing == Writing::kBigEndian) return Rewritten(plain, true, true);
  if (writing == Writing::kDeflated) return Deflated(plain);
  if (writing == Writing::kExplicit) return plain;
  const std::string pixels = ExplicitElement(0x7fe0, 0x0010, "OB", std::string(64, '\x40'));
  plain.resize(plain.size() - pixels.size());
  const auto item = [](std::uint16_t element, const std::string& value) {
    return Number(0xfffe, 2, false) + Number(element, 2, false) + Number(value.size(), 4, false) +
           value;
  };
  return plain + ExplicitHead(0x7fe0, 0x0010, "OB", 0xffffffff) + item(0xe000, "") +
         item(0xe000, std::string("\xff\x4f\xff\x51") + std::string(60, 'x')) + item(0xe0dd, "");
}

const std::vector<std::string> kClasses = {
    "1.2.840.10008.5.1.4.1.1.2",     "1.2.840.10008.5.1.4.1.1.4",       // CT, MR
    "1.2.840.10008.5.1.4.1.1.5",     "1.2.840.10008.5.1.4.1.1.1.2",     // retired NM, MG
    "1.2.840.10008.5.1.4.1.1.66.7",  "1.2.840.10008.5.1.4.1.1.999.1",   // newer; not yet invented
    "1.2.840.10008.5.1.4.1.1.104.1", "1.2.840.10008.5.1.4.1.1.77.1.6",  // PDF, whole slide
    "1.3.12.2.1107.5.9.1",                                              // private, configured
};

TEST(ReceiveContexts, TakesAMixtureOf128AndKeepsEveryBit) {
  ReceiverHarness harness([](receive::ReceiverOptions& options) {
    options.node.sop_classes.accept = {"1.3.12.2.1107.5.9.*"};
  });
  std::vector<RawScu::Context> contexts;
  std::vector<std::string> sent;
  for (int i = 0; i < 128; ++i) {
    const std::size_t number = static_cast<std::size_t>(i);
    const Syntax& syntax = kSyntaxes[number % std::size(kSyntaxes)];
    const std::string& sop_class = kClasses[number % kClasses.size()];
    contexts.push_back(
        {static_cast<std::uint8_t>(2 * i + 1), sop_class, {"1.2.3.4.5", syntax.uid}});
    sent.push_back(DataSet(i, sop_class, syntax.writing));
  }
  RawScu scu(harness.port());
  const auto reply = scu.Associate("AXIAL", "TEST", contexts);
  ASSERT_TRUE(reply && reply->accepted);
  EXPECT_EQ(std::count(reply->context_results.begin(), reply->context_results.end(), 0), 128);
  // Not in the order of proposal, and so that neighbours differ in class and syntax.
  for (int n = 0; n < 128; ++n) {
    const std::size_t i = static_cast<std::size_t>(n * 37 % 128);
    const std::string uid = "1.2.3." + std::to_string(i) + ".1.1";
    const auto response = scu.Store(contexts[i].id, contexts[i].sop_class_uid, uid, sent[i]);
    ASSERT_TRUE(response) << contexts[i].transfer_syntax_uids[1];
    ASSERT_EQ(response->status, 0)
        << contexts[i].transfer_syntax_uids[1] << ": " << response->error_comment;
    const receive::ReceivedInstance stored = harness.events().Instances().back();
    EXPECT_EQ(stored.header.transfer_syntax_uid, contexts[i].transfer_syntax_uids[1]);
    EXPECT_EQ(stored.header.sop_class_uid.str(), contexts[i].sop_class_uid);
    const std::string file = ReadWholeFile(stored.spool_path);
    EXPECT_TRUE(DataSetOf(file) == sent[i]) << contexts[i].transfer_syntax_uids[1];
    ContentDigest digest;
    digest.Add(file);
    EXPECT_EQ(stored.digest, digest.Hex());
  }
  EXPECT_TRUE(scu.Release());
  EXPECT_EQ(harness.events().Instances().size(), 128u);
}

TEST(ReceiveContexts, AnswersRefusalsInEveryTransferSyntax) {
  ReceiverHarness harness;
  std::vector<RawScu::Context> contexts;
  for (const Syntax& syntax : kSyntaxes)
    contexts.push_back(
        {static_cast<std::uint8_t>(2 * contexts.size() + 1), kSecondaryCapture, {syntax.uid}});
  RawScu scu(harness.port());
  ASSERT_TRUE(scu.Associate("AXIAL", "TEST", contexts));
  for (const RawScu::Context& context : contexts) {
    const auto response =
        scu.Store(context.id, kSecondaryCapture, "1.2.3.5.1.1", "no data set at all");
    ASSERT_TRUE(response) << context.transfer_syntax_uids[0];
    EXPECT_EQ(response->status, 0xc000) << context.transfer_syntax_uids[0];
  }
  EXPECT_TRUE(scu.Release());
}

TEST(ReceiveContexts, RefusesByNameWhatIsNotConfigured) {
  ReceiverHarness harness([](receive::ReceiverOptions& options) {
    options.node.sop_classes.accept = {"1.2.840.113619.4.*"};
    options.node.sop_classes.refuse = {"1.2.840.10008.5.1.4.1.1.104.1"};
  });
  RawScu scu(harness.port());
  const auto reply =
      scu.Associate("AXIAL", "TEST",
                    {{1, "1.2.840.10008.5.1.4.1.1.2", {kExplicitLittle}},
                     {3, "1.2.840.113619.4.30", {kExplicitLittle}},
                     {5, "1.3.12.2.1107.5.9.1", {kExplicitLittle}},
                     {7, "1.2.840.10008.5.1.4.1.1.104.1", {kExplicitLittle}},
                     {9, "1.2.840.10008.5.1.4.1.2.2.1", {kExplicitLittle}},
                     {11, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}},
                     {13, "1.2.840.10008.5.1.4.1.1.2", {"1.2.3.4.5", "1.2.840.10008.1.2.6.1"}}});
  ASSERT_TRUE(reply && reply->accepted);
  EXPECT_THAT(reply->context_results, ::testing::ElementsAre(0, 0, 3, 3, 3, 0, 4));
  EXPECT_EQ(harness.Metric("axial_receive_faults_total", {{"fault", "refused_sop_class"}}), 3);
  EXPECT_EQ(harness.Metric("axial_receive_faults_total", {{"fault", "refused_transfer_syntax"}}),
            2);
  config::Node everything;
  everything.sop_classes.accept = {"*"};
  harness.receiver().SetPolicy(everything);  // a reload counts from the next Association on
  RawScu next(harness.port());
  const auto accepted =
      next.Associate("AXIAL", "TEST", {{1, "1.3.12.2.1107.5.9.1", {kExplicitLittle}}});
  ASSERT_TRUE(accepted && accepted->accepted);
  EXPECT_THAT(accepted->context_results, ::testing::ElementsAre(0));
}

}  // namespace
}  // namespace axial
