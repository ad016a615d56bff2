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

// Every kind of Destination there is: one file and one line.
constexpr std::array kKinds = {
    Kind{config::DestinationKind::kDicom, MakeDicomDestination},
    Kind{config::DestinationKind::kStow, MakeStowDestination},
    Kind{config::DestinationKind::kFolder, MakeFolderDestination},
};

}  // namespace

Result<std::unique_ptr<Destination>> MakeDestination(const config::Destination& destination,
                                                     const DestinationOptions& options) {
  for (const Kind& entry : kKinds)
    if (entry.kind == destination.kind) return entry.make(destination, options);
  return MakeError(ErrorCode::kUnsupported, "destination '{}': unknown kind", destination.name);
}

}  // namespace axial::deliver
