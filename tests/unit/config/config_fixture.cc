#include "tests/unit/config/config_fixture.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

namespace axial::config {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << path;
  return text.str();
}

std::string Lines(const std::vector<Problem>& problems) {
  std::string lines;
  for (const Problem& problem : problems) lines += problem.ToString() + "\n";
  return lines;
}

std::string Mutate(const std::string& text, unsigned seed) {
  static constexpr std::string_view kNasty[] = {"&a ",
                                                "*a",
                                                "[",
                                                "]",
                                                "{",
                                                "}",
                                                ": ",
                                                "- ",
                                                "\"",
                                                "'",
                                                "|",
                                                ">",
                                                "!",
                                                "\t",
                                                "\n",
                                                "---\n",
                                                "...",
                                                "%",
                                                "#",
                                                "? ",
                                                ",",
                                                "~",
                                                "<<: ",
                                                "!!binary ",
                                                "\xff",
                                                "\xef\xbb\xbf",
                                                "0x7fffffffffffffff",
                                                "-1e999",
                                                "null",
                                                "@",
                                                "`"};
  std::mt19937 random(seed);
  const auto below = [&random](std::size_t limit) {
    return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit);
  };
  std::string mutated = text;
  for (std::size_t change = 0; change <= below(4); ++change) {
    const std::size_t at = below(mutated.size());
    switch (below(5)) {
      case 0:
        mutated.insert(at, kNasty[below(std::size(kNasty))]);
        break;
      case 1:
        mutated.erase(at, 1 + below(20));
        break;
      case 2:
        mutated[at] = static_cast<char>(random());
        break;
      case 3:
        mutated.insert(below(mutated.size()), mutated.substr(at, below(200)));
        break;
      default:
        mutated.resize(at + 1);
        break;
    }
    if (mutated.empty()) mutated.assign(1, ' ');
  }
  return mutated;
}

}  // namespace axial::config
