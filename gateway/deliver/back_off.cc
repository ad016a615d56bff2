#include "gateway/deliver/back_off.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <random>

namespace axial::deliver {
namespace {

std::function<double()> OwnGenerator() {
  struct Generator {
    std::mutex mutex;
    std::mt19937 engine{std::random_device{}()};
  };
  return [generator = std::make_shared<Generator>()] {
    const std::lock_guard lock(generator->mutex);
    return std::uniform_real_distribution<double>(0, 1)(generator->engine);
  };
}

}  // namespace

BackOff::BackOff(Options options) : options_(std::move(options)) {
  if (!options_.random) options_.random = OwnGenerator();
}

Duration BackOff::After(int failures) const {
  Duration pause = options_.minimum;
  for (int i = 1; i < failures && pause < options_.maximum; ++i) pause *= 2;
  pause = std::min(pause, options_.maximum);
  const Duration half = pause / 2;
  return half + Duration(static_cast<Duration::rep>(options_.random() *
                                                    static_cast<double>((pause - half).count())));
}

}  // namespace axial::deliver
