#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gateway/store/database.h"
#include "gateway/store/delivery_store.h"
#include "gateway/store/job_store.h"
#include "gateway/store/study_store.h"
#include "tests/support/temp_dir.h"

namespace axial::store {

/// A fresh database in its own folder, and short ways to put rows into it.
class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { Reopen(); }

  /// As after a restart of the process.
  void Reopen() {
    database.reset();
    database = std::move(Database::Open(folder.File("axial.db"))).value();
    studies = std::make_unique<StudyStore>(*database);
    jobs = std::make_unique<JobStore>(*database);
    deliveries = std::make_unique<DeliveryStore>(*database);
  }

  static TimePoint At(int seconds) { return TimePoint(std::chrono::seconds(1'000'000 + seconds)); }

  static NewInstance MakeInstance(const std::string& study, const std::string& series,
                                  const std::string& sop, const std::string& sha256, int seconds) {
    AttributeSet attributes;
    attributes["Modality"] = {"CS", {"CT"}};
    return NewInstance{
        InstanceHeader{Uid::Parse(study).value(), Uid::Parse(series).value(),
                       Uid::Parse(sop).value(), Uid::Parse("1.2.840.10008.5.1.4.1.1.2").value(),
                       "1.2.840.10008.1.2.1", 1, std::move(attributes)},
        sha256,
        "/spool/" + sop + sha256,
        100,
        "CT01",
        "AXIAL",
        "127.0.0.1",
        At(seconds)};
  }

  /// Study 1.1 with one Instance, routed to one Job for `destinations`.
  Job AddJob(const std::vector<std::string>& destinations, const std::string& key = "k") {
    EXPECT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.1", "1.1.1.1", "a", 0)).ok());
    const auto open = studies->Revisions("open", 10);
    if (!open->empty()) {
      EXPECT_TRUE(studies->CloseRevision(open->front(), "quiet", At(1)).ok());
    }
    const auto closed = studies->Revisions("closed", 10);
    EXPECT_EQ(closed->size(), 1U);
    const NewJob job{key, "1.1.1", "rule", "model", "1", 1, destinations};
    EXPECT_EQ(studies->RecordRouting(closed->front(), {}, {job}, At(2)).value(), 1);
    return jobs->ListOfStudy("1.1")->back();
  }

  testing::TempDir folder;
  std::unique_ptr<Database> database;
  std::unique_ptr<StudyStore> studies;
  std::unique_ptr<JobStore> jobs;
  std::unique_ptr<DeliveryStore> deliveries;
};

}  // namespace axial::store
