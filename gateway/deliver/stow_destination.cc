#include "gateway/deliver/stow_destination.h"

namespace axial::deliver {

Result<std::unique_ptr<Destination>> MakeStowDestination(const config::Destination& destination,
                                                         const DestinationOptions&) {
  return MakeError(ErrorCode::kUnsupported,
                   "destination '{}': this version does not send by STOW-RS; use kind: dicom",
                   destination.name);
}

}  // namespace axial::deliver
