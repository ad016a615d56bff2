#include "inference/results/source_display.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "inference/results/written_object.h"
#include "inference/volume/functional_groups.h"
#include "inference/volume/grey_display.h"
#include "inference/volume/pixel_file.h"

namespace axial::results {
namespace {

constexpr std::size_t kDecodedForWindow = 5;

std::string First(const std::string& values) { return values.substr(0, values.find('\\')); }

/// The number a text is; nullopt for anything else.
std::optional<double> NumberIn(const std::string& text) {
  const std::vector<double> numbers = NumbersOf(text);
  return numbers.size() == 1 ? std::optional<double>(numbers.front()) : std::nullopt;
}

std::shared_ptr<DcmItem> FirstTable(DcmItem& header, const DcmTagKey& sequence) {
  DcmItem* table = ItemOf(header, sequence);
  if (table == nullptr || !table->tagExistsWithValue(DCM_LUTDescriptor) ||
      !table->tagExistsWithValue(DCM_LUTData))
    return nullptr;
  auto copy = std::make_shared<DcmItem>();
  for (const DcmTagKey& tag : {DCM_LUTDescriptor, DCM_LUTData, DCM_ModalityLUTType})
    static_cast<void>(table->findAndInsertCopyOfElement(tag, copy.get()));
  return copy;
}

std::string TableKey(DcmItem& table) {
  const Uint16* values = nullptr;
  unsigned long count = 0;
  if (table.findAndGetUint16Array(DCM_LUTData, values, &count).bad() || values == nullptr)
    return "unreadable";
  return TextOf(table, DCM_LUTDescriptor) + "|" +
         Sha256Hex({reinterpret_cast<const char*>(values), count * sizeof(Uint16)});
}

void ReadModality(FunctionalGroups& groups, DcmItem& header, std::size_t frame,
                  FrameDisplay& display) {
  display.modality_table = FirstTable(header, DCM_ModalityLUTSequence);
  if (display.modality_table != nullptr) return;
  const auto text = [&](const DcmTagKey& tag) {
    std::string value = groups.Text(frame, DCM_PixelValueTransformationSequence, tag);
    return value.empty() ? TextOf(header, tag) : value;
  };
  const std::string slope = text(DCM_RescaleSlope);
  const std::string intercept = text(DCM_RescaleIntercept);
  if (!NumberIn(slope) || !NumberIn(intercept)) return;
  display.slope = slope;
  display.intercept = intercept;
  display.rescale_type = text(DCM_RescaleType);
}

void ReadVoi(FunctionalGroups& groups, DcmItem& header, std::size_t frame, FrameDisplay& display) {
  const auto text = [&](const DcmTagKey& tag) {
    std::string value = groups.Text(frame, DCM_FrameVOILUTSequence, tag);
    return First(value.empty() ? TextOf(header, tag) : value);
  };
  const std::optional<double> width = NumberIn(text(DCM_WindowWidth));
  const std::string function = text(DCM_VOILUTFunction);
  const bool linear = function != "LINEAR_EXACT" && function != "SIGMOID";
  if (NumberIn(text(DCM_WindowCenter)) && width && *width > 0 && (*width >= 1 || !linear)) {
    display.centre = text(DCM_WindowCenter);
    display.width = text(DCM_WindowWidth);
    display.function = linear ? "" : function;
    const std::string explanation = text(DCM_WindowCenterWidthExplanation);
    if (IsAscii(explanation)) display.explanation = explanation;
  } else {
    display.voi_table = FirstTable(header, DCM_VOILUTSequence);
  }
}

/// Pixel Spacing of the frame; else the shape of a pixel, from Imager Pixel Spacing or as it is
/// told (PS3.3 C.10.4).
void ReadShape(const SourceFrame& frame, DcmItem& header, FrameDisplay& display) {
  const auto two = [](const std::string& text) {
    std::vector<double> numbers = NumbersOf(text);
    if (numbers.size() != 2 || !(numbers[0] > 0 && numbers[1] > 0)) numbers.clear();
    return numbers;
  };
  display.aspect_ratio = "1\\1";
  if (!two(frame.pixel_spacing).empty())
    display.pixel_spacing = frame.pixel_spacing;
  else if (const auto imager = two(TextOf(header, DCM_ImagerPixelSpacing)); !imager.empty())
    display.aspect_ratio = imager[0] == imager[1]
                               ? "1\\1"
                               : fmt::format("{:.0f}\\{:.0f}", std::max(1.0, imager[0] * 1e6),
                                             std::max(1.0, imager[1] * 1e6));
  else if (const std::string ratio = TextOf(header, DCM_PixelAspectRatio); !two(ratio).empty())
    display.aspect_ratio = ratio;
}

/// nullopt for a colour image.
std::optional<FrameDisplay> ReadFrame(const SourceFrame& frame, int slice, DcmDataset& header) {
  const std::string photometric = TextOf(header, DCM_PhotometricInterpretation);
  if (!photometric.starts_with("MONOCHROME")) return std::nullopt;
  FunctionalGroups groups(header);
  const auto index = static_cast<std::size_t>(frame.frame_number - 1);
  FrameDisplay display;
  display.slice = slice;
  Sint32 frames = 1;
  if (header.findAndGetSint32(DCM_NumberOfFrames, frames).good()) display.instance_frames = frames;
  Uint16 bits = 16;
  if (header.findAndGetUint16(DCM_BitsStored, bits).good()) display.bits_stored = bits;
  display.inverted =
      photometric == "MONOCHROME1" || TextOf(header, DCM_PresentationLUTShape) == "INVERSE";
  ReadModality(groups, header, index, display);
  ReadVoi(groups, header, index, display);
  ReadShape(frame, header, display);
  return display;
}

/// Slope and intercept; 1 and 0 without. nullopt: a table, or a slope that is not positive.
std::optional<std::pair<double, double>> LineOf(const FrameDisplay& frame) {
  if (frame.modality_table != nullptr) return std::nullopt;
  if (frame.slope.empty()) return std::pair{1.0, 0.0};
  const std::pair line{*NumberIn(frame.slope), *NumberIn(frame.intercept)};
  return line.first > 0 ? std::optional(line) : std::nullopt;
}

/// The window in stored values: the same greys (PS3.3 C.11.2.1.2).
void ToStoredValues(const std::pair<double, double>& line, FrameDisplay& frame) {
  frame.slope = frame.intercept = frame.rescale_type = "";
  if (frame.centre.empty()) return;
  const auto [slope, intercept] = line;
  const double half = frame.function.empty() ? 0.5 : 0;  // LINEAR counts from pixel to pixel
  frame.centre = FormatDecimal((*NumberIn(frame.centre) - half - intercept) / slope + half);
  frame.width = FormatDecimal((*NumberIn(frame.width) - 2 * half) / slope + 2 * half);
}

/// One state has one polarity and one Modality LUT (PS3.3 A.33.1): those of the first frame with a
/// segment.
void KeepAlike(const ResultRun& run, SourceDisplay& display) {
  if (display.frames.empty()) return;
  std::set<int> with_segments;
  for (const SegmentFrame& frame : run.frames) with_segments.insert(frame.slice);
  auto model =
      std::find_if(display.frames.begin(), display.frames.end(),
                   [&](const FrameDisplay& one) { return with_segments.contains(one.slice); });
  if (model == display.frames.end()) model = display.frames.begin();
  const bool inverted = model->inverted;
  const std::string modality = ModalityKey(*model);
  const bool line = LineOf(*model).has_value();
  display.different += std::erase_if(display.frames, [&](const FrameDisplay& one) {
    if (one.inverted != inverted) return true;
    if (ModalityKey(one) == modality) return false;
    // A VOI LUT takes modality values: it cannot be told in stored ones.
    return !line || !LineOf(one) || one.voi_table != nullptr;
  });
  display.stored_values =
      std::any_of(display.frames.begin(), display.frames.end(),
                  [&](const FrameDisplay& one) { return ModalityKey(one) != modality; });
  if (display.stored_values)
    display.different += std::erase_if(
        display.frames, [](const FrameDisplay& one) { return one.voi_table != nullptr; });
}

}  // namespace

std::string ModalityKey(const FrameDisplay& frame) {
  if (frame.modality_table != nullptr) return TableKey(*frame.modality_table);
  if (frame.slope.empty()) return "";
  return fmt::format("{}|{}|{}", *NumberIn(frame.slope), *NumberIn(frame.intercept),
                     frame.rescale_type);
}

std::string VoiKey(const FrameDisplay& frame) {
  if (frame.voi_table != nullptr) return TableKey(*frame.voi_table);
  if (frame.centre.empty()) return "";
  return fmt::format("{}|{}|{}|{}", frame.centre, frame.width, frame.function, frame.explanation);
}

Result<SourceDisplay> ReadSourceDisplay(const ResultRun& run) {
  SourceDisplay display;
  std::unique_ptr<DcmFileFormat> file;
  std::string file_is;
  const std::vector<SourceFrame>& frames = run.findings.source.frames;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (frames[i].file != file_is) {
      AXIAL_ASSIGN_OR_RETURN(file, ReadSourceHeader(run.findings.source, frames[i]));
      file_is = frames[i].file;
    }
    if (auto frame = ReadFrame(frames[i], static_cast<int>(i), *file->getDataset()))
      display.frames.push_back(*std::move(frame));
    else
      ++display.colour;
  }
  KeepAlike(run, display);
  return display;
}

