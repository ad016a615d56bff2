#include "gateway/commands/left_out.h"

#include <fmt/format.h>

#include <algorithm>

namespace axial::gateway {

std::string OneLine(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

void ListLeftOut(const std::vector<LeftOutFile>& files, std::size_t named, std::ostream& out) {
  for (std::size_t i = 0; i < std::min(files.size(), named); ++i)
    out << fmt::format("  {}: {}\n", OneLine(files[i].path), OneLine(files[i].reason));
  if (files.size() > named) out << fmt::format("  and {} more\n", files.size() - named);
}

}  // namespace axial::gateway
