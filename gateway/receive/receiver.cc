#include "gateway/receive/receiver.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "core/base/log.h"
#include "core/base/printable.h"
#include "gateway/receive/acceptor.h"
#include "gateway/receive/association.h"
#include "gateway/receive/association_policy.h"
#include "gateway/receive/space_watch.h"
#include "gateway/receive/tls_terminator.h"

namespace axial::receive {
namespace {

constexpr auto kWatchEvery = std::chrono::seconds(1);

struct AssociationThread {
  std::thread thread;
  int control_socket = -1;  ///< a duplicate: shutting it down ends what the thread waits for
  ReadDeadline deadline;
  bool finished = false;
};

}  // namespace

/// Shared with the acceptor's callbacks, which may outlive the Receiver by a moment.
struct Receiver::State : std::enable_shared_from_this<State> {
  explicit State(const ReceiverOptions& options_in, ReceiveEvents& events_in, Metrics& metrics_in,
                 SpoolDisk& spool_in)
      : options(options_in),
        events(events_in),
        spool(spool_in),
        metrics(metrics_in),
        faults(metrics_in),
        space(spool_in, options_in.storage.reserve_bytes, metrics_in),
        policy(options_in.node),
        next_id(ToMicros(Clock::System().Now())) {}

  ~State() {
    if (stop_event >= 0) ::close(stop_event);
  }

  std::optional<RejectReason> Judge(const AssociationRequest& request, const std::string& address);
  void Take(const std::shared_ptr<State>& self, WaitingConnection connection);
  void Dropped(Fault fault, const std::string& address, const std::string& why);
  void Refuse(RefusedAssociation refused);
  void Watch();
  void Secure(int socket, const std::string& address);
  void Established(int socket, const std::string& address);
  void JoinFinished();
  void ShutDownAll();

  const ReceiverOptions options;
  ReceiveEvents& events;
  SpoolDisk& spool;
  ReceiveMetrics metrics;
  PeerFaults faults;
  SpaceWatch space;
  std::unique_ptr<DcmtkHandover> handover;
  std::shared_ptr<Acceptor> acceptor;
  std::optional<boost::asio::steady_timer> watch_timer;  ///< guarded by mutex
  std::unique_ptr<TlsTerminator> tls;                    ///< nullptr: plain TCP
  int stop_event = -1;

  std::mutex mutex;
  std::condition_variable one_finished;
  AssociationPolicy policy;              ///< guarded by mutex
  std::list<AssociationThread> threads;  ///< guarded by mutex
  bool stopping = false;                 ///< guarded by mutex
  std::int64_t next_id;                  ///< guarded by mutex
  std::atomic<int> open{0};
};

std::optional<RejectReason> Receiver::State::Judge(const AssociationRequest& request,
                                                   const std::string& address) {
  const std::lock_guard lock(mutex);
  if (stopping) return kLocalLimitExceeded;
  const Admission admission = policy.Decide(request, address);
  if (admission != Admission::kAccepted) {
    const bool called = admission == Admission::kCalledUnknown;
    (called ? metrics.rejected_called : metrics.rejected_calling).Increment();
    Refuse(policy.Explain(admission, request, address));
    return called ? kCalledAeNotRecognised : kCallingAeNotRecognised;
  }
  if (open >= policy.max_associations()) {
    metrics.rejected_limit.Increment();
    Refuse(policy.ExplainLimit(request, address));
    return kLocalLimitExceeded;
  }
  if (!space.HasRoom()) {
    metrics.rejected_storage.Increment();
    Refuse({.reason = "storage_reserve",
            .called_ae_title = request.called_ae_title,
            .calling_ae_title = request.calling_ae_title,
            .peer_address = address,
            .detail = "the disk is below storage.reserve; it may come again",
            .remedy = "make room on the disk of storage.directory"});
    return kTemporaryCongestion;
  }
  return std::nullopt;
}

/// Every second: the alarm goes up and down also while nobody sends, and whoever keeps a thread in
/// the middle of a PDU for too long is cut off. Only reading ends, so that an A-ABORT still goes.
void Receiver::State::Watch() {
  const std::lock_guard lock(mutex);
  if (stopping) return;  // the metrics may be gone
  static_cast<void>(space.HasRoom());
  const auto now = ReadDeadline::Clock::now();
  for (AssociationThread& entry : threads)
    if (!entry.finished && entry.deadline.TakeExpired(now))
      ::shutdown(entry.control_socket, SHUT_RD);
  watch_timer->expires_after(kWatchEvery);
  watch_timer->async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (!cancelled) self->Watch();
  });
}

