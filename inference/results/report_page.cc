#include "inference/results/report_page.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/core.h>

#include <algorithm>

#include "inference/results/canvas.h"
#include "inference/results/failure_words.h"
#include "inference/results/key_slices.h"
#include "inference/results/legend.h"
#include "inference/results/picture_text.h"
#include "inference/results/slice_drawing.h"

namespace axial::results {
namespace {

constexpr double kPageWidth = 595.28;  // A4 in points
constexpr double kPageHeight = 841.89;
constexpr double kMargin = 42;
constexpr double kWidth = kPageWidth - 2 * kMargin;
constexpr double kFooterTop = kPageHeight - 50;
constexpr std::size_t kMostPictures = 4;
constexpr double kPictureGap = 8;
constexpr Colour kInk{0.1, 0.1, 0.12};
constexpr Colour kFaint{0.4, 0.42, 0.46};
constexpr Colour kAlarm{0.72, 0.05, 0.05};
constexpr Colour kRule{0.8, 0.82, 0.85};

std::string DateText(const std::string& dicom) {
  if (dicom.size() != 8) return dicom;
  return dicom.substr(0, 4) + "-" + dicom.substr(4, 2) + "-" + dicom.substr(6);
}

class ReportPage {
 public:
  ReportPage(const ResultRun& run, Canvas& canvas) : run_(run), canvas_(canvas) {}

  void WriteHead(const std::string& banner) {
    if (const double height = WriteBanner(banner, {kMargin, y_, kWidth, 0}, 11, canvas_);
        height > 0)
      y_ += height + 12;
    Line(PageTitle(run_), {.size = 18, .bold = true, .colour = kInk, .max_lines = 2});
    Line(run_.card.algorithm.manufacturer, {.size = 9, .colour = kFaint, .max_lines = 1});
    Line(Notice(run_.card), {.size = 9, .bold = true, .colour = kInk, .max_lines = 2});
    Rule();
  }

  void WriteStudy() {
    const std::pair<const char*, std::string> rows[] = {
        {"Patient", SourceName(run_, DCM_PatientName)},
        {"Patient ID", SourceText(run_, DCM_PatientID)},
        {"Born, sex", fmt::format("{} {}", DateText(SourceText(run_, DCM_PatientBirthDate)),
                                  SourceText(run_, DCM_PatientSex))},
        {"Study", fmt::format("{} {}", DateText(SourceText(run_, DCM_StudyDate)),
                              SourceText(run_, DCM_StudyDescription))},
        {"Accession", SourceText(run_, DCM_AccessionNumber)},
        {"Series",
         fmt::format("{} {} ({} images)", run_.findings.source.modality,
                     SourceText(run_, DCM_SeriesDescription), run_.findings.source.frames.size())}};
    for (const auto& [label, value] : rows) {
      canvas_.Write({kMargin, y_}, 80, label, {.size = 9, .colour = kFaint, .max_lines = 1});
      const double height = canvas_.Write({kMargin + 80, y_}, kWidth - 80, value,
                                          {.size = 10, .colour = kInk, .max_lines = 2});
      y_ += std::max(height, 12.0) + 2;
    }
    Rule();
  }

  void WriteFailure() {
    Line(FailureStatement(run_), {.size = 14, .bold = true, .colour = kAlarm, .max_lines = 6});
    Line(FailureReason(run_), {.size = 12, .colour = kInk, .max_lines = 12});
  }

  /// Down to `bottom`.
  void WriteOutcome(double bottom) {
    for (const std::string& text : NotFoundTexts(run_))
      Line(text, {.size = 11, .bold = true, .colour = kInk, .max_lines = 4});
    const auto& answers = run_.findings.classifications;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      if (y_ + 45 > bottom)
        return Line(fmt::format("and {} more answers", answers.size() - i),
                    {.size = 10, .colour = kInk});
      const std::string where =
          answers[i].frame_index < 0 ? "" : fmt::format(" - image {}", answers[i].frame_index + 1);
      Line(AnswerText(answers[i]) + where, {.size = 11, .colour = kInk, .max_lines = 2});
    }
    const auto& segments = run_.findings.segments;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      // All measurements there are take five lines.
      if (y_ + (segments[i].measurements.size() > 3 ? 80 : 45) > bottom)
        return Line(fmt::format("and {} more segments", segments.size() - i),
                    {.size = 10, .colour = kInk});
      WriteSegment(segments[i]);
    }
  }

