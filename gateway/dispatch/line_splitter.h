#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace axial::dispatch {

/// Cuts a stream of bytes into lines of at most kMaxLineBytes (a longer one comes in pieces).
/// Not thread-safe.
class LineSplitter {
 public:
  static constexpr std::size_t kMaxLineBytes = 2048;
  using OnLine = std::function<void(const std::string& line)>;

  explicit LineSplitter(OnLine on_line) : on_line_(std::move(on_line)) {}

  void Push(std::string_view bytes) {
    for (const char c : bytes) {
      if (c != '\n') line_ += c;
      if (c == '\n' || line_.size() == kMaxLineBytes) Flush();
    }
  }
  /// Hands over an unfinished last line.
  void Flush() {
    if (!line_.empty()) on_line_(line_);
    line_.clear();
  }

 private:
  OnLine on_line_;
  std::string line_;
};

}  // namespace axial::dispatch
