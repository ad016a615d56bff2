#include "tests/support/synthetic_results.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <cmath>
#include <filesystem>
#include <sstream>

namespace axial::testing {
namespace {

constexpr const char* kStudy = "1.2.826.0.1.3680043.10.999.1";
constexpr const char* kFrameOfReference = "1.2.826.0.1.3680043.10.999.1.9";

std::string ClassFor(const SyntheticSource& options) {
  if (options.multi_frame) return UID_EnhancedCTImageStorage;
  if (options.modality == "MR") return UID_MRImageStorage;
  if (options.modality == "DX") return UID_DigitalXRayImageStorageForPresentation;
  return UID_CTImageStorage;
}

void Put(DcmItem& item, const DcmTagKey& tag, const std::string& value) {
  const OFCondition condition = item.putAndInsertOFStringArray(tag, value.c_str());
  if (condition.bad()) FailInvariant(condition.text(), __FILE__, __LINE__);
}

void PutPatient(const SyntheticSource& options, DcmItem& item) {
  if (!options.character_set.empty()) Put(item, DCM_SpecificCharacterSet, options.character_set);
  Put(item, DCM_PatientName, options.patient_name);
  Put(item, DCM_PatientID, "AX-0001");
  Put(item, DCM_IssuerOfPatientID, "HOSPITAL A");
  Put(item, DCM_PatientBirthDate, "19800229");
  Put(item, DCM_PatientSex, "F");
  Put(item, DCM_PatientAge, options.patient_age);
  Put(item, DCM_PatientWeight, "61.5");
  Put(item, DCM_StudyInstanceUID, kStudy);
  Put(item, DCM_StudyDate, "20260102");
  Put(item, DCM_StudyTime, "101112");
  Put(item, DCM_StudyID, "S1");
  Put(item, DCM_AccessionNumber, "ACC123");
  Put(item, DCM_ReferringPhysicianName, "Ref^Erring");
  Put(item, DCM_StudyDescription, "Chest");
  if (!options.timezone.empty()) Put(item, DCM_TimezoneOffsetFromUTC, options.timezone);
  if (options.procedure_code) {
    DcmItem* code = nullptr;
    item.findOrCreateSequenceItem(DCM_ProcedureCodeSequence, code, -2);
    Put(*code, DCM_CodeValue, "24627-2");
    Put(*code, DCM_CodingSchemeDesignator, "LN");
    Put(*code, DCM_CodeMeaning, "CT Chest");
  }
}

void PutImage(const SyntheticSource& options, int frames, DcmItem& item) {
  Put(item, DCM_Modality, options.modality);
  Put(item, DCM_SeriesInstanceUID, options.series_uid);
  Put(item, DCM_SeriesNumber, "3");
  Put(item, DCM_Manufacturer, "Scanner Works");
  Put(item, DCM_BodyPartExamined, "CHEST");
  if (options.frame_of_reference) {
    Put(item, DCM_FrameOfReferenceUID, kFrameOfReference);
    Put(item, DCM_PositionReferenceIndicator, "");
  }
  if (options.lossy) {
    Put(item, DCM_LossyImageCompression, "01");
    Put(item, DCM_LossyImageCompressionRatio, "10");
    Put(item, DCM_LossyImageCompressionMethod, "ISO_10918_1");
  }
  item.putAndInsertUint16(DCM_Rows, static_cast<Uint16>(options.rows));
  item.putAndInsertUint16(DCM_Columns, static_cast<Uint16>(options.columns));
  item.putAndInsertUint16(DCM_SamplesPerPixel, 1);
  Put(item, DCM_PhotometricInterpretation, "MONOCHROME2");
  item.putAndInsertUint16(DCM_BitsAllocated, 16);
  item.putAndInsertUint16(DCM_BitsStored, 16);
  item.putAndInsertUint16(DCM_HighBit, 15);
  item.putAndInsertUint16(DCM_PixelRepresentation, 1);
  if (options.multi_frame) Put(item, DCM_NumberOfFrames, fmt::format("{}", frames));
  const std::vector<Uint16> pixels(static_cast<std::size_t>(frames) *
                                   static_cast<std::size_t>(options.rows) *
                                   static_cast<std::size_t>(options.columns));
  item.putAndInsertUint16Array(DCM_PixelData, pixels.data(), pixels.size());
}

void Save(DcmFileFormat& file, const std::string& sop_class, const SourceFrame& frame) {
  Put(*file.getDataset(), DCM_SOPClassUID, sop_class);
  Put(*file.getDataset(), DCM_SOPInstanceUID, frame.sop_instance_uid.str());
  Put(*file.getDataset(), DCM_InstanceNumber, "1");
  const OFCondition saved = file.saveFile(frame.file.c_str(), EXS_LittleEndianExplicit);
  if (saved.bad()) FailInvariant(saved.text(), __FILE__, __LINE__);
}

Vector3 Normal(const std::string& orientation) {
  std::array<double, 6> v{};
  std::istringstream stream(orientation);
  std::string number;
  for (double& value : v)
    if (std::getline(stream, number, '\\')) value = std::stod(number);
  return {v[1] * v[5] - v[2] * v[4], v[2] * v[3] - v[0] * v[5], v[0] * v[4] - v[1] * v[3]};
}

SourceFrame MakeFrame(const SyntheticSource& options, const std::string& folder, int slice) {
  const int instance = options.multi_frame ? 0 : slice;
  SourceFrame frame{std::filesystem::path(folder) / fmt::format("{:04}.dcm", instance),
                    Uid::Parse(ClassFor(options)).value(),
                    Uid::Parse(fmt::format("{}.{}", options.series_uid, instance + 1)).value(),
                    1,
                    false,
                    "",
                    "",
                    "",
                    "",
                    0};
  frame.frame_number = options.multi_frame ? slice + 1 : 1;
  frame.multi_frame = options.multi_frame;
  if (!options.frame_of_reference) return frame;
  const Vector3 normal = Normal(options.orientation);
  Vector3 position = {-120.25, -99.5, 10};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    position[axis] += slice * options.step_mm[axis];
    frame.position_mm += position[axis] * normal[axis];
  }
  // Written as scanners do, with digits no double would print.
  frame.image_position_patient =
      fmt::format("{:.6f}\\{:.4f}\\{:.3f}", position[0], position[1], position[2]);
  frame.image_orientation_patient = options.orientation;
  frame.pixel_spacing = "0.7500\\0.50";
  frame.slice_thickness = "2.50";
  return frame;
}

void PutGeometry(const SourceFrame& frame, DcmItem& item) {
  if (frame.image_position_patient.empty()) return;
  Put(item, DCM_ImagePositionPatient, frame.image_position_patient);
  Put(item, DCM_ImageOrientationPatient, frame.image_orientation_patient);
  Put(item, DCM_PixelSpacing, frame.pixel_spacing);
  Put(item, DCM_SliceThickness, frame.slice_thickness);
}

SourceSeries WriteSeries(const SyntheticSource& options, const std::string& folder,
                         DcmItem& patient) {
  OFString study;
  patient.findAndGetOFString(DCM_StudyInstanceUID, study);
  SourceSeries series{Uid::Parse(study.c_str()).value(),
                      Uid::Parse(options.series_uid).value(),
                      "",
                      "",
                      0,
                      0,
                      {},
                      false};
  series.modality = options.modality;
  if (options.frame_of_reference) series.frame_of_reference_uid = kFrameOfReference;
  series.rows = options.rows;
  series.columns = options.columns;
  series.lossy = options.lossy;
  for (int slice = 0; slice < options.slices; ++slice) {
    series.frames.push_back(MakeFrame(options, folder, slice));
    if (options.multi_frame && slice > 0) continue;
    DcmDataset dataset;
    dataset.copyFrom(patient);
    DcmFileFormat file(&dataset);
    PutImage(options, options.multi_frame ? options.slices : 1, *file.getDataset());
    if (!options.multi_frame) PutGeometry(series.frames.back(), *file.getDataset());
    Save(file, ClassFor(options), series.frames.back());
  }
  return series;
}

CodedConcept Sct(const char* value, const char* meaning) { return {value, "SCT", meaning}; }

/// Of DrawnFindings; place and size in fractions of a frame.
std::uint8_t DrawnLabel(double row, double column, double scale) {
  const double shell = std::hypot(row - 0.5, column - 0.36) / scale;
  if (shell < 0.05 || (shell >= 0.15 && shell < 0.3)) return 1;
  if (shell < 0.3) return 0;
  const bool ball = std::hypot(row - 0.35, column - 0.72) / scale < 0.22 ||
                    std::hypot(row - 0.75, column - 0.8) / scale < 0.12;
  return ball ? 2 : 0;
}

/// The layer and its two segments, with measurements.
void AddLungs(const config::ModelCard& card, LabelMap map,
              const std::array<std::int64_t, 3>& voxels, Findings& findings) {
  findings.layers.push_back(std::move(map));
  for (int number = 1; number <= 2; ++number) {
    SegmentFinding segment{card.segments[static_cast<std::size_t>(number - 1)],
                           number,
                           0,
                           static_cast<std::uint8_t>(number),
                           fmt::format("{} {}", card.name, number),
                           MakeDeterministicUid(fmt::format("tracking|{}", number)),
                           0,
                           {}};
    segment.voxels = voxels[static_cast<std::size_t>(number)];
    segment.measurements = {{Sct("118565006", "Volume"),
                             {},
                             static_cast<double>(segment.voxels) * 0.9375 / 1000.0,
                             {"cm3", "UCUM", "cubic centimeter"}},
                            {{"112031", "DCM", "Attenuation Coefficient"},
                             Sct("373098007", "Mean"),
                             -812.3456789,
                             {"[hnsf'U]", "UCUM", "Hounsfield unit"}}};
    findings.segments.push_back(std::move(segment));
  }
}

}  // namespace

