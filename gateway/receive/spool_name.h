#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace axial::receive {

/// What the name of an Instance's file in the spool says.
struct SpoolName {
  std::string sop_instance_uid;
  std::string short_digest;  ///< the first 16 digits of the file's ContentDigest
  std::string suffix;        ///< SpoolPlace::suffix
};

/// `<sop-instance-uid>.<short digest>.dcm`: of a file that SpoolDisk::Commit or Adopt gets.
[[nodiscard]] std::string MakeSpoolName(const std::string& sop_instance_uid,
                                        const std::string& digest);

/// nullopt when it is no such name.
[[nodiscard]] std::optional<SpoolName> ParseSpoolName(std::string_view name);

}  // namespace axial::receive
