#include "tests/support/phantom/phantom_study.h"

#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dcrlerp.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpeg/djrplol.h>
#include <dcmtk/dcmjpls/djencode.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <numeric>
#include <string_view>

#include "core/dicom/uid.h"
#include "tests/support/phantom/dicom_modules.h"
#include "tests/support/phantom/random.h"
#include "tests/support/phantom/truth_file.h"

namespace axial::phantom {
namespace {

Result<E_TransferSyntax> FindTransferSyntax(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, E_TransferSyntax>, 7> kNames = {
      {{"explicit-le", EXS_LittleEndianExplicit},
       {"implicit-le", EXS_LittleEndianImplicit},
       {"explicit-be", EXS_BigEndianExplicit},
       {"deflated", EXS_DeflatedLittleEndianExplicit},
       {"rle", EXS_RLELossless},
       {"jpeg-lossless", EXS_JPEGProcess14SV1},
       {"jpeg-ls", EXS_JPEGLSLossless}}};
  for (const auto& [known, syntax] : kNames) {
    if (known == name) return syntax;
  }
  return MakeError(ErrorCode::kInvalidInput,
                   "transfer syntax {} is not one of explicit-le, "
                   "implicit-le, explicit-be, deflated, rle, jpeg-lossless, jpeg-ls",
                   name);
}

void RegisterEncodersOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    DJEncoderRegistration::registerCodecs();
    DJLSEncoderRegistration::registerCodecs();
    DcmRLEEncoderRegistration::registerCodecs();
  });
}

const char* SopClassOf(PhantomKind kind) {
  switch (kind) {
    case PhantomKind::kMr:
      return UID_MRImageStorage;
    case PhantomKind::kDx:
      return UID_DigitalXRayImageStorageForPresentation;
    case PhantomKind::kCt:
      break;
  }
  return UID_CTImageStorage;
}

/// 1..count in spatial order, or in an order drawn by the seed that is neither up nor down.
std::vector<int> InstanceNumbers(int count, bool shuffle, std::uint64_t seed) {
  std::vector<int> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 1);
  if (!shuffle) return numbers;
  Random random(seed ^ 0x0DDBA11ULL);
  for (std::size_t i = numbers.size(); i > 1; --i) {
    std::swap(numbers[i - 1], numbers[random.Next() % i]);
  }
  return numbers;
}

std::string DefaultDescription(const PhantomOptions& options, const PhantomImage& made) {
  if (options.kind == PhantomKind::kCt) {
    return fmt::format("CHEST LUNG {:.1f}", static_cast<double>(made.slice_thickness_mm));
  }
  if (options.kind == PhantomKind::kMr) return "T1 MPRAGE BRAIN";
  return options.view == ChestView::kLateral ? "CHEST LATERAL" : "CHEST PA";
}

/// The identity of a study: equal options give equal UIDs, and every other study has others.
void Identify(const PhantomOptions& options, PhantomStudy& study) {
  const VoxelGrid& grid = study.image.grid;
  const std::string name =
      fmt::format("phantom/{}/{}/{}/{}x{}x{}/{}/{}/{}/{}/{}", KindName(options.kind), options.seed,
                  options.randomise, grid.slices, grid.rows, grid.columns,
                  static_cast<int>(options.plane), options.tilt_deg, static_cast<int>(options.view),
                  options.transfer_syntax, options.patient_id);
  study.study_uid =
      options.study_uid.empty() ? MakeDeterministicUid(name + "/study").str() : options.study_uid;
  const std::string series = name + "/" + study.study_uid + "/series";
  study.series_uid = MakeDeterministicUid(series).str();
  study.sop_class_uid = SopClassOf(options.kind);
  const std::vector<int> numbers =
      InstanceNumbers(grid.slices, options.shuffle_instance_numbers, options.seed);
  for (int slice = 0; slice < grid.slices; ++slice) {
    study.instances.push_back({{},
                               MakeDeterministicUid(fmt::format("{}/{}", series, slice)).str(),
                               slice,
                               numbers[static_cast<std::size_t>(slice)]});
  }
}

class InstanceWriter {
 public:
  InstanceWriter(const PhantomOptions& options, const PhantomImage& made, const Storage& storage,
                 E_TransferSyntax syntax)
      : options_(options), made_(made), storage_(storage), syntax_(syntax) {}