SourceSeries WriteSource(const SyntheticSource& options, const std::string& folder) {
  DcmDataset patient;
  PutPatient(options, patient);
  return WriteSeries(options, folder, patient);
}

SourceSeries WriteSourceLike(const std::string& real_file, const SyntheticSource& options,
                             const std::string& folder) {
  DcmFileFormat real;
  const OFCondition loaded = real.loadFile(real_file.c_str());
  if (loaded.bad()) FailInvariant(loaded.text(), __FILE__, __LINE__);
  DcmItem& patient = *real.getDataset();
  // Patient and study only: what describes the image is written anew.
  for (DcmObject* element = patient.nextInContainer(nullptr); element != nullptr;) {
    const DcmTagKey tag = element->getTag();
    element = patient.nextInContainer(element);
    const bool study = tag.getGroup() == 0x0008 || tag.getGroup() == 0x0010 ||
                       tag == DCM_StudyInstanceUID || tag == DCM_StudyID;
    if (!study) patient.findAndDeleteElement(tag);
  }
  if (!patient.tagExistsWithValue(DCM_StudyInstanceUID)) Put(patient, DCM_StudyInstanceUID, kStudy);
  return WriteSeries(options, folder, patient);
}

config::ModelCard LungCard() {
  config::ModelCard card;
  card.name = "chest-ct-lungs";
  card.version = "1.2.0";
  card.algorithm = {"Axial Lungs", "Axial", "1.2.0", "For demonstration, not for diagnosis"};
  const CodedConcept structure = Sct("91723000", "Anatomical Structure");
  card.segments = {{1,
                    "Left lung",
                    structure,
                    Sct("39607008", "Lung"),
                    Sct("7771000", "Left"),
                    {},
                    {230, 80, 60}},
                   {2,
                    "Right lung",
                    structure,
                    Sct("39607008", "Lung"),
                    Sct("24028007", "Right"),
                    {},
                    {60, 120, 230}}};
  return card;
}

