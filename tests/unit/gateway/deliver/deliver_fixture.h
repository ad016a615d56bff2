#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/base/metrics.h"
#include "gateway/deliver/delivery_stage.h"
#include "tests/unit/gateway/store/store_fixture.h"

namespace axial::deliver {

/// A database with one produced Job, whose artifacts are owed to the named Destinations.
class DeliverTest : public store::StoreTest {
 protected:
  /// `artifacts` go to every one of `destinations`.
  void Owe(std::vector<store::ProducedArtifact> artifacts,
           const std::vector<std::string>& destinations, const std::string& study = "1.1") {
    for (store::ProducedArtifact& artifact : artifacts) artifact.destinations = destinations;
    if (study == "1.1")
      AddJob(destinations);
    else
      AddJobOf(study, destinations);
    const auto job = jobs->Lease({"model"}, At(3), std::chrono::minutes(1));
    ASSERT_TRUE(job.ok() && job->has_value());
    ASSERT_TRUE(jobs->Produce(**job, artifacts, "done", At(4)).ok());
  }

  store::ProducedArtifact MakeArtifact(const std::string& name, const std::string& text = "bytes") {
    const std::string path = folder.File(name);
    std::ofstream(path) << text;
    return {"seg", path, "1.2.840.10008.5.1.4.1.1.66.4", "2.25.7", "2.25." + name, {}};
  }

  std::map<std::string, store::Delivery> DeliveriesByUid() const {
    std::map<std::string, store::Delivery> by_uid;
    for (const store::Delivery& delivery : *deliveries->ListOfStudy("1.1"))
      by_uid[delivery.sop_instance_uid] = delivery;
    return by_uid;
  }

  std::string JobState() const {
    return std::string(store::JobStateName(jobs->ListOfStudy("1.1")->front().state));
  }

  /// Looks again until `condition` holds; false after 20 s.
  static bool WaitUntil(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }

  Metrics metrics;
};

}  // namespace axial::deliver
