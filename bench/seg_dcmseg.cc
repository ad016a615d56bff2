// DCMTK's part of bench/seg: its dcmseg library writes the same masks.
//   [CHECK=1] seg_dcmseg FOLDER SEGMENTS OUT
// CHECK: with the checks of functional groups and dimensions, which dcmseg makes unless told not
// to.

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmfg/fgderimg.h>
#include <dcmtk/dcmfg/fgfracon.h>
#include <dcmtk/dcmfg/fgpixmsr.h>
#include <dcmtk/dcmfg/fgplanor.h>
#include <dcmtk/dcmfg/fgplanpo.h>
#include <dcmtk/dcmseg/segdoc.h>
#include <dcmtk/dcmseg/segment.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>

#include "bench/seg_input.h"

namespace {

void Require(const OFCondition& condition, const char* what) {
  if (condition.good()) return;
  fmt::print(stderr, "dcmseg: {}: {}\n", what, condition.text());
  std::exit(1);
}

struct Slice {
  std::string file;
  OFString sop_class;
  OFString sop_instance;
  OFString position[3];
};

std::vector<Slice> ReadSource(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());  // as they were made, in stack order
  std::vector<Slice> slices;
  for (const std::string& file : files) {
    DcmFileFormat image;
    Require(image.loadFileUntilTag(file.c_str(), EXS_Unknown, EGL_noChange, DCM_MaxReadLength,
                                   ERM_autoDetect, DCM_PixelData),
            "source");
    DcmItem& dataset = *image.getDataset();
    Slice slice{file, {}, {}, {}};
    dataset.findAndGetOFString(DCM_SOPClassUID, slice.sop_class);
    dataset.findAndGetOFString(DCM_SOPInstanceUID, slice.sop_instance);
    for (unsigned long axis = 0; axis < 3; ++axis)
      dataset.findAndGetOFString(DCM_ImagePositionPatient, slice.position[axis], axis);
    slices.push_back(slice);
  }
  return slices;
}

DcmSegmentation* Create(Uint16 rows, Uint16 columns) {
  const IODGeneralEquipmentModule::EquipmentInfo equipment("Axial", "bench", "1", "1");
  const ContentIdentificationMacro content("1", "BENCH", "bench", "Axial^AI");
  DcmSegmentation* segmentation = nullptr;
  Require(
      DcmSegmentation::createBinarySegmentation(segmentation, rows, columns, equipment, content),
      "create");
  return segmentation;
}

void AddSegments(DcmSegmentation& segmentation, int segments) {
  const CodeSequenceMacro category("91723000", "SCT", "Anatomical Structure");
  const CodeSequenceMacro type("39607008", "SCT", "Lung");
  for (int i = 0; i < segments; ++i) {
    DcmSegment* segment = nullptr;
    Require(
        DcmSegment::create(segment, "segment", category, type, DcmSegTypes::SAT_AUTOMATIC, "bench"),
        "segment");
    Uint16 number = 0;
    Require(segmentation.addSegment(segment, number), "add segment");
  }
}

void AddSharedGroupsAndDimensions(DcmSegmentation& segmentation) {
  FGPixelMeasures measures;
  Require(measures.setPixelSpacing("0.7500\\0.50"), "spacing");
  Require(measures.setSliceThickness("2.50"), "thickness");
  Require(segmentation.addForAllFrames(measures), "measures");
  const std::unique_ptr<FGPlaneOrientationPatient> orientation(
      FGPlaneOrientationPatient::createMinimal("1", "0", "0", "0", "1", "0"));
  Require(segmentation.addForAllFrames(*orientation), "orientation");
  IODMultiframeDimensionModule& dimensions = segmentation.getDimensions();
  const char* organization = "1.2.826.0.1.3680043.10.999.2";
  Require(dimensions.addDimensionIndex(DCM_ReferencedSegmentNumber, organization,
                                       DCM_SegmentIdentificationSequence, "Segment"),
          "dimension");
  Require(dimensions.addDimensionIndex(DCM_ImagePositionPatient, organization,
                                       DCM_PlanePositionSequence, "Position"),
          "dimension");
}

