#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/dicom/instance_header.h"
#include "core/dicom/uid.h"
#include "gateway/commands/check.h"
#include "gateway/commands/explain.h"
#include "gateway/commands/find_files.h"
#include "gateway/commands/models.h"
#include "gateway/store/completion_store.h"
#include "gateway/store/database.h"
#include "gateway/store/study_store.h"
#include "tests/support/synthetic_series.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/gateway/store/older_database.h"

namespace axial::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kConfig = R"(models: {directory: models}
destinations: {disk: {kind: folder, path: out}}
rules:
  - name: Thin CT
    when: {Modality: CT, SliceThickness: "<= 3", CallingAETitle: [CT01]}
    run: lungs
    send_to: disk
)";
const std::string kStorage = "storage: {directory: storage}\n";  // line 8

constexpr const char* kCard = R"(name: lungs
version: "2.1"
engine: torchscript
weights: {file: model.pt, sha256: %}
algorithm: {name: Lungs, manufacturer: Axial, version: "2.1", notice: For demonstration}
input: {modality: [CT], minimum_slices: 10}
outputs:
  segments:
    - label: 1
      name: Lung
      category: {code: "123037004", scheme: SCT, meaning: Anatomical Structure}
      type: {code: "39607008", scheme: SCT, meaning: Lung}
)";

class Commands : public ::testing::Test {
 protected:
  Commands() {
    Write("axial.yaml", kConfig + kStorage);
    Write("models/lungs/model.pt", "weights");
    WriteCard(Sha256Hex("weights"));
  }

  void Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(folder_.File(name)).parent_path());
    std::ofstream(folder_.File(name), std::ios::binary) << text;
  }

  void WriteCard(const std::string& digest) const {
    std::string text = kCard;
    text.replace(text.find('%'), 1, digest);
    Write("models/lungs/model.yaml", text);
  }

  void WriteSlices(const std::string& name, int count) const {
    std::filesystem::create_directories(folder_.File(name));
    testing::SyntheticSeries series;
    series.geometry = testing::AxialGeometry({count, 4, 4}, 1, 1, 2);
    testing::WriteSeries(series, folder_.File(name));
  }

  /// kConfig with one text in it replaced.
  void WriteConfig(const std::string& old_text, const std::string& new_text) const {
    std::string text = kConfig + kStorage;
    text.replace(text.find(old_text), old_text.size(), new_text);
    Write("axial.yaml", text);
  }

  int Check() {
    out_.str("");
    return RunCheck(folder_.File("axial.yaml"), out_);
  }

  int Explain(const std::vector<std::string>& paths, const std::string& calling = "",
              bool json = false) {
    out_.str("");
    err_.str("");
    return RunExplain({folder_.File("axial.yaml"), paths, calling, json}, out_, err_);
  }

  testing::TempDir folder_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(Commands, CheckAcceptsWhatIsRight) {
  EXPECT_EQ(Check(), 0);
  EXPECT_THAT(out_.str(), HasSubstr("right (1 rules, 1 models, 1 destinations)"));
}

TEST_F(Commands, CheckNamesRulesThatRunNoModel) {
  WriteConfig("run: lungs", "run: lugns");
  EXPECT_EQ(Check(), 1);
  EXPECT_THAT(out_.str(), HasSubstr("axial.yaml:6: rule 'Thin CT': there is no usable model"));
  EXPECT_THAT(out_.str(), HasSubstr("did you mean 'lungs'?"));
}

TEST_F(Commands, CheckAndModelsSayThatTheFolderOfModelsIsNotThere) {
  WriteConfig("directory: models", "directory: modles");
  EXPECT_EQ(Check(), 1);
  EXPECT_THAT(out_.str(), HasSubstr("axial.yaml:6: rule 'Thin CT': there is no folder "));
  EXPECT_THAT(out_.str(), HasSubstr("modles to find the model 'lungs' in; correct"));
  out_.str("");
  EXPECT_EQ(RunModels(folder_.File("axial.yaml"), out_, err_), 1);
  EXPECT_THAT(out_.str(), HasSubstr("which is no folder; correct models.directory"));
}

TEST_F(Commands, CheckComparesTheWeightsDigest) {
  WriteCard(Sha256Hex("other weights"));
  EXPECT_EQ(Check(), 1);
  EXPECT_THAT(out_.str(), HasSubstr("models/lungs/model.yaml: "));
  EXPECT_THAT(out_.str(), HasSubstr("has SHA-256 " + Sha256Hex("weights")));
}