  /// Writes the file and puts the values as a reader will see them into `study.image`.
  Status Write(const PhantomInstance& instance, PhantomStudy& study) const {
    const VoxelGrid& grid = made_.image.grid;
    const auto size = static_cast<std::size_t>(grid.rows) * static_cast<std::size_t>(grid.columns);
    const std::size_t start = static_cast<std::size_t>(instance.slice) * size;
    std::vector<std::uint16_t> words = Quantise(&made_.image.values[start], size, storage_);
    for (std::size_t i = 0; i < size; ++i)
      study.image.values[start + i] = Restore(words[i], storage_);
    if (options_.monochrome1) {
      for (auto& word : words) word = static_cast<std::uint16_t>(4095 - word);
    }
    DcmFileFormat file;
    DcmDataset& dataset = *file.getDataset();
    AXIAL_RETURN_IF_ERROR(PutCommonModules(dataset, options_, study));
    AXIAL_RETURN_IF_ERROR(PutImageModules(dataset, options_, made_, storage_, instance));
    OFCondition done = dataset.putAndInsertUint16Array(DCM_PixelData, words.data(),
                                                       static_cast<unsigned long>(size));
    if (done.good()) done = Compress(dataset);
    if (done.good()) {
      done = file.saveFile(OFFilename(instance.path.c_str()), syntax_, EET_UndefinedLength,
                           EGL_recalcGL, EPD_withoutPadding);
    }
    if (done.bad()) {
      return MakeError(ErrorCode::kUnavailable, "{}: {}", instance.path.string(), done.text());
    }
    return {};
  }

 private:
  OFCondition Compress(DcmDataset& dataset) const {
    const bool compresses = syntax_ == EXS_JPEGProcess14SV1 || syntax_ == EXS_RLELossless ||
                            syntax_ == EXS_JPEGLSLossless;
    if (!compresses) return EC_Normal;
    RegisterEncodersOnce();
    const DJ_RPLossless lossless(1, 0);
    const DcmRLERepresentationParameter rle;
    const DcmRepresentationParameter* parameter = nullptr;
    if (syntax_ == EXS_JPEGProcess14SV1) parameter = &lossless;
    if (syntax_ == EXS_RLELossless) parameter = &rle;
    return dataset.chooseRepresentation(syntax_, parameter);
  }

  const PhantomOptions& options_;
  const PhantomImage& made_;
  const Storage& storage_;
  E_TransferSyntax syntax_;
};

Status MakeDirectory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return MakeError(ErrorCode::kUnavailable, "cannot make {}: {}", directory.string(),
                     error.message());
  }
  return {};
}

}  // namespace

Result<PhantomStudy> WritePhantomStudy(const PhantomOptions& given,
                                       const std::filesystem::path& directory) {
  AXIAL_ASSIGN_OR_RETURN(const E_TransferSyntax syntax, FindTransferSyntax(given.transfer_syntax));
  AXIAL_ASSIGN_OR_RETURN(const Storage storage, PlanStorage(given));
  AXIAL_RETURN_IF_ERROR(MakeDirectory(directory));
  const PhantomImage made = MakePhantomImage(given);
  PhantomOptions options = given;
  if (options.series_description.empty()) {
    options.series_description = DefaultDescription(options, made);
  }
  PhantomStudy study;
  study.image = made.image;
  Identify(options, study);
  const InstanceWriter writer(options, made, storage, syntax);
  for (PhantomInstance& instance : study.instances) {
    instance.path = directory / fmt::format("IM{:04}.dcm", instance.instance_number);
    AXIAL_RETURN_IF_ERROR(writer.Write(instance, study));
  }
  study.truth = MeasureTruth(options.kind, study.image);
  study.truth_json = directory / "truth.json";
  if (!study.truth.empty()) study.truth_raw = directory / "truth.raw";
  AXIAL_RETURN_IF_ERROR(WriteTruth(options, study));
  return study;
}

Status WriteRawPhantom(const PhantomOptions& options, const std::filesystem::path& directory) {
  AXIAL_RETURN_IF_ERROR(MakeDirectory(directory));
  PhantomStudy study;
  study.image = MakePhantomImage(options).image;
  study.truth = MeasureTruth(options.kind, study.image);
  study.truth_json = directory / "truth.json";
  study.truth_raw = directory / "truth.raw";
  const Storage hu{true, 16, 1.0, 0.0};
  const std::vector<std::uint16_t> words =
      Quantise(study.image.values.data(), study.image.values.size(), hu);
  AXIAL_RETURN_IF_ERROR(WriteBytes(
      directory / "image.raw", {reinterpret_cast<const char*>(words.data()), words.size() * 2}));
  return WriteTruth(options, study);
}

}  // namespace axial::phantom
