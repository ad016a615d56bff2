#include "gateway/dispatch/artifacts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"

namespace axial::dispatch {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ArtifactsTest : public ::testing::Test {
 protected:
  ArtifactsTest() : directory(MakeOutputDirectory(folder.File("results"), 7, "1").value()) {
    std::ofstream(directory + "/seg.dcm") << "bytes";
    std::ofstream(directory + "/sr.dcm") << "bytes";
    std::ofstream(folder.File("outside.dcm")) << "bytes";
  }

  static protocol::Artifact Seg() {
    return {"seg.dcm", "seg", "1.2.840.10008.5.1.4.1.1.66.4", "2.25.1", "2.25.2"};
  }
  static protocol::Artifact Report(config::ResultProfile::Report report, std::vector<int> profiles,
                                   const std::string& uid) {
    return {"sr.dcm", "sr", std::string(NameOfEnum(config::kReportSopClasses, report)),
            "2.25.3", uid,  std::move(profiles)};
  }

  static config::ResultProfile Wanting(config::ResultProfile::Report report) {
    config::ResultProfile profile;
    profile.report = report;
    return profile;
  }

  /// One Destination that wants a Segmentation alone.
  static ResultWishes ForPacs() {
    return {{Wanting(config::ResultProfile::Report::kNone)}, {{"pacs"}}};
  }

  /// The error of a report of `artifact` alone.
  ErrorCode CodeFor(const protocol::Artifact& artifact) const {
    const auto checked = CheckArtifacts(directory, {artifact}, ForPacs());
    EXPECT_FALSE(checked.ok()) << artifact.file;
    return checked.ok() ? ErrorCode::kInternal : checked.error().code();
  }

