#pragma once

#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/temp_dir.h"

/// Faults put into good objects for readers of neither Segmentation nor report: the checks must
/// find and name them.
namespace axial::results::pictures {

struct Fault {
  const char* name;
  const char* named;  ///< in the check's message
  std::function<void(DcmDataset&)> apply;
};
inline void PrintTo(const Fault& fault, std::ostream* stream) { *stream << fault.name; }

inline std::function<void(DcmDataset&)> Set(const DcmTagKey& tag, const char* value) {
  return [tag, value](DcmDataset& dataset) {
    ASSERT_TRUE(dataset.putAndInsertString(tag, value).good());
  };
}

inline std::function<void(DcmDataset&)> SetInItem(const DcmTagKey& sequence, const DcmTagKey& tag,
                                                  const char* value) {
  return [=](DcmDataset& dataset) {
    DcmItem* item = nullptr;
    ASSERT_TRUE(dataset.findAndGetSequenceItem(sequence, item).good());
    ASSERT_TRUE(item->putAndInsertString(tag, value).good());
  };
}

inline void FlipByte(DcmDataset& dataset, const DcmTagKey& tag, std::size_t at) {
  const Uint8* bytes = nullptr;
  unsigned long count = 0;
  ASSERT_TRUE(dataset.findAndGetUint8Array(tag, bytes, &count).good());
  std::vector<Uint8> changed(bytes, bytes + count);
  changed[at] = static_cast<Uint8>(changed[at] ^ 0xFFU);
  ASSERT_TRUE(dataset.putAndInsertUint8Array(tag, changed.data(), changed.size()).good());
}

inline void Halve(DcmDataset& dataset, const DcmTagKey& tag) {
  const Uint8* bytes = nullptr;
  unsigned long count = 0;
  ASSERT_TRUE(dataset.findAndGetUint8Array(tag, bytes, &count).good());
  const std::vector<Uint8> half(bytes, bytes + count / 4 * 2);
  ASSERT_TRUE(dataset.putAndInsertUint8Array(tag, half.data(), half.size()).good());
}

using Check = Status (*)(const ResultRun&, const ObjectRequest&);

class CheckPictures : public ::testing::TestWithParam<Fault> {
 protected:
  void ExpectNamed(const std::string& file, Check check) {
    const SourceSeries source = testing::WriteSource({}, in_.path());
    const config::ModelCard card = testing::LungCard();
    const Findings findings = testing::LungFindings(source, card);
    ResultOptions options{.model_digest = "digest", .gateway_version = "0.1.0", .now = {}};
    for (std::size_t i = 0; i < config::kExtraResultNames.size(); ++i)
      options.profiles.front().also.insert(static_cast<config::ExtraResult>(i));
    const auto written = WriteResults(findings, card, options, out_.path());
    ASSERT_TRUE(written.ok()) << written.error().ToString();
    DcmFileFormat header;
    ASSERT_TRUE(header.loadFile(source.frames.front().file.c_str()).good());
    DcmDataset& patient = *header.getDataset();
    const ResultRun run{findings,
                        card,
                        options,
                        patient,
                        ResultText::For(patient, card),
                        PlanSegmentFrames(findings).value()};
    const ObjectRequest request{options.profiles.front(), "",           9001,
                                out_.File(file),          std::nullopt, options.predecessors};
    ASSERT_TRUE(check(run, request).ok()) << check(run, request).error().ToString();

    DcmFileFormat object;
    ASSERT_TRUE(object.loadFile(request.path.c_str()).good());
    ASSERT_TRUE(object.loadAllDataIntoMemory().good());
    GetParam().apply(*object.getDataset());
    ASSERT_TRUE(object.saveFile(request.path.c_str(), EXS_LittleEndianExplicit).good());
    const Status status = check(run, request);
    ASSERT_FALSE(status.ok()) << "not noticed";
    EXPECT_EQ(status.error().code(), ErrorCode::kCorrupt);
    EXPECT_NE(status.error().message().find(GetParam().named), std::string::npos)
        << status.error().message();
  }

  testing::TempDir in_;
  testing::TempDir out_;
};

}  // namespace axial::results::pictures
