#pragma once

#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"
#include "inference/results/written_object.h"
#include "tests/support/synthetic_results.h"
#include "tests/support/temp_dir.h"

/// Faults put into good objects of any kind, for their own checks to find.
namespace axial::results {

/// What the objects are made of.
enum class On { kStack, kTiltedStack, kMultiFrame, kRadiographs, kLabelmap, kLesions };

using Break = std::function<void(DcmDataset&)>;

struct Fault {
  const char* name;
  const char* kind;  ///< result kind
  On on;
  const char* named;  ///< in the check's message
  Break apply;
};
inline void PrintTo(const Fault& fault, std::ostream* stream) { *stream << fault.name; }

using Path = std::vector<std::pair<DcmTagKey, long>>;

inline DcmItem& At(DcmItem& item, const Path& path) {
  DcmItem* at = &item;
  for (const auto& [sequence, index] : path) {
    at = ItemOf(*at, sequence, index);
    if (at == nullptr) FailInvariant("no such item", __FILE__, __LINE__);
  }
  return *at;
}

inline Break Set(const DcmTagKey& tag, const char* value, const Path& path = {}) {
  return [=](DcmDataset& dataset) {
    ASSERT_TRUE(At(dataset, path).putAndInsertString(tag, value).good());
  };
}

inline Break SetNumber(const DcmTagKey& tag, Uint16 value, const Path& path = {}) {
  return [=](DcmDataset& dataset) {
    ASSERT_TRUE(At(dataset, path).putAndInsertUint16(tag, value).good());
  };
}

inline Break Remove(const DcmTagKey& tag, const Path& path = {}) {
  return
      [=](DcmDataset& dataset) { ASSERT_TRUE(At(dataset, path).findAndDeleteElement(tag).good()); };
}

/// Writes every kind of object of a made-up Series.
class FaultTest : public ::testing::Test {
 protected:
  static testing::SyntheticSource SourceFor(On on) {
    testing::SyntheticSource source{.slices = 5, .rows = 13, .columns = 17};
    if (on == On::kTiltedStack) {  // 28 slices, gantry tilted by 20 degrees
      source.slices = 28;
      source.orientation = "1\\0\\0\\0\\0.9396926\\-0.3420201";
    }
    source.multi_frame = on == On::kMultiFrame;
    if (on == On::kRadiographs) {
      source.modality = "DX";
      source.slices = 2;
      source.frame_of_reference = false;
    }
    return source;
  }

  void Write(const testing::SyntheticSource& source_options, On on) {
    source_.emplace(testing::WriteSource(source_options, in_.path()));
    if (on == On::kLesions)
      for (config::SegmentSpec& segment : card_.segments) {
        segment.category = {"49755003", "SCT", "Morphologically Abnormal Structure"};
        segment.anatomic_region = {"39607008", "SCT", "Lung"};
      }
    findings_.emplace(testing::LungFindings(*source_, card_));
    config::ResultProfile& profile = options_.profiles.front();
    if (on == On::kLabelmap) profile.segmentation = config::ResultProfile::Segmentation::kLabelmap;
    profile.also = {config::ExtraResult::kSecondaryCapture, config::ExtraResult::kRtStructureSet,
                    config::ExtraResult::kPdf, config::ExtraResult::kKeyObjects,
                    config::ExtraResult::kPresentationState};
    const auto written = WriteResults(*findings_, card_, options_, out_.path());
    ASSERT_TRUE(written.ok()) << written.error().ToString();
    artifacts_ = *written;
    ASSERT_TRUE(header_.loadFile(source_->frames.front().file.c_str()).good());
  }

  [[nodiscard]] const protocol::Artifact* FirstOf(const std::string& kind) const {
    for (const protocol::Artifact& artifact : artifacts_)
      if (artifact.kind == kind) return &artifact;
    return nullptr;
  }

  Status Check(const ResultKind& kind, const std::string& path) {
    DcmDataset& patient = *header_.getDataset();
    const ResultRun run{*findings_,
                        card_,
                        options_,
                        patient,
                        ResultText::For(patient, card_),
                        PlanSegmentFrames(*findings_).value()};
    std::optional<protocol::Artifact> segmentation;
    if (const protocol::Artifact* made = FirstOf("seg")) segmentation = *made;
    const config::ResultProfile& profile = options_.profiles.front();
    return kind.check(run, {profile, kind.variant(run, profile).value_or(""), 9001, path,
                            segmentation, options_.predecessors});
  }

  void ExpectFound(const std::string& kind_name, const std::string& named, const Break& apply) {
    const protocol::Artifact* artifact = FirstOf(kind_name);
    ASSERT_NE(artifact, nullptr) << "no " << kind_name;
    const auto& kinds = ResultKinds();
    const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                   [&](const ResultKind& each) { return each.name == kind_name; });
    const std::string path = out_.File(artifact->file);
    const Status good = Check(*kind, path);
    ASSERT_TRUE(good.ok()) << good.error().ToString();

    DcmFileFormat file;
    ASSERT_TRUE(file.loadFile(path.c_str()).good());
    ASSERT_TRUE(file.loadAllDataIntoMemory().good());
    apply(*file.getDataset());
    ASSERT_TRUE(file.saveFile(path.c_str(), EXS_LittleEndianExplicit, EET_ExplicitLength).good());
    const Status status = Check(*kind, path);
    ASSERT_FALSE(status.ok()) << "not noticed";
    EXPECT_EQ(status.error().code(), ErrorCode::kCorrupt);
    EXPECT_NE(status.error().message().find(named), std::string::npos) << status.error().message();
  }

  testing::TempDir in_;
  testing::TempDir out_;
  config::ModelCard card_ = testing::LungCard();
  ResultOptions options_{.model_digest = "digest", .gateway_version = "0.1.0", .now = {}};
  std::optional<SourceSeries> source_;
  std::optional<Findings> findings_;
  std::vector<protocol::Artifact> artifacts_;
  DcmFileFormat header_;
};

}  // namespace axial::results
