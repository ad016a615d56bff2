// Several Instances at a time leave the rows that one after the other leaves.

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <random>
#include <string>
#include <vector>

#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::store {
namespace {

using Rows = std::vector<std::string>;

/// Everything of every table that an Instance can change.
Rows AllRows(const Database& database) {
  return database
      .Read<Rows>([](SQLite::Database& db) -> Result<Rows> {
        Rows rows;
        for (const char* table : {"study", "study_revision", "series", "series_class", "instance",
                                  "series_revision", "event"}) {
          SQLite::Statement all(db, fmt::format("SELECT * FROM {} ORDER BY 1, 2", table));
          while (all.executeStep()) {
            std::string row = table;
            for (int i = 0; i < all.getColumnCount(); ++i)
              row += fmt::format("|{}", all.getColumn(i).getString());
            rows.push_back(row);
          }
        }
        return rows;
      })
      .value();
}

class Side {
 public:
  explicit Side(const testing::TempDir& folder, const std::string& name)
      : database(std::move(Database::Open(folder.File(name))).value()), studies(*database) {}

  std::unique_ptr<Database> database;
  StudyStore studies;
};

std::string Tell(const Result<AddedInstance>& added) {
  if (!added.ok()) return added.error().ToString();
  return fmt::format("{} {} {} {}", static_cast<int>(added->outcome), added->revision,
                     added->study_version, added->patient_conflict);
}

class InstanceBatchTest : public StoreTest {
 protected:
  InstanceBatchTest() : singly_(folder, "singly.db"), together_(folder, "together.db") {}

  /// Few Studies, Series and UIDs, so that all kinds of meetings happen.
  NewInstance AnyInstance() {
    const std::string study = fmt::format("1.{}", Any(3) + 1);
    // Now and then a Series of another Study, or a UID of another Series.
    const std::string series = fmt::format("{}.{}", Any(20) == 0 ? "1.1" : study, Any(3) + 1);
    const std::string sop =
        fmt::format("{}.{}", Any(20) == 0 ? "1.1.1" : series, Any(Any(2) == 0 ? 12 : 1000) + 1);
    NewInstance instance =
        MakeInstance(study, series, sop, fmt::format("d{}{}{}", Any(8) / 7, sop, study), Any(500));
    if (Any(4) == 0)
      instance.header.sop_class_uid = Uid::Parse("1.2.840.10008.5.1.4.1.1.4").value();
    instance.header.frames = Any(3) + 1;
    if (Any(30) == 0)
      instance.header.attributes["PatientID"] = {"LO", {fmt::format("{}", Any(2))}};
    else if (Any(3) == 0)
      instance.header.attributes["PatientName"] = {"PN", {"Test^Batch"}};
    if (Any(3) == 0) instance.use = UseContent::kLast;
    return instance;
  }

  /// Closes one Series or a whole revision on both sides alike.
  void CloseSomething() {
    const auto open = together_.studies.Revisions("open", 10).value();
    if (open.empty()) return;
    const Revision revision = open[static_cast<std::size_t>(Any(static_cast<int>(open.size())))];
    for (Side* side : {&singly_, &together_})
      ASSERT_TRUE(side->studies.CloseRevision(revision, "quiet", At(600)).ok());
  }

  int Any(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

  std::mt19937 random_{20261126};
  Side singly_;
  Side together_;
};

TEST_F(InstanceBatchTest, LeavesTheRowsThatOneAfterTheOtherLeaves) {
  for (int round = 0; round < 60; ++round) {
    std::vector<NewInstance> instances;
    for (int i = Any(40); i >= 0; --i) instances.push_back(AnyInstance());
    std::vector<const NewInstance*> batch;
    std::vector<std::string> one_by_one;
    for (const NewInstance& instance : instances) {
      batch.push_back(&instance);
      one_by_one.push_back(Tell(singly_.studies.AddInstance(instance)));
    }
    const auto added = together_.studies.AddInstances(batch);
    ASSERT_TRUE(added.ok()) << added.error().ToString();
    for (std::size_t i = 0; i < batch.size(); ++i)
      ASSERT_EQ(Tell((*added)[i]), one_by_one[i]) << "round " << round << ", Instance " << i;
    ASSERT_EQ(AllRows(*together_.database), AllRows(*singly_.database)) << "round " << round;
    if (round % 5 == 4) CloseSomething();
  }
}

TEST_F(InstanceBatchTest, AnErrorOfOneLeavesTheOthers) {
  // The same digest for another Study: bytes that were made to have it.
  const NewInstance first = MakeInstance("1.1", "1.1.1", "1.1.1.1", "a", 0);
  const NewInstance forged = MakeInstance("1.2", "1.2.1", "1.1.1.1", "a", 1);
  const NewInstance last = MakeInstance("1.1", "1.1.1", "1.1.1.2", "b", 2);
  const auto added = together_.studies.AddInstances({&first, &forged, &last});
  ASSERT_TRUE(added.ok());
  EXPECT_TRUE((*added)[0].ok());
  ASSERT_FALSE((*added)[1].ok());
  EXPECT_EQ((*added)[1].error().code(), ErrorCode::kInvalidInput);
  ASSERT_TRUE((*added)[2].ok());
  EXPECT_EQ(together_.studies.Find("1.1")->value().instances, 2);
  EXPECT_FALSE(together_.studies.Find("1.2")->has_value());
}

}  // namespace
}  // namespace axial::store
