#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.h"

class DcmItem;

namespace axial::receive {

/// kMaxReferences references take less.
inline constexpr std::size_t kMaxNormalizedDataSetBytes = std::size_t{12} << 20;

/// The data set of one message that is no C-STORE, held in memory: within
/// kMaxNormalizedDataSetBytes, and all of them that there are at a time within four times as much.
/// Not thread-safe.
class NormalizedDataSet {
 public:
  NormalizedDataSet() = default;
  ~NormalizedDataSet();
  NormalizedDataSet(const NormalizedDataSet&) = delete;
  NormalizedDataSet& operator=(const NormalizedDataSet&) = delete;

  /// The next bytes; beyond the limits they are dropped.
  void Append(std::string_view bytes);

  /// Parses, within the limits on nesting and length, and reads; one data set at a time in the
  /// whole process. Errors: Exhausted (beyond the limits), InvalidInput (not a data set), those of
  /// `read`.
  [[nodiscard]] Status Read(const std::string& transfer_syntax_uid,
                            const std::function<Status(DcmItem&)>& read) const;

 private:
  std::string bytes_;
  bool overflowed_ = false;
};

/// Whether messages other than C-STORE are understood in this Transfer Syntax: uncompressed ones.
[[nodiscard]] bool IsPlainTransferSyntax(std::string_view transfer_syntax_uid);

}  // namespace axial::receive
