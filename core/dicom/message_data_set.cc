#include "core/dicom/message_data_set.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcistrmb.h>

#include "core/dicom/structure.h"

namespace axial {

Status ReadMessageDataSet(std::string_view bytes, const std::string& transfer_syntax_uid,
                          const std::function<Status(DcmItem&)>& read) {
  AXIAL_RETURN_IF_ERROR(CheckStructureOfDataSet(bytes, transfer_syntax_uid, HeaderLimits{}));
  DcmInputBufferStream stream;
  stream.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  stream.setEos();
  DcmDataset data_set;
  data_set.transferInit();
  const OFCondition parsed = data_set.read(stream, DcmXfer(transfer_syntax_uid.c_str()).getXfer());
  data_set.transferEnd();
  if (parsed.bad() && parsed != EC_EndOfStream)
    return Error(ErrorCode::kInvalidInput, parsed.text());
  return read(data_set);
}

}  // namespace axial
