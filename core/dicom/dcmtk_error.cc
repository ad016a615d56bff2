#include "core/dicom/dcmtk_error.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcerror.h>
#include <dcmtk/ofstd/ofcond.h>
#include <dcmtk/ofstd/ofstd.h>

namespace axial {
namespace {

// Of DCMTK's dcmnet module (cond.h), named here so that core does not include network headers.
constexpr unsigned short kDimseNoDataAvailable = 0x0207;
constexpr unsigned short kDulReadTimeout = 0x031a;

ErrorCode NetworkCode(unsigned short code) {
  if (code == kDulReadTimeout || code == kDimseNoDataAvailable) return ErrorCode::kTimeout;
  // Whatever else happens to an association or a socket is the peer's or the network's doing.
  return ErrorCode::kUnavailable;
}

ErrorCode CodeOf(const OFCondition& condition) {
  if (condition == EC_MemoryExhausted) return ErrorCode::kExhausted;
  if (condition == EC_TagNotFound) return ErrorCode::kNotFound;
  if (condition == EC_UnsupportedEncoding || condition == EC_CannotChangeRepresentation)
    return ErrorCode::kUnsupported;
  if (condition == EC_IllegalCall || condition == EC_IllegalParameter) return ErrorCode::kInternal;
  switch (condition.module()) {
    case 0:
      return ErrorCode::kUnavailable;  // ofstd: files, memory and streams
    case OFM_dcmdata:
      return ErrorCode::kInvalidInput;
    case OFM_dcmnet:
      return NetworkCode(condition.code());
    default:
      return ErrorCode::kInvalidInput;
  }
}

}  // namespace

Error FromOFCondition(const OFCondition& condition) {
  AXIAL_INVARIANT(condition.bad());
  return Error(CodeOf(condition), condition.text());
}

}  // namespace axial
