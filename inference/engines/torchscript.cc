#include "inference/engines/torchscript.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <torch/script.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <thread>

#include "core/base/log.h"

namespace axial {
namespace {

constexpr std::size_t kMaxMessageBytes = 500;
constexpr int kMaxOutputNesting = 4;

/// LibTorch throws c10::Error, std::runtime_error and ErrorReport; all become one Error here.
Error Translate(const std::exception& exception, const char* what) {
  std::string message = exception.what();
  if (const auto* own = dynamic_cast<const c10::Error*>(&exception))
    message = own->what_without_backtrace();
  const bool memory = dynamic_cast<const std::bad_alloc*>(&exception) != nullptr ||
                      message.find("not enough memory") != std::string::npos ||
                      message.find("out of memory") != std::string::npos;
  std::replace(message.begin(), message.end(), '\n', ' ');
  return MakeError(memory ? ErrorCode::kExhausted : ErrorCode::kInvalidInput, "{}: {}", what,
                   message.substr(0, kMaxMessageBytes));
}

void SetThreads(int wanted) {
  const int threads =
      wanted > 0 ? wanted : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  at::set_num_threads(threads);
  static std::once_flag once;  // may be set only before the first parallel work
  std::call_once(once, [] { at::set_num_interop_threads(1); });
  using SetBlasThreads = void (*)(int);
  void* set_blas = ::dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
  if (set_blas != nullptr) reinterpret_cast<SetBlasThreads>(set_blas)(threads);
  if (::dlsym(RTLD_DEFAULT, "openblas_get_config") != nullptr) {
    Log(LogLevel::kInfo, "engine_blas", {{"blas", "OpenBLAS"}, {"threads", threads}});
  } else {
    Log(LogLevel::kWarning, "engine_blas_slow",
        {{"blas", "reference"}, {"remedy", "install libopenblas0-pthread"}, {"threads", threads}});
  }
}

Result<torch::Device> DeviceOf(const std::string& name) {
  const bool has_cuda = at::hasCUDA();
  if (name == "cpu" || (name == "auto" && !has_cuda)) return torch::Device(torch::kCPU);
  if (name == "auto" || (name.starts_with("cuda") && has_cuda))
    return torch::Device(torch::kCUDA, 0);
  return MakeError(ErrorCode::kUnsupported, "device \"{}\" is not available", name);
}

/// Every tensor of an output, however it is packed.
Status Collect(const torch::jit::IValue& value, int depth, std::vector<torch::Tensor>& to) {
  if (depth > kMaxOutputNesting)
    return Error(ErrorCode::kUnsupported, "the model's output is nested too deep");
  if (value.isTensor()) {
    to.push_back(value.toTensor());
  } else if (value.isTuple()) {
    for (const auto& element : value.toTupleRef().elements())
      AXIAL_RETURN_IF_ERROR(Collect(element, depth + 1, to));
  } else if (value.isList()) {
    for (const torch::jit::IValue& element : value.toListRef())
      AXIAL_RETURN_IF_ERROR(Collect(element, depth + 1, to));
  } else if (value.isGenericDict()) {
    for (const auto& entry : value.toGenericDict())
      AXIAL_RETURN_IF_ERROR(Collect(entry.value(), depth + 1, to));
  } else if (!value.isNone()) {
    return Error(ErrorCode::kUnsupported, "the model gives something that is no tensor");
  }
  return {};
}

Tensor ToTensor(const torch::Tensor& tensor) {
  const torch::Tensor plain = tensor.to(torch::kCPU, torch::kFloat32).contiguous();
  Tensor made;
  made.shape.assign(plain.sizes().begin(), plain.sizes().end());
  made.values.assign(plain.data_ptr<float>(), plain.data_ptr<float>() + plain.numel());
  return made;
}

class TorchScriptEngine : public Engine {
 public:
  TorchScriptEngine(torch::jit::Module module, torch::Device device)
      : module_(std::move(module)), device_(device) {}

  Result<std::vector<Tensor>> Run(const Tensor& batch) override {
    try {
      const c10::InferenceMode inference;
      // from_blob takes a non-const pointer; a model that writes into its input gets a copy.
      torch::Tensor input =
          torch::from_blob(const_cast<float*>(batch.values.data()), batch.shape, torch::kFloat32)
              .clone()
              .to(device_);
      const torch::jit::IValue output = module_.forward({std::move(input)});
      std::vector<torch::Tensor> tensors;
      AXIAL_RETURN_IF_ERROR(Collect(output, 0, tensors));
      std::vector<Tensor> results;
      for (const torch::Tensor& tensor : tensors) results.push_back(ToTensor(tensor));
      return results;
    } catch (const std::exception& exception) {
      return Translate(exception, "the model failed on its input");
    }
  }

  std::string device() const override { return device_.str(); }

 private:
  torch::jit::Module module_;
  torch::Device device_;
};

}  // namespace

Result<std::unique_ptr<Engine>> LoadTorchScript(const config::ModelCard& card,
                                                const EngineOptions& options) {
  if (card.weights_file.empty() || !std::filesystem::exists(card.weights_file))
    return MakeError(ErrorCode::kNotFound, "weights file \"{}\" does not exist", card.weights_file);
  try {
    SetThreads(options.threads);
    at::globalContext().setFlushDenormal(true);
    AXIAL_ASSIGN_OR_RETURN(const torch::Device device, DeviceOf(options.device));
    torch::jit::Module module = torch::jit::load(card.weights_file, device);
    module.eval();
    module = torch::jit::freeze(module);
    return std::unique_ptr<Engine>(std::make_unique<TorchScriptEngine>(std::move(module), device));
  } catch (const std::exception& exception) {
    return Translate(exception, "weights cannot be loaded");
  }
}

}  // namespace axial
