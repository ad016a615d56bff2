#include "inference/transforms/inferer.h"

#include <algorithm>

#include "inference/transforms/sliding_window.h"

namespace axial {
namespace {

class SimpleInferer : public Inferer {
 public:
  explicit SimpleInferer(ArgumentReader&) {}
  Result<std::vector<Tensor>> Run(const Tensor& input, const EngineCall& engine,
                                  const FractionCall& progress) const override {
    Tensor batch = input;
    batch.shape.insert(batch.shape.begin(), 1);
    AXIAL_ASSIGN_OR_RETURN(std::vector<Tensor> outputs, engine(batch));
    for (Tensor& output : outputs) {
      if (output.shape.empty() || output.shape[0] != 1)
        return Error(ErrorCode::kInvalidInput, "the model's output has no batch dimension of 1");
      output.shape.erase(output.shape.begin());
    }
    progress(1);
    return outputs;
  }
};

class SlidingWindowInferer : public Inferer {
 public:
  explicit SlidingWindowInferer(ArgumentReader& arguments)
      : options_(WindowOptions::Read(arguments)) {}
  Result<std::vector<Tensor>> Run(const Tensor& input, const EngineCall& engine,
                                  const FractionCall& progress) const override {
    AXIAL_ASSIGN_OR_RETURN(Tensor output, SlideWindows(input, options_, engine, progress));
    return std::vector<Tensor>{std::move(output)};
  }
  std::vector<std::int64_t> FixedBatchShape() const override {
    std::vector<std::int64_t> shape = {options_.batch, 1};
    for (const double size : options_.roi_size) {
      if (size <= 0 || options_.roi_size.size() < 2) return {};
      shape.push_back(static_cast<std::int64_t>(size));
    }
    return shape;
  }

 private:
  WindowOptions options_;
};

/// A 2-D network on every slice of a volume, along one dimension.
class SliceInferer : public Inferer {
 public:
  explicit SliceInferer(ArgumentReader& arguments)
      : options_(WindowOptions::Read(arguments)),
        axis_(static_cast<int>(arguments.Number("spatial_dim", 0))) {
    if (axis_ < 0 || axis_ > 2) arguments.Fail("spatial_dim must be 0, 1 or 2");
    if (options_.roi_size.size() == 3) arguments.Fail("roi_size must be 1 or 2 sizes");
  }

  Result<std::vector<Tensor>> Run(const Tensor& input, const EngineCall& engine,
                                  const FractionCall& progress) const override {
    if (input.shape.size() != 4)
      return Error(ErrorCode::kInvalidInput, "SliceInferer needs a volume");
    const std::int64_t slices = input.shape[static_cast<std::size_t>(axis_) + 1];
    Tensor result;
    for (std::int64_t first = 0; first < slices; first += options_.batch) {
      const std::int64_t count = std::min<std::int64_t>(options_.batch, slices - first);
      AXIAL_ASSIGN_OR_RETURN(const Tensor planes, RunSlices(input, first, count, engine));
      if (result.shape.empty()) {
        result.shape = input.shape;
        result.shape[0] = planes.shape[1];
        result.values.resize(static_cast<std::size_t>(Tensor::Elements(result.shape)));
      }
      for (std::int64_t n = 0; n < count; ++n) PutSlice(planes, n, first + n, result);
      progress(static_cast<double>(first + count) / static_cast<double>(slices));
    }
    return std::vector<Tensor>{std::move(result)};
  }

  std::vector<std::int64_t> FixedBatchShape() const override {
    if (options_.roi_size.size() != 2 || options_.roi_size[0] <= 0 || options_.roi_size[1] <= 0)
      return {};
    return {options_.batch, 1, static_cast<std::int64_t>(options_.roi_size[0]),
            static_cast<std::int64_t>(options_.roi_size[1])};
  }