/// Logged once for each peer and reason, so that a stubborn sender does not fill the log.
void Receiver::State::Refuse(RefusedAssociation refused) {
  const RefusedAssociation shown = refused;
  if (!options.refused->Add(std::move(refused))) return;
  Log(LogLevel::kWarning, "association_rejected",
      {{"reason", shown.reason},
       {"called_ae_title", Printable(shown.called_ae_title)},
       {"calling_ae_title", Printable(shown.calling_ae_title)},
       {"address", shown.peer_address},
       {"detail", shown.detail},
       {"remedy", shown.remedy},
       {"section", shown.section},
       {"configuration", shown.configuration}});
}

void Receiver::State::Take(const std::shared_ptr<State>& self, WaitingConnection connection) {
  JoinFinished();
  const std::lock_guard lock(mutex);
  const int control = stopping ? -1 : ::dup(connection.socket);
  if (control < 0) {
    ::close(connection.socket);
    return;
  }
  const AssociationInfo info{next_id++, std::move(connection.request.calling_ae_title),
                             std::move(connection.request.called_ae_title),
                             std::move(connection.peer_address)};
  AssociationThread& entry = threads.emplace_back();
  entry.control_socket = control;
  metrics.open_associations.Set(++open);
  try {
    entry.thread = std::thread(
        [self, socket = connection.socket, control, info, &entry, classes = policy.sop_classes()] {
          ServeAssociation({self->options, *self->handover, self->events, self->spool,
                            self->metrics, self->faults, classes, self->stop_event, entry.deadline},
                           socket, control, info);
          const std::lock_guard finished_lock(self->mutex);
          entry.finished = true;
          ::close(control);  // now, not when somebody joins: the peer may still be sending
          self->metrics.open_associations.Set(--self->open);
          self->one_finished.notify_all();
        });
  } catch (const std::system_error& error) {
    Log(LogLevel::kError, "association_thread_failed", {{"reason", error.what()}});
    metrics.open_associations.Set(--open);
    ::close(connection.socket);
    ::close(control);
    threads.pop_back();
  }
}

void Receiver::State::Dropped(Fault fault, const std::string& address, const std::string& why) {
  const std::lock_guard lock(mutex);
  if (stopping) return;  // the metrics may be gone
  metrics.dropped_connections.Increment();
  faults.CountAndLog(fault, address, "", why);
  const bool of_tls = fault == Fault::kTlsHandshake || fault == Fault::kPlainOnTlsPort ||
                      fault == Fault::kTlsOnPlainPort;
  if (of_tls)  // from a port scanner it is nothing; from a modality it is why nothing comes
    options.refused->Add(
        {.reason = std::string(FaultName(fault)), .peer_address = address, .detail = why});
}

void Receiver::State::JoinFinished() {
  std::list<AssociationThread> finished;
  {
    const std::lock_guard lock(mutex);
    for (auto entry = threads.begin(); entry != threads.end();) {
      const auto next = std::next(entry);
      if (entry->finished) finished.splice(finished.end(), threads, entry);
      entry = next;
    }
  }
  for (AssociationThread& entry : finished) {
    entry.thread.join();
  }
}

void Receiver::State::ShutDownAll() {
  for (const AssociationThread& entry : threads)
    if (!entry.finished) ::shutdown(entry.control_socket, SHUT_RDWR);
}

/// From the acceptor to the handshake.
void Receiver::State::Secure(int socket, const std::string& address) {
  const std::lock_guard lock(mutex);
  if (stopping || tls == nullptr) {
    ::close(socket);
    return;
  }
  tls->Take(socket, address);
}

/// From the handshake back to the acceptor.
void Receiver::State::Established(int socket, const std::string& address) {
  const std::lock_guard lock(mutex);
  if (stopping || acceptor == nullptr) {
    ::close(socket);
    return;
  }
  acceptor->Adopt(socket, address);
}