TEST_F(Commands, CheckLooksForCertificates) {
  WriteConfig(kStorage,
              "node:\n  tls: {certificate: a.pem, key: b.pem, trusted: c.pem}\n" + kStorage);
  Write("a.pem", "x");
  Write("c.pem", "x");
  EXPECT_EQ(Check(), 1);
  EXPECT_THAT(out_.str(), HasSubstr("axial.yaml:9: node.tls.key: "));
  EXPECT_THAT(out_.str(), HasSubstr("b.pem cannot be read (No such file or directory); put the "));
  EXPECT_THAT(out_.str(), HasSubstr("node.tls.certificate: " + folder_.File("a.pem") +
                                    " holds no PEM certificate"));
}

TEST_F(Commands, CheckLooksWhetherFoldersCanBeWrittenTo) {
  Write("file", "no folder");
  WriteConfig("directory: storage", "directory: file/storage");
  EXPECT_EQ(Check(), 1);
  EXPECT_THAT(out_.str(), HasSubstr("axial.yaml:8: storage.directory: "));
  EXPECT_THAT(out_.str(), HasSubstr("/file is not a folder); let the user"));
  WriteConfig("path: out", "path: file");
  EXPECT_EQ(Check(), 1);
  EXPECT_THAT(out_.str(), HasSubstr("axial.yaml:2: destinations.disk.path: "));
  EXPECT_EQ(out_.str().find("storage.directory"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_.File("storage")));
}

TEST_F(Commands, CheckFindsAFolderThatThisUserMayNotWriteTo) {
  constexpr auto kReadOnly = std::filesystem::perms(0555);
  std::filesystem::create_directories(folder_.File("closed"));
  std::filesystem::permissions(folder_.File("closed"), kReadOnly);
  std::filesystem::permissions(folder_.File("."), std::filesystem::perms(0755));
  config::Config config;
  config.storage.directory = folder_.File("closed/storage");
  const auto check_as_nobody = [&config] {
    if (geteuid() == 0 && setuid(65534) != 0) std::exit(2);
    const auto problems = CheckPlaces(config, "axial.yaml");
    std::cerr << (problems.empty() ? "no problem" : problems.front().ToString());
    std::exit(0);
  };
  EXPECT_EXIT(check_as_nobody(), ::testing::ExitedWithCode(0), "closed: Permission denied");
}

TEST_F(Commands, CheckReportsProblemsOfTheFileAndOfTheRules) {
  Write("axial.yaml", "nodes: {}\n");
  EXPECT_EQ(Check(), 1);
  EXPECT_THAT(out_.str(), HasSubstr("axial.yaml:1: unknown key 'nodes'; did you mean 'node'?"));
  WriteConfig("SliceThickness", "SliceThicknes");
  EXPECT_EQ(Check(), 1);
  EXPECT_THAT(out_.str(), HasSubstr("axial.yaml:5: rule 'Thin CT': there is no DICOM attribute"));
}