 private:
  /// Strides of a [C][d0][d1][d2] tensor along the slice axis and the two that remain.
  struct Strides {
    std::int64_t slice, row, column, channel, rows, columns;
    Strides(const std::vector<std::int64_t>& shape, int axis) {
      const std::int64_t stride[3] = {shape[2] * shape[3], shape[3], 1};
      const int row_axis = axis == 0 ? 1 : 0;
      const int column_axis = axis == 2 ? 1 : 2;
      slice = stride[axis];
      row = stride[row_axis];
      column = stride[column_axis];
      rows = shape[static_cast<std::size_t>(row_axis) + 1];
      columns = shape[static_cast<std::size_t>(column_axis) + 1];
      channel = shape[1] * shape[2] * shape[3];
    }
  };

  /// [N][K][rows][columns] of slices first .. first + count - 1.
  Result<Tensor> RunSlices(const Tensor& input, std::int64_t first, std::int64_t count,
                           const EngineCall& engine) const {
    const Strides s(input.shape, axis_);
    const std::int64_t channels = input.shape[0];
    Tensor batch{{count, channels, s.rows, s.columns}, {}};
    batch.values.resize(static_cast<std::size_t>(Tensor::Elements(batch.shape)));
    std::size_t to = 0;
    for (std::int64_t n = 0; n < count; ++n)
      for (std::int64_t c = 0; c < channels; ++c)
        for (std::int64_t r = 0; r < s.rows; ++r)
          for (std::int64_t k = 0; k < s.columns; ++k)
            batch.values[to++] = input.values[static_cast<std::size_t>(
                c * s.channel + (first + n) * s.slice + r * s.row + k * s.column)];
    if (WholeSlices(s)) {
      AXIAL_ASSIGN_OR_RETURN(std::vector<Tensor> outputs, engine(batch));
      if (outputs.empty() || outputs[0].shape.size() != 4 || outputs[0].shape[0] != count ||
          outputs[0].shape[2] != s.rows || outputs[0].shape[3] != s.columns)
        return Error(ErrorCode::kInvalidInput,
                     "the model's output has not the size of the slice; SliceInferer needs it");
      return std::move(outputs[0]);
    }
    return RunWindows(batch, engine);
  }

  [[nodiscard]] bool WholeSlices(const Strides& s) const {
    const auto fits = [](double roi, std::int64_t size) {
      return roi <= 0 || roi == static_cast<double>(size);
    };
    return fits(options_.roi_size.front(), s.rows) && fits(options_.roi_size.back(), s.columns);
  }

  Result<Tensor> RunWindows(const Tensor& batch, const EngineCall& engine) const {
    Tensor result;
    const auto ignore = [](double) {};
    const std::int64_t values = Tensor::Elements(batch.shape) / batch.shape[0];
    for (std::int64_t n = 0; n < batch.shape[0]; ++n) {
      const auto begin = batch.values.begin() + n * values;
      const Tensor slice{{batch.shape.begin() + 1, batch.shape.end()}, {begin, begin + values}};
      AXIAL_ASSIGN_OR_RETURN(const Tensor output, SlideWindows(slice, options_, engine, ignore));
      if (n == 0) {
        result.shape = output.shape;
        result.shape.insert(result.shape.begin(), batch.shape[0]);
      }
      result.values.insert(result.values.end(), output.values.begin(), output.values.end());
    }
    return result;
  }

  void PutSlice(const Tensor& planes, std::int64_t n, std::int64_t slice, Tensor& to) const {
    const Strides s(to.shape, axis_);
    const std::int64_t classes = to.shape[0];
    auto from = static_cast<std::size_t>(n * classes * s.rows * s.columns);
    for (std::int64_t k = 0; k < classes; ++k)
      for (std::int64_t r = 0; r < s.rows; ++r)
        for (std::int64_t c = 0; c < s.columns; ++c)
          to.values[static_cast<std::size_t>(k * s.channel + slice * s.slice + r * s.row +
                                             c * s.column)] = planes.values[from++];
  }

  WindowOptions options_;
  int axis_;
};

template <typename T>
std::unique_ptr<Inferer> Make(ArgumentReader& arguments) {
  return std::make_unique<T>(arguments);
}

}  // namespace

const std::vector<InfererKind>& Inferers() {
  static const std::vector<InfererKind> kinds = {
      {"SimpleInferer", Make<SimpleInferer>},
      {"SlidingWindowInferer", Make<SlidingWindowInferer>},
      {"SliceInferer", Make<SliceInferer>},
  };
  return kinds;
}

}  // namespace axial
