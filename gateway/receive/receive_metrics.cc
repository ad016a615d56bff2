#include "gateway/receive/receive_metrics.h"

#include <fmt/format.h>

#include "core/dicom/dimse_command.h"
#include "gateway/receive/instance_intake.h"

namespace axial::receive {
namespace {

Counter& Associations(Metrics& metrics, const char* result) {
  return metrics.GetCounter("axial_receive_associations_total",
                            "Association requests and TCP connections by what became of them",
                            {{"result", result}});
}

Counter& Instances(Metrics& metrics, std::uint16_t status) {
  return metrics.GetCounter("axial_receive_instances_total",
                            "C-STORE requests by the status of the response",
                            {{"status", fmt::format("{:04X}", status)}});
}

const char* OperationName(std::uint16_t command_field) {
  switch (command_field) {
    case kNActionRequest:
      return "action";
    case kNCreateRequest:
      return "create";
    case kNSetRequest:
      return "set";
    case kNEventReportRequest:
      return "event_report";
    default:
      return "other";
  }
}

}  // namespace

Gauge& OpenAssociations(Metrics& metrics) {
  return metrics.GetGauge("axial_receive_open_associations", "Associations open now");
}

ReceiveMetrics::ReceiveMetrics(Metrics& metrics)
    : associations_accepted(Associations(metrics, "accepted")),
      associations_aborted(Associations(metrics, "aborted")),
      rejected_called(Associations(metrics, "rejected_called_ae_title")),
      rejected_calling(Associations(metrics, "rejected_calling_ae_title")),
      rejected_limit(Associations(metrics, "rejected_limit")),
      rejected_storage(Associations(metrics, "rejected_storage")),
      dropped_connections(Associations(metrics, "dropped")),
      open_associations(OpenAssociations(metrics)),
      metrics_(metrics),
      instances_stored_(Instances(metrics, kStatusSuccess)),
      bytes_(metrics.GetCounter("axial_receive_bytes_total", "Bytes of stored Instances")),
      store_seconds_(metrics.GetHistogram("axial_receive_store_seconds",
                                          "From the C-STORE request to its response",
                                          {.001, .003, .01, .03, .1, .3, 1, 3, 10, 30})) {}

void ReceiveMetrics::CountInstance(std::uint16_t status, std::int64_t bytes, double seconds) {
  store_seconds_.Observe(seconds);
  if (status != kStatusSuccess) {
    Instances(metrics_, status).Increment();
    return;
  }
  instances_stored_.Increment();
  bytes_.Increment(static_cast<double>(bytes));
}

void ReceiveMetrics::CountNormalized(bool commitment, std::uint16_t command_field,
                                     std::uint16_t status) {
  metrics_
      .GetCounter(
          commitment ? "axial_receive_commitment_requests_total"
                     : "axial_receive_performed_step_requests_total",
          commitment ? "Storage Commitment requests by the status of the response"
                     : "Modality Performed Procedure Step requests by the status of the "
                       "response",
          {{"operation", OperationName(command_field)}, {"status", fmt::format("{:04X}", status)}})
      .Increment();
}

}  // namespace axial::receive
