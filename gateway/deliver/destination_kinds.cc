#include <array>

#include "gateway/deliver/destination.h"
#include "gateway/deliver/dicom_destination.h"
#include "gateway/deliver/folder_destination.h"
#include "gateway/deliver/stow_destination.h"

namespace axial::deliver {
namespace {

struct Kind {
  config::DestinationKind kind;
  Result<std::unique_ptr<Destination>> (*make)(const config::Destination&,
                                               const DestinationOptions&);
};

/// The Orthanc plugin makes its own.
Result<std::unique_ptr<Destination>> RefuseOrthanc(const config::Destination& destination,
                                                   const DestinationOptions&) {
  return MakeError(ErrorCode::kUnsupported,
                   "destination '{}': kind orthanc is the Orthanc that Axial runs inside, as its "
                   "plugin; to send to one from here write kind: dicom or kind: stow",
                   destination.name);
}

// Every kind of Destination there is: one file and one line.
constexpr std::array kKinds = {
    Kind{config::DestinationKind::kDicom, MakeDicomDestination},
    Kind{config::DestinationKind::kStow, MakeStowDestination},
    Kind{config::DestinationKind::kFolder, MakeFolderDestination},
    Kind{config::DestinationKind::kOrthanc, RefuseOrthanc},
};

}  // namespace

store::DeliveryStore::CommitmentOutcome ToOutcome(const CommitmentReport& report) {
  store::DeliveryStore::CommitmentOutcome outcome;
  outcome.transaction_uid = report.transaction_uid;
  for (const InstanceReference& instance : report.committed)
    outcome.committed.push_back(instance.sop_instance_uid);
  for (const CommitmentReport::Failure& failure : report.failed)
    outcome.failed.emplace_back(failure.instance.sop_instance_uid, failure.reason);
  return outcome;
}

CheckReport Destination::Check(const std::vector<store::Delivery>&) {
  return {Error(ErrorCode::kUnsupported, "it cannot be asked what it has"), {}};
}

Result<SeriesCounts> Destination::CountInstances(const std::string&) {
  return Error(ErrorCode::kUnsupported, "it cannot be asked what it has");
}

Status Destination::RequestCommitment(const CommitmentAsk&, const std::vector<store::Delivery>&) {
  return Error(ErrorCode::kUnsupported, "it offers no Storage Commitment");
}

Result<std::unique_ptr<Destination>> MakeDestination(const config::Destination& destination,
                                                     const DestinationOptions& options) {
  for (const Kind& entry : kKinds)
    if (entry.kind == destination.kind) return entry.make(destination, options);
  return MakeError(ErrorCode::kUnsupported, "destination '{}': unknown kind", destination.name);
}

}  // namespace axial::deliver
