#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "gateway/store/database.h"
#include "gateway/store/delivery_store.h"
#include "gateway/store/failure_report_store.h"
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
    reports = std::make_unique<FailureReportStore>(*database);
    deliveries = std::make_unique<DeliveryStore>(*database);
  }

  static TimePoint At(int seconds) { return TimePoint(std::chrono::seconds(1'000'000 + seconds)); }

  static NewInstance MakeInstance(const std::string& study, const std::string& series,
                                  const std::string& sop, const std::string& digest, int seconds) {
    AttributeSet attributes;
    attributes["Modality"] = {"CS", {"CT"}};
    return NewInstance{
        InstanceHeader{Uid::Parse(study).value(), Uid::Parse(series).value(),
                       Uid::Parse(sop).value(), Uid::Parse("1.2.840.10008.5.1.4.1.1.2").value(),
                       "1.2.840.10008.1.2.1", 1, std::move(attributes)},
        digest,
        "/spool/" + sop + digest,
        100,
        "CT01",
        "AXIAL",
        "127.0.0.1",
        At(seconds)};
  }

  /// Study 1.1 with one Instance, routed to one Job for `destinations`; one more Job of the same
  /// run for each of `more_rules`.
  Job AddJob(const std::vector<std::string>& destinations,
             const std::vector<std::string>& more_rules = {}) {
    std::vector<std::string> rules = {"rule"};
    rules.insert(rules.end(), more_rules.begin(), more_rules.end());
    return AddRevision("1.1.1.1", rules, "model", destinations);
  }

  /// A late Instance of the same Series opens a revision of its own, with one Job.
  Job AddLateJob(const std::vector<std::string>& destinations, const std::string& rule = "rule",
                 const std::string& model = "model") {
    const std::size_t number = studies->RevisionsOfStudy("1.1")->size() + 1;
    return AddRevision("1.1.1." + std::to_string(number), {rule}, model, destinations);
  }

  /// The same for another study.
  void AddJobOf(const std::string& study, const std::vector<std::string>& destinations) {
    ASSERT_TRUE(
        studies->AddInstance(MakeInstance(study, study + ".1", study + ".1.1", "a", 0)).ok());
    ASSERT_TRUE(
        studies->CloseRevision(studies->Revisions("open", 10)->front(), "quiet", At(1)).ok());
    const NewJob job{study, study + ".1", "rule", "model", "1", 1, destinations};
    ASSERT_TRUE(
        studies->RecordRouting(studies->Revisions("closed", 10)->front(), {}, {job}, At(2)).ok());
  }

  testing::TempDir folder;
  std::unique_ptr<Database> database;
  std::unique_ptr<StudyStore> studies;
  std::unique_ptr<JobStore> jobs;
  std::unique_ptr<FailureReportStore> reports;
  std::unique_ptr<DeliveryStore> deliveries;

 private:
  /// The last of its Jobs.
  Job AddRevision(const std::string& sop, const std::vector<std::string>& rules,
                  const std::string& model, const std::vector<std::string>& destinations) {
    EXPECT_TRUE(studies->AddInstance(MakeInstance("1.1", "1.1.1", sop, "a", 0)).ok());
    EXPECT_TRUE(
        studies->CloseRevision(studies->Revisions("open", 10)->front(), "quiet", At(1)).ok());
    std::vector<NewJob> wanted;
    for (const std::string& rule : rules)
      wanted.push_back({sop + rule, "1.1.1", rule, model, "1", 1, destinations});
    EXPECT_EQ(studies->RecordRouting(studies->Revisions("closed", 10)->front(), {}, wanted, At(2))
                  .value(),
              static_cast<int>(wanted.size()));
    return jobs->ListOfStudy("1.1")->back();
  }
};

}  // namespace axial::store
