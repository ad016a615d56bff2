#include "gateway/deliver/transcode.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmdata/dcwcache.h>

#include <array>

#include "core/dicom/dcmtk_error.h"

namespace axial::deliver {

bool IsCompressed(const std::string& uid) {
  return uid != UID_LittleEndianImplicitTransferSyntax &&
         uid != UID_LittleEndianExplicitTransferSyntax &&
         uid != UID_BigEndianExplicitTransferSyntax &&
         uid != UID_DeflatedExplicitVRLittleEndianTransferSyntax;
}

bool CanTranscode(const std::string& own, const std::string& other) {
  return own == other ||
         (!IsCompressed(other) && (!IsCompressed(own) || own == UID_RLELosslessTransferSyntax));
}

Status Decompress(DcmFileFormat& file, bool owns_dcmtk) {
  if (owns_dcmtk) {
    static const bool registered = [] {
      DcmRLEDecoderRegistration::registerCodecs();
      return true;
    }();
    static_cast<void>(registered);
  }
  const OFCondition chosen =
      file.getDataset()->chooseRepresentation(EXS_LittleEndianExplicit, nullptr);
  if (chosen.good() && file.getDataset()->canWriteXfer(EXS_LittleEndianExplicit)) return {};
  return MakeError(ErrorCode::kUnsupported, "its pixels cannot be decompressed: {}", chosen.text());
}

Result<std::string> UncompressedBytes(const std::string& path, bool owns_dcmtk) {
  DcmFileFormat file;
  const OFCondition loaded = file.loadFile(path.c_str());
  if (loaded.bad()) return FromOFCondition(loaded).WithContext("{}", path);
  const std::string own = DcmXfer(file.getDataset()->getOriginalXfer()).getXferID();
  if (!CanTranscode(own, UID_LittleEndianExplicitTransferSyntax))
    return MakeError(ErrorCode::kUnsupported, "{} cannot be transcoded without loss", own);
  AXIAL_RETURN_IF_ERROR(Decompress(file, owns_dcmtk));
  std::string bytes;
  std::array<char, std::size_t{64} * 1024> buffer;
  DcmOutputBufferStream stream(buffer.data(), static_cast<offile_off_t>(buffer.size()));
  DcmWriteCache cache;
  file.transferInit();
  OFCondition written = EC_StreamNotifyClient;
  while (written == EC_StreamNotifyClient) {
    written = file.write(stream, EXS_LittleEndianExplicit, EET_ExplicitLength, &cache);
    void* part = nullptr;
    offile_off_t size = 0;
    stream.flushBuffer(part, size);
    bytes.append(static_cast<const char*>(part), static_cast<std::size_t>(size));
  }
  file.transferEnd();
  if (written.bad()) return FromOFCondition(written).WithContext("{}", path);
  return bytes;
}

}  // namespace axial::deliver