Status CompleteWindows(const ResultRun& run, SourceDisplay& display) {
  std::vector<FrameDisplay*> without;
  for (FrameDisplay& frame : display.frames)
    if (frame.centre.empty() && frame.voi_table == nullptr && frame.bits_stored > 8)
      without.push_back(&frame);
  double low = 0;
  double high = 0;
  const std::size_t decoded = std::min(without.size(), kDecodedForWindow);
  for (std::size_t i = 0; i < decoded; ++i) {
    const int slice = without[(2 * i + 1) * without.size() / (2 * decoded)]->slice;
    const SourceFrame& source = run.findings.source.frames[static_cast<std::size_t>(slice)];
    AXIAL_ASSIGN_OR_RETURN(PixelFile file, PixelFile::Open(source.file));
    AXIAL_ASSIGN_OR_RETURN(const DecodedFrame frame,
                           file.ReadFrame(source.frame_number - 1, PixelMeaning::kModality));
    const Window window = PercentileWindow(frame.values, frame.is_padding);
    const double from = window.centre - window.width / 2;
    const double to = window.centre + window.width / 2;
    low = i == 0 ? from : std::min(low, from);
    high = i == 0 ? to : std::max(high, to);
  }
  for (FrameDisplay* frame : without) {
    frame->centre = FormatDecimal((low + high) / 2);
    frame->width = FormatDecimal(high - low);
    frame->function = high - low < 1 ? "LINEAR_EXACT" : "";
    frame->explanation = "From the image's own values";
  }
  if (display.stored_values)
    for (FrameDisplay& frame : display.frames) ToStoredValues(*LineOf(frame), frame);
  return {};
}

}  // namespace axial::results
