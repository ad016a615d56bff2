#pragma once

#include <mutex>
#include <vector>

#include "config/config.h"
#include "config/model_card.h"
#include "gateway/admin/admin_api.h"
#include "gateway/deliver/delivery_stage.h"
#include "gateway/dispatch/dispatcher.h"
#include "gateway/pipeline/intake.h"
#include "gateway/pipeline/retention_stage.h"
#include "gateway/receive/refused_associations.h"
#include "gateway/receive/spool_disk.h"
#include "gateway/store/database.h"

namespace axial::pipeline {

/// What the admin API shows of the running stages and of the configuration in force. Thread-safe.
class AdminView {
 public:
  /// Everything outlives the view, and the view outlives the AdminApi that uses its providers.
  AdminView(store::Database& database, deliver::DeliveryStage& deliver,
            dispatch::Dispatcher& dispatcher, receive::SpoolDisk& spool,
            const RetentionStage& retention);

  /// The configuration in force changed.
  void Set(const config::Config& config, std::vector<config::LoadedModelCard> models);

  /// Where this process receives: what comes of Associations. All outlive the view; before
  /// Providers().
  void ShowReception(const receive::RefusedAssociations& refused, Metrics& metrics,
                     const Intake& intake);

  [[nodiscard]] admin::AdminProviders Providers();

 private:
  [[nodiscard]] std::vector<admin::HealthCheck> Health() const;
  [[nodiscard]] admin::HealthCheck DatabaseHealth() const;
  void AddRulesWithoutModel(std::vector<admin::HealthCheck>& checks) const;
  [[nodiscard]] std::string Held() const;
  [[nodiscard]] std::vector<admin::ModelView> Models() const;
  [[nodiscard]] std::vector<admin::DestinationView> Destinations() const;
  [[nodiscard]] std::vector<admin::QuarantineView> Quarantine() const;
  [[nodiscard]] std::vector<admin::WorkerView> Workers() const;
  [[nodiscard]] admin::AssociationsView Associations() const;

  store::Database& database_;
  deliver::DeliveryStage& deliver_;
  dispatch::Dispatcher& dispatcher_;
  receive::SpoolDisk& spool_;
  const RetentionStage& retention_;
  const receive::RefusedAssociations* refused_ = nullptr;
  Metrics* metrics_ = nullptr;
  const Intake* intake_ = nullptr;
  mutable std::mutex mutex_;
  config::Config config_;
  std::vector<config::LoadedModelCard> models_;
};

}  // namespace axial::pipeline