  testing::TempDir folder;
  std::string directory;
};

TEST_F(ArtifactsTest, AFileInTheFolderIsBelieved) {
  const auto checked = CheckArtifacts(directory, {Seg()}, ForPacs());
  ASSERT_TRUE(checked.ok());
  EXPECT_EQ(checked->front().path, directory + "/seg.dcm");
  EXPECT_EQ(checked->front().kind, "seg");
  EXPECT_EQ(checked->front().sop_instance_uid, "2.25.2");
  EXPECT_EQ(checked->front().destinations, std::vector<std::string>{"pacs"});
}

TEST_F(ArtifactsTest, NoNameLeavesTheFolder) {
  std::filesystem::create_symlink(folder.File("outside.dcm"), directory + "/link.dcm");
  std::filesystem::create_directory(directory + "/folder");
  std::ofstream(directory + "/empty.dcm");
  for (const std::string& name :
       {std::string("../../../outside.dcm"), std::string(".."), std::string("."), std::string(),
        folder.File("outside.dcm"), std::string("seg.dcm\0x", 9), std::string("se g.dcm"),
        std::string(300, 'a'), std::string("link.dcm"), std::string("folder"),
        std::string("empty.dcm"), std::string("absent.dcm")}) {
    protocol::Artifact artifact = Seg();
    artifact.file = name;
    EXPECT_EQ(CodeFor(artifact), ErrorCode::kCorrupt) << name;
  }
}

TEST_F(ArtifactsTest, UidsAndKindAreChecked) {
  protocol::Artifact artifact = Seg();
  artifact.kind = "SEG'; --";
  EXPECT_EQ(CodeFor(artifact), ErrorCode::kCorrupt);
  artifact.kind = std::string(33, 'a');
  EXPECT_EQ(CodeFor(artifact), ErrorCode::kCorrupt);
  artifact.kind = "presentation_state";  // the longest there is
  EXPECT_TRUE(CheckArtifacts(directory, {artifact}, ForPacs()).ok());
  for (std::string protocol::Artifact::* uid :
       {&protocol::Artifact::sop_class_uid, &protocol::Artifact::series_instance_uid,
        &protocol::Artifact::sop_instance_uid}) {
    artifact = Seg();
    artifact.*uid = "1.2.x";
    EXPECT_EQ(CodeFor(artifact), ErrorCode::kCorrupt);
  }
}

TEST_F(ArtifactsTest, TheCountIsBounded) {
  const auto twice = CheckArtifacts(directory, {Seg(), Seg()}, ForPacs());
  ASSERT_FALSE(twice.ok());
  EXPECT_NE(twice.error().message().find("not its own"), std::string::npos);
  const auto many =
      CheckArtifacts(directory, std::vector<protocol::Artifact>(5001, Seg()), ForPacs());
  ASSERT_FALSE(many.ok());
  EXPECT_NE(many.error().message().find("at most 5000"), std::string::npos);
}

TEST_F(ArtifactsTest, AnArtifactGoesToTheDestinationsOfItsProfiles) {
  config::ResultProfile no_segmentation;
  no_segmentation.segmentation = config::ResultProfile::Segmentation::kNone;
  const ResultWishes wishes{{{}, no_segmentation}, {{"pacs", "web"}, {"disk"}}};
  const protocol::Artifact report =
      Report(config::ResultProfile::Report::kComprehensive3d, {1, 0}, "2.25.4");
  EXPECT_EQ(CheckArtifacts(directory, {report}, wishes)->front().destinations,
            (std::vector<std::string>{"disk", "pacs", "web"}));
}

TEST_F(ArtifactsTest, AProfileOutOfRangeOrNoneIsNotBelieved) {
  for (const std::vector<int>& profiles : {std::vector<int>{1}, {-1}, {0, 99}, {}}) {
    protocol::Artifact artifact = Seg();
    artifact.profiles = profiles;
    EXPECT_EQ(CodeFor(artifact), ErrorCode::kCorrupt);
  }
}

TEST_F(ArtifactsTest, EachDestinationGetsExactlyOneRootReportOrNoneWhereItWantsNone) {
  using Kind = config::ResultProfile::Report;
  const ResultWishes wishes{{{}, Wanting(Kind::kEnhanced), Wanting(Kind::kNone)},
                            {{"pacs", "web"}, {"old"}, {"disk"}}};
  const protocol::Artifact report = Report(Kind::kComprehensive3d, {0}, "2.25.4");
  const protocol::Artifact downgraded = Report(Kind::kEnhanced, {1}, "2.25.5");
  EXPECT_TRUE(CheckArtifacts(directory, {Seg(), report, downgraded}, wishes).ok());

  const auto reason_for = [&](const std::vector<protocol::Artifact>& artifacts) {
    const auto checked = CheckArtifacts(directory, artifacts, wishes);
    return checked.ok() ? std::string("believed") : checked.error().ToString();
  };
  EXPECT_THAT(reason_for({report}),
              AllOf(StartsWith("corrupt: "), HasSubstr("0 root SRs for old, which wants enhanced"),
                    HasSubstr("exactly one root SR per AI run")));
  EXPECT_THAT(reason_for({}), HasSubstr("0 root SRs for pacs, web"));
  EXPECT_THAT(reason_for({report, downgraded, Report(Kind::kEnhanced, {1}, "2.25.6")}),
              HasSubstr("2 root SRs for old"));
  EXPECT_THAT(reason_for({report, Report(Kind::kComprehensive, {1}, "2.25.5")}),
              HasSubstr("for old is of SOP Class 1.2.840.10008.5.1.4.1.1.88.33"));
  EXPECT_THAT(reason_for({report, downgraded, Report(Kind::kComprehensive3d, {2}, "2.25.6")}),
              AllOf(HasSubstr("1 root SRs for disk"), HasSubstr("there must be none")));
  protocol::Artifact hidden = Report(Kind::kComprehensive3d, {0}, "2.25.6");
  hidden.kind = "seg";  // by its SOP Class a report all the same
  EXPECT_THAT(reason_for({report, downgraded, hidden}), HasSubstr("2 root SRs for pacs, web"));
}

TEST_F(ArtifactsTest, WhatIsNotBelievedIsNamedForTheQuarantine) {
  MarkRefused(directory);
  EXPECT_TRUE(std::filesystem::exists(directory + "/seg.dcm.refused"));
  EXPECT_TRUE(std::filesystem::exists(directory + "/sr.dcm.refused"));
  EXPECT_FALSE(std::filesystem::exists(directory + "/seg.dcm"));
  MarkRefused(folder.File("absent"));  // nothing there is no error
}

TEST_F(ArtifactsTest, AnOutputFolderStartsEmpty) {
  EXPECT_EQ(MakeOutputDirectory(folder.File("results"), 7, "1").value(), directory);
  EXPECT_TRUE(std::filesystem::is_empty(directory));
  RemoveOutputDirectory(directory);
  EXPECT_FALSE(std::filesystem::exists(directory));
  std::ofstream(folder.File("file")) << "no folder";
  EXPECT_FALSE(MakeOutputDirectory(folder.File("file"), 7, "1").ok());
}

}  // namespace
}  // namespace axial::dispatch
