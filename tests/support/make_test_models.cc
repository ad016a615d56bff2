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
    // The mean decides between two classes; gives a tuple with the scores second.
    {"mean_class",
     "def forward(self, x):\n  m = x.mean().reshape(1, 1)\n  return x, torch.cat([-m, m], 1)\n"},
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
