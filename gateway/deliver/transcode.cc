#include "gateway/deliver/transcode.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcrleccd.h>
#include <dcmtk/dcmdata/dcrlecp.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmdata/dcwcache.h>

#include <array>
#include <memory>

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

Status Decompress(DcmFileFormat& file) {
  DcmDataset& data_set = *file.getDataset();
  if (data_set.canWriteXfer(EXS_LittleEndianExplicit)) return {};
  DcmElement* pixels = nullptr;
  if (data_set.findAndGetElement(DCM_PixelData, pixels).bad())
    return MakeError(ErrorCode::kUnsupported, "what is compressed in it are no pixels");
  DcmStack stack;  // as the decoder wants it: the pixels, and below them what describes them
  stack.push(&data_set);
  stack.push(pixels);
  DcmPixelSequence* compressed = nullptr;
  OFCondition done = static_cast<DcmPixelData*>(pixels)->getEncapsulatedRepresentation(
      EXS_RLELossless, nullptr, compressed);
  auto plain = std::make_unique<DcmPixelData>(DCM_PixelData);
  const DcmRLECodecParameter parameter;
  OFBool remove_old = OFFalse;
  if (done.good())
    done = DcmRLECodecDecoder().decode(nullptr, compressed, *plain, &parameter, stack, remove_old);
  if (done.good()) done = data_set.insert(plain.get(), /*replaceOld=*/OFTrue);
  if (done.good()) static_cast<void>(plain.release());
  if (done.good() && data_set.canWriteXfer(EXS_LittleEndianExplicit)) return {};
  return MakeError(ErrorCode::kUnsupported, "its pixels cannot be decompressed: {}", done.text());
}

Result<std::string> UncompressedBytes(const std::string& path) {
  DcmFileFormat file;
  const OFCondition loaded = file.loadFile(path.c_str());
  if (loaded.bad()) return FromOFCondition(loaded).WithContext("{}", path);
  const std::string own = DcmXfer(file.getDataset()->getOriginalXfer()).getXferID();
  if (!CanTranscode(own, UID_LittleEndianExplicitTransferSyntax))
    return MakeError(ErrorCode::kUnsupported, "{} cannot be transcoded without loss", own);
  AXIAL_RETURN_IF_ERROR(Decompress(file));
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
