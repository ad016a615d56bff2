#include "gateway/dispatch/dispatcher.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "core/base/log.h"
#include "core/base/log_exceptions.h"
#include "gateway/dispatch/dispatcher_state.h"

namespace axial::dispatch {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// Between SIGTERM and SIGKILL, and for the kernel to end a killed process.
constexpr std::chrono::seconds kSignalGrace{1};
constexpr std::chrono::seconds kPauseAfterException{1};

}  // namespace

Dispatcher::State::State(store::JobStore& jobs_in, store::FailureReportStore& reports,
                         const config::Workers& workers_in,
                         std::vector<config::ModelCard> models_in, DispatchOptions options_in)
    : jobs(jobs_in),
      workers(workers_in),
      options(std::move(options_in)),
      quarantine(options.results_directory, options.quarantine),
      metrics(*options.metrics),
      models(options.restart_pause, options.restart_pause_at_most),
      reporter({reports, jobs, workers, options, quarantine, metrics, ending}),
      wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      new_models(std::move(models_in)) {
  AXIAL_INVARIANT(wake.valid());
}

void Dispatcher::State::Nudge() const {
  const std::uint64_t one = 1;
  // Full means that a nudge is waiting already.
  [[maybe_unused]] const ssize_t ignored = ::write(wake.get(), &one, sizeof(one));
}

/// Until a nudge, news from a worker, or the time is over.
void Dispatcher::State::Wait(Duration at_most) {
  std::vector<pollfd> descriptors{{wake.get(), POLLIN, 0}};
  for (const WorkerSlot& slot : slots) slot.process->AppendPollDescriptors(descriptors);
  for (const auto& process : ending) process->AppendPollDescriptors(descriptors);
  reporter.AppendPollDescriptors(descriptors);
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(at_most).count();
  ::poll(descriptors.data(), static_cast<nfds_t>(descriptors.size()),
         static_cast<int>(std::clamp<std::int64_t>(milliseconds, 1, 60'000)));
  std::uint64_t nudges = 0;
  [[maybe_unused]] const ssize_t ignored = ::read(wake.get(), &nudges, sizeof(nudges));
}

void Dispatcher::State::Loop() {
  while (!stop.load()) {
    const bool done = LogExceptions("dispatch", [&] {
      RunOnce(options.clock->Now());
      const TimePoint now = options.clock->Now();
      Wait(NextWake(now) - now);
    });
    if (!done) static_cast<void>(LogExceptions("dispatch", [&] { StartOver(); }));
  }
  static_cast<void>(LogExceptions("dispatch", [&] { EndWorkers(); }));
}

void Dispatcher::State::StartOver() {
  for (WorkerSlot& slot : slots) EndSlot(slot);
  DropGoneSlots();
  reclaimed = false;
  Wait(kPauseAfterException);
}

void Dispatcher::State::EndWorkers() {
  ending_all = true;
  reporter.Stop(options.clock->Now());
  for (WorkerSlot& slot : slots) {
    // Nothing is lost with one that is still loading, and it would not hear us.
    if (slot.state == SlotState::kStarting || !slot.process->Send(protocol::Shutdown{}).ok())
      slot.process->Signal(SIGTERM);
  }
  const auto signal_all = [this](int signal) {
    for (const WorkerSlot& slot : slots) slot.process->Signal(signal);
  };
  const std::array<std::pair<int, SteadyClock::duration>, 3> steps = {
      {{SIGTERM, options.stop_grace}, {SIGKILL, kSignalGrace}, {SIGKILL, kSignalGrace}}};
  for (const auto& [signal, grace] : steps) {
    const SteadyClock::time_point until = SteadyClock::now() + grace;
    while (!(slots.empty() && ending.empty()) && SteadyClock::now() < until) {
      Wait(std::chrono::milliseconds(100));
      RunOnce(options.clock->Now());
    }
    signal_all(signal);
  }
  slots.clear();
  ending.clear();
  Publish();
}

Dispatcher::Dispatcher(store::JobStore& jobs, store::FailureReportStore& reports,
                       const config::Workers& workers, std::vector<config::ModelCard> models,
                       DispatchOptions options) {
  AXIAL_INVARIANT(options.metrics != nullptr);
  state_ = std::make_unique<State>(jobs, reports, workers, std::move(models), std::move(options));
}

Dispatcher::~Dispatcher() { Stop(); }

void Dispatcher::Start() {
  AXIAL_INVARIANT(!state_->thread.joinable());
  state_->thread = std::thread([this] { state_->Loop(); });
}

void Dispatcher::Nudge() { state_->Nudge(); }

void Dispatcher::Stop() {
  state_->stop.store(true);
  state_->Nudge();
  if (state_->thread.joinable())
    state_->thread.join();
  else
    state_->EndWorkers();
}

void Dispatcher::SetModels(std::vector<config::ModelCard> models) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->new_models = std::move(models);
  }
  state_->Nudge();
}

void Dispatcher::SetDestinations(const std::map<std::string, config::Destination>& destinations) {
  ProfilesByDestination profiles;
  for (const auto& [name, destination] : destinations) profiles[name] = destination.results;
  const std::lock_guard lock(state_->mutex);
  state_->profiles = std::move(profiles);
}

DispatchStatus Dispatcher::Status() const {
  const std::lock_guard lock(state_->mutex);
  return state_->status;
}

const Quarantine& Dispatcher::quarantine() const { return state_->quarantine; }

void Dispatcher::RunOnce(TimePoint now) { state_->RunOnce(now); }

}  // namespace axial::dispatch
