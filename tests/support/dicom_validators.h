#pragma once

#include <string>
#include <vector>

namespace axial::testing {

/// True when the named program is on PATH.
[[nodiscard]] bool HasProgram(const std::string& name);

/// Output of `program arguments...`, both streams, one string per line. No shell is involved.
[[nodiscard]] std::vector<std::string> RunProgram(const std::string& program,
                                                  const std::vector<std::string>& arguments,
                                                  int* exit_status = nullptr);

/// The `Error` lines of dciodvfy (package dicom3tools) for one file: empty when it conforms to its
/// IOD. Its exit status says nothing.
[[nodiscard]] std::vector<std::string> IodErrors(const std::string& file);

/// The `Error` lines of dcentvfy for a set of files: empty when patient and study are the same in
/// all.
[[nodiscard]] std::vector<std::string> EntityErrors(const std::vector<std::string>& files);

/// True when java and PixelMed's classes (package libpixelmed-java) are installed.
[[nodiscard]] bool HasReportValidator();

/// The `Error` lines of PixelMed's DicomSRValidator, IHE's yardstick for reports, for one file. It
/// knows the templates and context groups of 2022; left out is what it says of the newer codes of
/// the body region in CID 4031, which DCMTK's image library takes, and that it judges every
/// measurement group by each template that its concept name may stand for. When it does not come to
/// its end, what it printed.
[[nodiscard]] std::vector<std::string> ReportTemplateErrors(const std::string& file);

}  // namespace axial::testing
