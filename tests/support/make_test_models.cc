// Writes the small TorchScript models of the tests, so that only this file needs LibTorch's headers
// and no test needs Python.

#include <torch/script.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace {

struct Definition {
  const char* name;
  const char* source;
};

constexpr Definition kDefinitions[] = {
    // Two classes: label 1 where the input is above 0.
    {"above_zero", "def forward(self, x):\n  return torch.cat([-x, x], 1)\n"},
    // Two channels that share voxels: the input, and the input moved by three columns.
    {"overlapping", "def forward(self, x):\n  return torch.cat([x, x.roll([3], [2])], 1)\n"},
    // A label map: the input, rounded.
    {"rounds", "def forward(self, x):\n  return x.round()\n"},
    // 300 masks: channel k where the input is 200 * (k + 1).
    {"three_hundred_masks",
     "def forward(self, x):\n"
     "  values = 200.0 * torch.arange(1, 301).reshape([1, 300, 1, 1])\n"
     "  return (x == values).float()\n"},
    // The mean decides between two classes; gives a tuple with the scores second.
    {"mean_class",
     "def forward(self, x):\n  m = x.mean().reshape(1, 1)\n  return x, torch.cat([-m, m], 1)\n"},
    // Two bands of values: label 1 from 0.36 to 0.75, label 2 from 0.29 to 0.36.
    {"two_bands",
     "def forward(self, x):\n"
     "  one = ((x > 0.36) & (x < 0.75)).float()\n"
     "  two = ((x > 0.29) & (x <= 0.36)).float()\n"
     "  return torch.cat([0.5 * torch.ones_like(x), one, two], 1)\n"},
    // One band of values, 0.18 to 0.45, in the middle of an image: label 1 in the left half of it,
    // label 2 in the right.
    {"band_by_half",
     "def forward(self, x):\n"
     "  x = torch.avg_pool2d(x, [5, 5], [1, 1], [2, 2])\n"
     "  h, w = x.size(2), x.size(3)\n"
     "  band = ((x > 0.18) & (x < 0.45)).float()\n"
     "  rows = torch.arange(h).reshape(1, 1, h, 1)\n"
     "  columns = torch.arange(w).reshape(1, 1, 1, w)\n"
     "  band = band * ((rows > h * 0.18) & (rows < h * 0.7)).float()\n"
     "  left = band * ((columns > w * 0.15) & (columns < w * 0.5)).float()\n"
     "  right = band * ((columns >= w * 0.5) & (columns < w * 0.85)).float()\n"
     "  return torch.cat([0.5 * torch.ones_like(x), left, right], 1)\n"},
    {"throws", "def forward(self, x):\n  return x.reshape(1, 7777)\n"},
    {"gives_text", "def forward(self, x):\n  return 'text'\n"},
    {"writes_input", "def forward(self, x):\n  return x.mul_(2)\n"},
    {"weighted", "def forward(self, x):\n  return x * self.weight\n"},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    for (const Definition& definition : kDefinitions) {
      torch::jit::Module module(definition.name);
      if (std::string(definition.name) == "weighted")
        module.register_parameter("weight", torch::full({1}, 3.0), /*is_buffer=*/false);
      module.register_attribute("training", c10::BoolType::get(), false);
      module.define(definition.source);
      module.save(std::string(argv[1]) + "/" + definition.name + ".pt");
    }
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "%s\n", exception.what());
    return 1;
  }
  return 0;
}