config::ModelCard PositionCard() {
  config::ModelCard card;
  card.name = "dx-position";
  card.version = "0.1";
  card.algorithm = {"Axial Position", "Axial", "0.1", "For demonstration, not for diagnosis"};
  card.input.kind = config::InputKind::kImage;
  config::ClassificationSpec question;
  question.concept_name = {"111031", "DCM", "Image View"};
  question.classes = {{0, Sct("399348003", "antero-posterior")},
                      {1, Sct("399067008", "lateral projection")}};
  card.classifications = {question};
  return card;
}

Findings LungFindings(const SourceSeries& source, const config::ModelCard& card) {
  Findings findings{source, {}, {}, {}};
  LabelMap map;
  map.geometry.size = {static_cast<int>(source.frames.size()), source.rows, source.columns};
  map.labels.resize(map.geometry.size.Voxels());
  const std::size_t frame = static_cast<std::size_t>(source.rows * source.columns);
  const std::size_t slices = source.frames.size();
  std::array<std::int64_t, 3> voxels{};
  for (std::size_t slice = 0; slice < slices; ++slice) {
    for (std::size_t i = 0; i < frame; ++i) {
      std::uint8_t& label = map.labels[slice * frame + i];
      if ((slice * 31 + i * 7 + i / 13) % 5 == 0 || i == 0) label = 1;
      if ((slice * 17 + i * 3 + i / 11) % 7 == 0 || i == frame - 1) label = 2;
      if (slices > 1 && slice == 0 && label == 2) label = 0;
      if (slices > 1 && slice == slices - 1 && label == 1) label = 0;
      ++voxels[label];
    }
  }
  AddLungs(card, std::move(map), voxels, findings);
  return findings;
}