Result<std::unique_ptr<TlsTerminator>> Receiver::MakeTls(State* state,
                                                         const ReceiverOptions& options) {
  TlsTerminator::Callbacks callbacks;  // the state owns who calls them
  callbacks.established = [state](int socket, const std::string& address) {
    state->Established(socket, address);
  };
  callbacks.dropped = [state](Fault fault, const std::string& address, const std::string& why) {
    state->Dropped(fault, address, why);
  };
  return TlsTerminator::Make(*options.node.tls, options.deadlines.association_request,
                             std::move(callbacks));
}

Receiver::Receiver() = default;

Receiver::~Receiver() { Stop(Duration::zero()); }

Result<std::uint16_t> Receiver::Start(boost::asio::io_context& io_context,
                                      const ReceiverOptions& options, ReceiveEvents& events,
                                      Metrics& metrics, SpoolDisk& spool) {
  AXIAL_INVARIANT(state_ == nullptr && options.refused != nullptr);
  AXIAL_RETURN_IF_ERROR(spool.Prepare());
  const auto state = std::make_shared<State>(options, events, metrics, spool);
  const auto network_s = std::chrono::ceil<std::chrono::seconds>(options.deadlines.network).count();
  AXIAL_ASSIGN_OR_RETURN(state->handover, DcmtkHandover::Make(static_cast<int>(network_s)));
  state->stop_event = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (state->stop_event < 0) return Error(ErrorCode::kExhausted, "no file descriptor is left");
  if (options.node.tls) {
    AXIAL_ASSIGN_OR_RETURN(state->tls, MakeTls(state.get(), options));
  }
  Acceptor::Callbacks callbacks;
  if (state->tls)
    callbacks.secure = [state](int socket, const std::string& address) {
      state->Secure(socket, address);
    };
  callbacks.judge = [state](const AssociationRequest& request, const std::string& address) {
    return state->Judge(request, address);
  };
  callbacks.take = [state](WaitingConnection connection) {
    state->Take(state, std::move(connection));
  };
  callbacks.dropped = [state](Fault fault, const std::string& address, const std::string& why) {
    state->Dropped(fault, address, why);
  };
  state->acceptor =
      Acceptor::Make(io_context, options.deadlines.association_request, std::move(callbacks));
  const Result<std::uint16_t> port = state->acceptor->Listen(options.node.bind, options.node.port);
  if (!port.ok()) {
    state->acceptor.reset();  // its callbacks hold the state
    return port;
  }
  state->watch_timer.emplace(io_context);
  state->Watch();
  state_ = state;
  Log(LogLevel::kInfo, "receiver_listens",
      {{"ae_title", options.node.ae_title.str()},
       {"bind", options.node.bind},
       {"port", *port},
       {"tls", options.node.tls.has_value()}});
  return port;
}

void Receiver::SetPolicy(const config::Node& node) {
  if (state_ == nullptr) return;
  const std::lock_guard lock(state_->mutex);
  state_->policy = AssociationPolicy(node);
  state_->options.refused->RemoveIf([&policy = state_->policy](const RefusedAssociation& refused) {
    return policy.MayAdmit(refused);
  });
}

void Receiver::Stop(Duration drain) {
  if (state_ == nullptr) return;
  State& state = *state_;
  state.acceptor->Close();
  {
    std::unique_lock lock(state.mutex);
    state.stopping = true;
    state.watch_timer->cancel();
    const std::uint64_t one = 1;
    if (::write(state.stop_event, &one, sizeof one) < 0)
      Log(LogLevel::kWarning, "stop_event_failed");
    const auto nobody_left = [&state] { return state.open == 0; };
    if (!state.one_finished.wait_for(lock, drain, nobody_left)) {
      state.ShutDownAll();
      state.one_finished.wait(lock, nobody_left);
    }
  }
  state.JoinFinished();
  state.tls.reset();  // its threads ask for the mutex and the acceptor
  state.acceptor.reset();
  state_.reset();
}

int Receiver::AssociationCount() const { return state_ == nullptr ? 0 : state_->open.load(); }

}  // namespace axial::receive
