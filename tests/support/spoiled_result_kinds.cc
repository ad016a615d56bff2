// The result kinds of axial-spoiling-worker: the real ones, but that the writers of Segmentation
// and report make a mistake that no DICOM validator can see. It stands in for result_kind.cc, so
// that everything else of that worker, its checks included, is what is shipped, and nothing that is
// shipped can be told to make mistakes.

#include <dcmtk/dcmdata/dctk.h>

#include "inference/results/result_kind.h"
#include "inference/results/segmentation.h"
#include "inference/results/structured_report.h"

namespace axial::results {

/// result_kind.cc, compiled under this name.
const std::vector<ResultKind>& RealResultKinds();

namespace {

/// Error: Internal.
template <typename Change>
Status Spoil(const std::string& path, Change change) {
  DcmFileFormat file;
  if (file.loadFile(path.c_str()).bad() || change(*file.getDataset()).bad() ||
      file.saveFile(path.c_str()).bad())
    return MakeError(ErrorCode::kInternal, "{} could not be spoiled", path);
  return {};
}

/// One pixel of the first frame belongs to the segment, or no longer does.
OFCondition FlipOnePixel(DcmDataset& dataset) {
  DcmElement* pixels = nullptr;
  Uint8* bytes = nullptr;
  OFCondition found = dataset.findAndGetElement(DCM_PixelData, pixels);
  if (found.good()) found = pixels->getUint8Array(bytes);
  if (found.good()) bytes[0] ^= 1;
  return found;
}

OFCondition NameAnotherStudy(DcmDataset& dataset) {
  return dataset.putAndInsertString(DCM_StudyInstanceUID, "2.25.404");
}

Result<protocol::Artifact> WriteWrongSegmentation(const ResultRun& run,
                                                  const ObjectRequest& request) {
  Result<protocol::Artifact> written = WriteSegmentation(run, request);
  if (written.ok()) AXIAL_RETURN_IF_ERROR(Spoil(request.path, FlipOnePixel));
  return written;
}

Result<protocol::Artifact> WriteWrongReport(const ResultRun& run, const ObjectRequest& request) {
  Result<protocol::Artifact> written = WriteReport(run, request);
  if (written.ok()) AXIAL_RETURN_IF_ERROR(Spoil(request.path, NameAnotherStudy));
  return written;
}

std::vector<ResultKind> SpoiledKinds() {
  std::vector<ResultKind> kinds = RealResultKinds();
  for (ResultKind& kind : kinds) {
    if (kind.name == kSegmentationKind) kind.write = WriteWrongSegmentation;
    if (kind.name == "sr") kind.write = WriteWrongReport;
  }
  return kinds;
}

}  // namespace

const std::vector<ResultKind>& ResultKinds() {
  static const std::vector<ResultKind> kinds = SpoiledKinds();
  return kinds;
}

}  // namespace axial::results
