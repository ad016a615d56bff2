#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "inference/results/result_kind.h"
#include "inference/results/result_run.h"

/// One page for people who look at neither images nor reports.
namespace axial::results {

/// When the profile wants it; the banner is part of the form.
[[nodiscard]] std::optional<std::string> PdfVariant(const ResultRun& run,
                                                    const config::ResultProfile& profile);

/// An Encapsulated PDF (PS3.3 A.45.1) of one A4 page (WriteReportPage). The dates on the page do
/// not take part in its UID. Peak memory: four frames and twice the page, some 30 MiB.
/// Errors: as PixelFile and Canvas; Unavailable (disk).
[[nodiscard]] Result<protocol::Artifact> WritePdf(const ResultRun& run,
                                                  const ObjectRequest& request);

/// Errors: Corrupt, "PDF: <what>"; Unavailable (file).
[[nodiscard]] Status CheckPdf(const ResultRun& run, const ObjectRequest& request);

}  // namespace axial::results
