#include "gateway/dispatch/model_table.h"

#include <gtest/gtest.h>

namespace axial::dispatch {
namespace {

using std::chrono::seconds;

TimePoint At(int at) { return TimePoint(seconds(at)); }

config::ModelCard Card(const std::string& name, const std::string& version) {
  config::ModelCard card;
  card.name = name;
  card.version = version;
  return card;
}

class ModelTableTest : public ::testing::Test {
 protected:
  ModelTableTest() { models.Set({Card("lungs", "1"), Card("liver", "1")}); }
  ModelTable models{seconds(1), seconds(5)};
};

TEST_F(ModelTableTest, ThePauseDoublesUpToItsBoundAndEndsWithAnAnswer) {
  for (const int pause : {1, 2, 4, 5, 5}) {
    models.Failed("lungs", /*at_start=*/true, "no weights", At(100));
    EXPECT_EQ(models.Find("lungs")->not_before, At(100 + pause));
  }
  EXPECT_TRUE(models.Find("lungs")->start_failed);
  EXPECT_EQ(models.Find("lungs")->last_error, "no weights");
  EXPECT_EQ(models.Find("liver")->not_before, TimePoint{});
  models.Started("lungs", At(101));
  EXPECT_FALSE(models.Find("lungs")->start_failed);
  models.Answered("lungs", At(102));
  EXPECT_EQ(models.Find("lungs")->not_before, TimePoint{});
  EXPECT_EQ(models.Find("lungs")->last_error, "");
  EXPECT_EQ(models.Find("lungs")->last_used_at, At(102));
}

TEST_F(ModelTableTest, AReloadKeepsTheHistoryOfUnchangedModelsOnly) {
  models.Failed("lungs", true, "no weights", At(100));
  models.Failed("liver", true, "no weights", At(100));
  models.Set({Card("lungs", "1"), Card("liver", "2"), Card("spleen", "1")});
  EXPECT_TRUE(models.Find("lungs")->start_failed);
  EXPECT_FALSE(models.Find("liver")->start_failed);
  EXPECT_EQ(models.Find("liver")->card.version, "2");
  EXPECT_EQ(models.Names(), (std::vector<std::string>{"lungs", "liver", "spleen"}));
  models.Set({});
  EXPECT_EQ(models.Find("lungs"), nullptr);
  models.Failed("lungs", true, "late news of a model that is gone", At(100));
}

}  // namespace
}  // namespace axial::dispatch