  /// As large as what is left of the page lets them be: one, or two by two.
  Status DrawPictures() {
    const double height = kFooterTop - 16 - (y_ + 8);
    const std::vector<int> all = SlicesToShow(run_, config::ResultProfile::Slices::kKey);
    const std::size_t count = std::min(all.size(), kMostPictures);
    const std::size_t across = count == 1 ? 1 : (height < 330 ? count : 2);
    const std::size_t down = (count + across - 1) / across;
    const auto side = [](double length, std::size_t parts) {
      return (length - kPictureGap * static_cast<double>(parts - 1)) / static_cast<double>(parts);
    };
    const double edge = std::min(side(kWidth, across), side(height, down));
    for (std::size_t i = 0; i < count; ++i) {
      const int slice = all[count == 1 ? 0 : i * (all.size() - 1) / (count - 1)];
      AXIAL_ASSIGN_OR_RETURN(const Picture picture, SourcePicture(run_, slice));
      const double step = edge + kPictureGap;
      const Box box{kMargin + static_cast<double>(i % across) * step,
                    y_ + 8 + static_cast<double>(i / across) * step, edge, edge};
      DrawSlice(run_, slice, picture, box, 0.7, canvas_);
    }
    return {};
  }

  void WriteFoot(const std::string& when) {
    canvas_.Fill({kMargin, kFooterTop - 6, kWidth, 0.7}, kRule);
    WriteMissingGlyphs({kMargin, kFooterTop + 22}, kWidth, 8, kFaint, canvas_);
    canvas_.Write({kMargin, kFooterTop}, kWidth,
                  fmt::format("Made {} by Axial {} without a human reader. {}", when,
                              run_.options.gateway_version,
                              run_.options.failure
                                  ? "No image was analysed."
                                  : "Pictures are not for measurement. Only what is named here "
                                    "was looked for."),
                  {.size = 8, .colour = kFaint, .max_lines = 2});
  }

 private:
  void Line(const std::string& text, const TextStyle& style) {
    if (!text.empty()) y_ += canvas_.Write({kMargin, y_}, kWidth, text, style) + 3;
  }
  void Rule() {
    canvas_.Fill({kMargin, y_ + 3, kWidth, 0.7}, kRule);
    y_ += 11;
  }
  void WriteSegment(const SegmentFinding& segment) {
    canvas_.Fill({kMargin, y_ + 2, 10, 10}, ColourOf(segment));
    const double name = canvas_.Write({kMargin + 18, y_}, 150, segment.spec.name,
                                      {.size = 10, .bold = true, .colour = kInk, .max_lines = 2});
    std::string values;
    for (const Measurement& measurement : segment.measurements)
      values += (values.empty() ? "" : "; ") + MeasurementText(measurement);
    const double text = canvas_.Write({kMargin + 176, y_}, kWidth - 176, values,
                                      {.size = 10, .colour = kInk, .max_lines = 6});
    y_ += std::max({name, text, 12.0}) + 4;
  }

  const ResultRun& run_;
  Canvas& canvas_;
  double y_ = kMargin;
};

}  // namespace

std::string PageTitle(const ResultRun& run) {
  return run.options.failure ? FailureTitle(run)
                             : fmt::format("AI result: {}", AlgorithmTitle(run.card));
}

Result<std::string> MakeReportPage(const ResultRun& run, const std::string& banner,
                                   const std::string& when) {
  std::string iso = when;
  if (iso.size() > 10) iso[10] = 'T';
  AXIAL_ASSIGN_OR_RETURN(Canvas canvas,
                         Canvas::ForPage(kPageWidth, kPageHeight, {PageTitle(run), iso + ":00"}));
  constexpr double kPicturesHeight = 250;  // kept free for them
  ReportPage page(run, canvas);
  page.WriteHead(banner);
  page.WriteStudy();
  if (run.options.failure) {
    page.WriteFailure();
  } else {
    page.WriteOutcome(kFooterTop - kPicturesHeight);
    AXIAL_RETURN_IF_ERROR(page.DrawPictures());
  }
  page.WriteFoot(when);
  return canvas.TakePage();
}

}  // namespace axial::results