FGDerivationImage* Derivation(const Slice& slice) {
  ImageSOPInstanceReferenceMacro image;
  Require(image.setReferencedSOPClassUID(slice.sop_class), "reference");
  Require(image.setReferencedSOPInstanceUID(slice.sop_instance), "reference");
  OFVector<ImageSOPInstanceReferenceMacro> images;
  images.push_back(image);
  return FGDerivationImage::createMinimal(
      images, "", CodeSequenceMacro("113076", "DCM", "Segmentation"),
      CodeSequenceMacro("121322", "DCM", "Source image for image processing operation"));
}

void AddFrame(DcmSegmentation& segmentation, const Slice& slice, Uint16 segment, Uint32 plane,
              std::vector<std::uint8_t>& mask) {
  FGFrameContent content;
  Require(content.setDimensionIndexValues(segment, 0), "index");
  Require(content.setDimensionIndexValues(plane, 1), "index");
  const std::unique_ptr<FGPlanePosPatient> position(
      FGPlanePosPatient::createMinimal(slice.position[0], slice.position[1], slice.position[2]));
  const std::unique_ptr<FGDerivationImage> derivation(Derivation(slice));
  OFVector<FGBase*> groups;
  groups.push_back(&content);
  groups.push_back(position.get());
  groups.push_back(derivation.get());
  Require(segmentation.addFrame(mask.data(), segment, groups), "frame");
}

void AddFrames(DcmSegmentation& segmentation, const std::vector<Slice>& slices, int segments,
               const std::vector<std::uint8_t>& masks) {
  const std::size_t pixels = masks.size() / slices.size();
  std::vector<std::uint8_t> mask(pixels);
  for (int segment = 1; segment <= segments; ++segment)
    for (std::size_t s = 0; s < slices.size(); ++s) {
      const std::uint8_t* labels = masks.data() + s * pixels;
      for (std::size_t i = 0; i < pixels; ++i) mask[i] = labels[i] == segment ? 1 : 0;
      if (std::find(mask.begin(), mask.end(), 1) == mask.end()) continue;
      AddFrame(segmentation, slices[s], static_cast<Uint16>(segment), static_cast<Uint32>(s + 1),
               mask);
    }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "[CHECK=1] seg_dcmseg FOLDER SEGMENTS OUT\n");
    return 2;
  }
  OFLog::configure(OFLogger::ERROR_LOG_LEVEL);
  const std::string folder = argv[1];
  const int segments = std::atoi(argv[2]);
  const std::string out = std::string(argv[3]) + "/seg.dcm";
  const bool check = std::getenv("CHECK") != nullptr;
  const std::vector<Slice> slices = ReadSource(folder + "/source");
  std::ifstream file(folder + "/masks.raw", std::ios::binary);
  std::vector<std::uint8_t> masks(std::filesystem::file_size(folder + "/masks.raw"));
  file.read(reinterpret_cast<char*>(masks.data()), static_cast<std::streamsize>(masks.size()));
  constexpr Uint16 kEdge = 512;

  const axial::bench::Stopwatch stopwatch;
  const std::unique_ptr<DcmSegmentation> segmentation(Create(kEdge, kEdge));
  Require(segmentation->getSegmentationSeriesModule().setSeriesNumber("9001"), "series");
  AddSegments(*segmentation, segments);
  AddSharedGroupsAndDimensions(*segmentation);
  AddFrames(*segmentation, slices, segments, masks);
  Require(segmentation->importFromSourceImage(slices.front().file.c_str()), "import");
  segmentation->setCheckFGOnWrite(check);
  segmentation->setCheckDimensionsOnWrite(check);
  Require(segmentation->saveFile(out.c_str()), "save");
  stopwatch.Print(out);
  return 0;
}