Findings DrawnFindings(const SourceSeries& source, const config::ModelCard& card) {
  Findings findings{source, {}, {}, {}};
  LabelMap map;
  const auto slices = static_cast<int>(source.frames.size());
  map.geometry.size = {slices, source.rows, source.columns};
  map.labels.resize(map.geometry.size.Voxels());
  std::array<std::int64_t, 3> voxels{};
  const int sieve = std::max(9, source.rows / 9);
  std::size_t at = 0;
  for (int slice = 0; slice < slices; ++slice) {
    const double off_middle = slices == 1 ? 0 : 2.0 * slice / (slices - 1) - 1;
    const double scale = 1 - 0.6 * off_middle * off_middle;
    for (int r = 0; r < source.rows; ++r)
      for (int c = 0; c < source.columns; ++c, ++at) {
        map.labels[at] = DrawnLabel((r + 0.5) / source.rows, (c + 0.5) / source.columns, scale);
        if (map.labels[at] == 1 && r % sieve == 4 && c % sieve == 6) map.labels[at] = 0;
        ++voxels[map.labels[at]];
      }
  }
  AddLungs(card, std::move(map), voxels, findings);
  return findings;
}

Findings ShapeFindings(const SourceSeries& source, const config::ModelCard& card) {
  Findings findings = LungFindings(source, card);
  LabelMap& map = findings.layers.front();
  std::array<std::int64_t, 3> voxels{};
  const auto within = [](int r, int c, double row, double column, double radius) {
    return std::hypot(r - row, c - column) <= radius;
  };
  std::size_t at = 0;
  for (int s = 0; s < map.geometry.size.slices; ++s)
    for (int r = 0; r < source.rows; ++r)
      for (int c = 0; c < source.columns; ++c, ++at) {
        const double size = 12 - std::abs(s - 2);
        std::uint8_t label = 0;
        if (within(r, c, 20, 20, size) && !within(r, c, 20, 20, 5)) label = 1;
        if (within(r, c, 20, 20, 1)) label = 1;
        if (within(r, c, 20, 50, size) || within(r, c, 45, 50, 4)) label = 2;
        map.labels[at] = label;
        ++voxels[label];
      }
  for (SegmentFinding& segment : findings.segments)
    segment.voxels = voxels[static_cast<std::size_t>(segment.segment_number)];
  return findings;
}

Findings EmptyFindings(const SourceSeries& source) {
  Findings findings{source, {}, {}, {}};
  LabelMap map;
  map.geometry.size = {static_cast<int>(source.frames.size()), source.rows, source.columns};
  map.labels.resize(map.geometry.size.Voxels());
  findings.layers.push_back(std::move(map));
  return findings;
}

Findings PositionFindings(const SourceSeries& source, const config::ModelCard& card,
                          int frame_index) {
  Findings findings{source, {}, {}, {}};
  const config::ClassificationSpec& question = card.classifications.front();
  findings.classifications.push_back(
      {question.concept_name, question.classes[0].value, 0.973, frame_index});
  return findings;
}

}  // namespace axial::testing
