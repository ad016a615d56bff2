#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gateway/deliver/delivery_stage.h"
#include "tests/support/turned_clock.h"
#include "tests/unit/gateway/deliver/deliver_fixture.h"

namespace axial::deliver {

/// What the fake Destinations of one test do and saw.
struct World {
  std::map<std::string, Error> down;     ///< by destination
  std::map<std::string, Error> answers;  ///< by SOP Instance UID
  std::vector<std::vector<std::string>> sends;
  bool throws = false;  ///< when it is sent to, once
  int echoes = 0;
  bool searchable = false;     ///< it can be asked what it has
  std::set<std::string> lost;  ///< SOP Instance UIDs that it took and does not have
  int searches = 0;
  bool commits = false;  ///< it takes Storage Commitment requests
  std::vector<std::string> transactions;
  /// Answers on the Association of the request, when there is one.
  std::function<void(const CommitmentAsk&)> at_once;
};

class FakeDestination final : public Destination {
 public:
  FakeDestination(World& world, std::string name) : world_(world), name_(std::move(name)) {}

  SendReport Send(const std::vector<store::Delivery>& artifacts) override {
    std::vector<std::string> uids;
    for (const auto& artifact : artifacts) uids.push_back(artifact.sop_instance_uid);
    world_.sends.push_back(uids);
    if (std::exchange(world_.throws, false)) throw std::runtime_error("on purpose");
    SendReport report;
    report.reached = Reach();
    if (!report.reached.ok()) return report;
    for (const std::string& uid : uids) {
      const auto answer = world_.answers.find(uid);
      report.results.push_back(answer == world_.answers.end() ? SendResult(std::string())
                                                              : SendResult(answer->second));
    }
    return report;
  }
  Status Echo() override {
    ++world_.echoes;
    return Reach();
  }
  CheckReport Check(const std::vector<store::Delivery>& artifacts) override {
    if (!world_.searchable) return Destination::Check(artifacts);
    ++world_.searches;
    CheckReport report;
    report.reached = Reach();
    if (!report.reached.ok()) return report;
    for (const auto& artifact : artifacts)
      report.results.push_back(!world_.lost.contains(artifact.sop_instance_uid));
    return report;
  }
  Status RequestCommitment(const CommitmentAsk& ask,
                           const std::vector<store::Delivery>& artifacts) override {
    if (!world_.commits) return Destination::RequestCommitment(ask, artifacts);
    AXIAL_RETURN_IF_ERROR(Reach());
    world_.transactions.push_back(ask.transaction_uid);
    if (world_.at_once) world_.at_once(ask);
    return {};
  }
  void Interrupt() override {}

 private:
  Status Reach() const {
    const auto found = world_.down.find(name_);
    return found == world_.down.end() ? Status() : Status(found->second);
  }

  World& world_;
  const std::string name_;
};

class FakeDestinationsTest : public DeliverTest {
 protected:
  FakeDestinationsTest() { clock.Set(At(10)); }

  std::unique_ptr<DeliveryStage> MakeStage(const std::vector<std::string>& names) {
    return MakeStageOf(Named(names));
  }

  std::unique_ptr<DeliveryStage> MakeStageOf(
      const std::map<std::string, config::Destination>& destinations) {
    DeliverOptions options;
    options.clock = &clock;
    options.metrics = &metrics;
    options.back_off.random = [] { return 0.999999; };
    options.on_change = [this] { ++changes; };
    options.make_destination =
        [this](const config::Destination& destination,
               const DestinationOptions&) -> Result<std::unique_ptr<Destination>> {
      if (destination.url == "bad") return MakeError(ErrorCode::kUnsupported, "no such thing");
      return std::unique_ptr<Destination>(
          std::make_unique<FakeDestination>(world, destination.name));
    };
    return std::make_unique<DeliveryStage>(*deliveries, destinations, "AXIAL", options);
  }

  static std::map<std::string, config::Destination> Named(const std::vector<std::string>& names) {
    std::map<std::string, config::Destination> destinations;
    for (const std::string& name : names) destinations[name].name = name;
    return destinations;
  }

  std::optional<TimePoint> RunAt(DeliveryStage& stage, TimePoint now) {
    clock.Set(now);
    return stage.RunOnce(now);
  }

  double Counted(const std::string& destination, const std::string& outcome) {
    return metrics
        .GetCounter("axial_deliver_deliveries_total", "Tries to deliver one artifact, by outcome",
                    {{"destination", destination}, {"outcome", outcome}})
        .Value();
  }

  testing::TurnedClock clock;
  World world;
  int changes = 0;
};

}  // namespace axial::deliver
