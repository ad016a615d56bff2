// The gateway started on a database that an older one left.

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "gateway/pipeline/pipeline.h"
#include "gateway/store/delivery_store.h"
#include "gateway/store/migrations.h"
#include "gateway/store/study_store.h"
#include "tests/integration/deliver/dicom_pacs.h"
#include "tests/integration/deliver/dicom_peers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/gateway/store/older_database.h"

namespace axial::pipeline {
namespace {

using testing::WaitUntil;

class MigratedPipelineTest : public ::testing::TestWithParam<int> {};

TEST_P(MigratedPipelineTest, DeliversWhatWasOwedAndClosesWhatWasOpen) {
  const int schema = GetParam();
  const testing::TempDir folder;
  store::WriteOlderDatabase(folder.File("axial.db"), schema, folder.File("results"));
  config::Config config;
  config.node.port = 0;
  config.node.bind = "127.0.0.1";
  config.admin.port = 0;
  config.storage.directory = folder.path();
  config.storage.reserve_bytes = 0;
  config.models_directory = folder.path();
  config::Destination pacs;
  pacs.name = "pacs";
  pacs.kind = config::DestinationKind::kFolder;
  pacs.path = folder.File("pacs");
  config.destinations["pacs"] = pacs;
  std::map<std::string, std::string> expected = {{"2.25.1", "confirmed"},
                                                 {"2.25.2", "confirmed"},
                                                 {"2.25.3", "confirmed"},
                                                 {"2.25.4", "refused"}};
  if (schema >= 5) expected["2.25.5"] = expected["2.25.6"] = "confirmed";
  std::filesystem::create_directories(folder.File("results"));
  for (const auto& [uid, state] : expected)
    EXPECT_EQ(testing::WriteArtifact(folder.File("results/") + uid, testing::kSegmentation, uid)
                  .sop_instance_uid,
              uid);

  PipelineOptions options;
  options.worker_binary = "/bin/false";
  const auto pipeline = Pipeline::Start(config, options);
  ASSERT_TRUE(pipeline.ok()) << pipeline.error().ToString();
  const auto database = store::Database::Open(folder.File("axial.db"));
  const store::DeliveryStore deliveries(**database);
  const store::StudyStore studies(**database);
  const auto states = [&] {
    std::map<std::string, std::string> found;
    for (const auto& delivery : *deliveries.ListOfStudy("1.1"))
      found[delivery.sop_instance_uid] = delivery.state;
    return found;
  };
  EXPECT_TRUE(WaitUntil([&] { return states() == expected; }));
  EXPECT_EQ(states(), expected);
  // Its sender is gone: the backstop since the start closes it.
  EXPECT_TRUE(WaitUntil([&] {
    for (const auto& revision : *studies.RevisionsOfStudy("1.1"))
      if (revision.state != "routed") return false;
    return true;
  }));
}

INSTANTIATE_TEST_SUITE_P(EachSchema, MigratedPipelineTest,
                         ::testing::Range(1, store::NewestSchema() + 1));

}  // namespace
}  // namespace axial::pipeline