TEST_F(Commands, ExplainSaysWhyForFilesAndFolders) {
  WriteSlices("study", 3);
  Write("study/notes.txt", "not DICOM");
  EXPECT_EQ(Explain({folder_.File("study")}, "CT02"), 0);
  EXPECT_THAT(out_.str(), HasSubstr(": not routed"));
  EXPECT_THAT(out_.str(), HasSubstr("not matched Thin CT: CallingAETitle is CT02, wanted CT01"));
  EXPECT_THAT(out_.str(), HasSubstr("1 studies, 3 instances, 0 duplicates, 1 files left out"));
  EXPECT_THAT(out_.str(), HasSubstr("notes.txt: "));
  EXPECT_EQ(Explain({folder_.File("study")}, "CT01"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("matched     Thin CT: all conditions hold; runs lungs"));
}

TEST_F(Commands, ExplainPrintsJson) {
  WriteSlices("study", 2);
  const std::string folder = folder_.File("study");
  EXPECT_EQ(Explain({folder, folder}, "CT01", true), 0);
  const nlohmann::json json = nlohmann::json::parse(out_.str(), nullptr, false);
  ASSERT_TRUE(json.is_object());
  EXPECT_EQ(json["instances"], 2);
  EXPECT_EQ(json["duplicates"], 2);
  EXPECT_EQ(json["studies"][0]["routed"], true);
  EXPECT_EQ(json["studies"][0]["rules"][0]["series"][0]["matched"], true);
}

TEST_F(Commands, ExplainSaysWhatCompletedStudiesThatWereReceived) {
  WriteSlices("study", 1);
  const std::string folder = folder_.File("study");
  EXPECT_EQ(Explain({folder}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("  not received by this gateway"));

  const std::string file = std::filesystem::directory_iterator(folder)->path();
  const InstanceHeader header = ReadInstanceHeader(file).value();
  const std::string study = header.study_instance_uid.str();
  const TimePoint at{std::chrono::seconds(1'000'000)};
  std::filesystem::create_directories(folder_.File("storage"));
  {
    const auto database = store::Database::Open(folder_.File("storage/axial.db")).value();
    store::StudyStore studies(*database);
    const auto added =
        studies.AddInstance({header, "digest", file, 1, "CT01", "AXIAL", "127.0.0.1", at});
    ASSERT_TRUE(added.ok());
    EXPECT_EQ(Explain({folder}), 0) << "read beside a gateway that runs";
    EXPECT_THAT(out_.str(), HasSubstr("  revision 1: open since 1970-01-12T"));
    const auto series = store::SeriesClosing{header.series_instance_uid.str(), "declared_count",
                                             "1 of 1 Instances"};
    ASSERT_TRUE(
        store::CompletionStore(*database)
            .CloseRevision(
                {study, 1, added->study_version, "series_complete", "1 of 1 Series", {series}}, at)
            .ok());
  }
  EXPECT_EQ(Explain({folder}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("  revision 1: complete at 1970-01-12T"));
  EXPECT_THAT(out_.str(), HasSubstr(" by series_complete: 1 of 1 Series"));
  EXPECT_THAT(out_.str(), HasSubstr("    complete    in revision 1, 1 instances, at 1970-"));
  EXPECT_THAT(out_.str(), HasSubstr(" by declared_count: 1 of 1 Instances"));
  EXPECT_EQ(Explain({folder}, "", true), 0);
  const nlohmann::json json = nlohmann::json::parse(out_.str(), nullptr, false);
  const nlohmann::json revision = json["studies"][0]["completion"][0];
  EXPECT_EQ(revision["close_reason"], "series_complete");
  EXPECT_EQ(revision["series"][0]["evidence"], "1 of 1 Instances");
}

TEST_F(Commands, ExplainLeavesTheDatabaseOfAnotherAxialAsItIs) {
  WriteSlices("study", 1);
  std::filesystem::create_directories(folder_.File("storage"));
  const std::string file = folder_.File("storage/axial.db");
  store::WriteOlderDatabase(file, 7, folder_.path());
  EXPECT_EQ(Explain({folder_.File("study")}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("has schema 7, this Axial knows"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("not received")));
  Write("storage/axial.db", "no database");
  EXPECT_EQ(Explain({folder_.File("study")}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("axial.db cannot be read: "));
}

TEST_F(Commands, ExplainFailsWithoutDicomOrPathOrRules) {
  Write("study/notes.txt", "not DICOM");
  EXPECT_EQ(Explain({folder_.File("study")}), 1);
  EXPECT_EQ(Explain({folder_.File("nowhere")}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("is neither a file nor a folder"));
  Write("axial.yaml", "rules: 3\n");
  EXPECT_EQ(Explain({folder_.File("study")}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("axial.yaml:1: 'rules' is not a list"));
}

TEST_F(Commands, ModelsSaysWhatEachNeedsAndGives) {
  Write("models/broken/model.yaml", "name: [\n");
  EXPECT_EQ(RunModels(folder_.File("axial.yaml"), out_, err_), 1);
  EXPECT_THAT(out_.str(), HasSubstr("lungs 2.1 (torchscript)\n"
                                    "  needs: CT volume of at least 10 slices\n"
                                    "  gives: segment 'Lung' (Lung, 39607008)\n"
                                    "  run by: Thin CT\n"
                                    "  notice: For demonstration\n"));
  EXPECT_THAT(err_.str(), HasSubstr("broken/model.yaml:"));
  EXPECT_THAT(err_.str(), HasSubstr("lungs: "));  // its weights are no TorchScript
  EXPECT_THAT(out_.str(), Not(HasSubstr("loads: in")));
}

TEST_F(Commands, FindFilesWalksInOrderAndFollowsNoLinkedFolders) {
  Write("tree/b/2", "x");
  Write("tree/a/1", "x");
  std::filesystem::create_directory_symlink(folder_.File("tree"), folder_.File("tree/a/loop"));
  const Result<std::vector<std::string>> files = FindFiles({folder_.File("tree")});
  ASSERT_TRUE(files.ok());
  EXPECT_THAT(*files, ::testing::ElementsAre(folder_.File("tree/a/1"), folder_.File("tree/b/2")));
}

}  // namespace
}  // namespace axial::gateway
