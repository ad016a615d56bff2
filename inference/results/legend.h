#pragma once

#include <string>

#include "inference/results/canvas.h"
#include "inference/results/result_run.h"

namespace axial::results {

/// Writes beside a picture of `slice` on a dark panel: banner, algorithm, segments with colours and
/// first measurement, answers, and what was looked for and not found. What does not fit is counted.
void WriteLegend(const ResultRun& run, const std::string& banner, int slice, const Box& box,
                 Canvas& canvas);

/// The same panel, alone, for a run that failed: banner, that the model could not run, and why.
void WriteFailurePanel(const ResultRun& run, const std::string& banner, const Box& box,
                       Canvas& canvas);

/// The banner in its box; returns its height, 0 without one.
double WriteBanner(const std::string& banner, const Box& box, double size, Canvas& canvas);

/// Says in the log and on the canvas when characters could not be drawn; returns the height taken.
double WriteMissingGlyphs(const Point& at, double width, double size, const Colour& colour,
                          Canvas& canvas);

}  // namespace axial::results
