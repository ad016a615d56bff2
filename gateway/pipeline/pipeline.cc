#include "gateway/pipeline/pipeline.h"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/metrics.h"
#include "gateway/admin/admin_server.h"
#include "gateway/assemble/study_assembler.h"
#include "gateway/deliver/commitment_reporter.h"
#include "gateway/deliver/delivery_stage.h"
#include "gateway/dispatch/dispatcher.h"
#include "gateway/pipeline/admin_view.h"
#include "gateway/pipeline/analysis_requests.h"
#include "gateway/pipeline/archive_stage.h"
#include "gateway/pipeline/configuration_in_force.h"
#include "gateway/pipeline/intake.h"
#include "gateway/pipeline/modality_intake.h"
#include "gateway/pipeline/retention_stage.h"
#include "gateway/pipeline/route_stage.h"
#include "gateway/pipeline/spool_recovery.h"
#include "gateway/pipeline/stage_thread.h"
#include "gateway/pipeline/storage_lock.h"
#include "gateway/receive/receiver.h"
#include "routing/rule_set.h"

namespace axial::pipeline {
namespace {

constexpr Duration kTick = std::chrono::seconds(5);
constexpr Duration kDrain = std::chrono::seconds(10);

/// One I/O loop on one thread, for the receiver's acceptor. Nothing runs before Run.
class IoThread {
 public:
  IoThread() : guard_(context_.get_executor()) {}
  ~IoThread() {
    guard_.reset();
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }
  void Run() {
    thread_ = std::thread([this] { context_.run(); });
  }
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;
  boost::asio::io_context& context() { return context_; }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::thread thread_;
};

}  // namespace

// Order of members is order of construction; destruction stops the stages from the front of the
// flow.
struct Pipeline::State {
  PipelineOptions options;
  config::Config config;
  std::optional<StorageLock> lock;
  Metrics metrics;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::StudyStore> studies;
  std::unique_ptr<store::CompletionStore> completions;
  std::unique_ptr<store::JobStore> jobs;
  std::unique_ptr<store::FailureReportStore> reports;
  std::unique_ptr<store::DeliveryStore> deliveries;
  std::unique_ptr<store::CommitmentStore> commitments;
  std::unique_ptr<store::PerformedStepStore> performed_steps;
  std::unique_ptr<store::AnalysisRequestStore> requests;
  std::unique_ptr<store::RetentionStore> retentions;
  std::unique_ptr<deliver::DeliveryStage> deliver;
  std::unique_ptr<dispatch::Dispatcher> dispatcher;
  std::unique_ptr<RouteStage> route;
  std::unique_ptr<AnalysisRequests> analysis_requests;
  std::unique_ptr<StageThread> route_thread;
  std::unique_ptr<assemble::StudyAssembler> assembler;
  std::unique_ptr<StageThread> assemble_thread;
  std::unique_ptr<ArchiveStage> archive;
  std::unique_ptr<StageThread> archive_thread;
  std::atomic<StageThread*> assemble_to_nudge{nullptr};  ///< by archive_thread, which starts first
  std::unique_ptr<Intake> intake;
  std::unique_ptr<store::HostStore> host;
  std::unique_ptr<StudyRemover> remover;
  std::shared_ptr<receive::SpoolDisk> spool;
  std::unique_ptr<RetentionStage> retention;
  std::unique_ptr<StageThread> retention_thread;
  std::unique_ptr<ModalityIntake> modality_intake;  ///< only where this process receives
  std::unique_ptr<deliver::CommitmentReporter> commitment_reporter;
  std::unique_ptr<StageThread> forget_thread;
  receive::RefusedAssociations refused;
  std::unique_ptr<IoThread> io;
  std::unique_ptr<receive::Receiver> receiver;
  std::uint16_t dicom_port = 0;
  std::unique_ptr<AdminView> admin_view;
  std::unique_ptr<admin::AdminApi> admin_api;
  std::unique_ptr<admin::AdminServer> admin_server;

  Status OpenStore();
  void BuildStages(routing::RuleSet rules, const std::vector<config::ModelCard>& cards);
  void BuildRetention();
  void BuildModalityServices();
  Status StartStages();
  store::UseContent Use() const;
  Status Listen();
  void BuildAdmin(const std::vector<config::LoadedModelCard>& models);
};

Status Pipeline::State::OpenStore() {
  const std::string& directory = config.storage.directory;
  AXIAL_ASSIGN_OR_RETURN(StorageLock taken, StorageLock::Take(directory));
  lock.emplace(std::move(taken));
  std::error_code error;
  std::filesystem::create_directories(directory + "/results", error);
  if (error)
    return MakeError(ErrorCode::kUnavailable, "{}/results: {}", directory, error.message());
  AXIAL_ASSIGN_OR_RETURN(database, store::Database::Open(directory + "/axial.db"));
  studies = std::make_unique<store::StudyStore>(*database);
  completions = std::make_unique<store::CompletionStore>(*database);
  jobs = std::make_unique<store::JobStore>(*database);
  reports = std::make_unique<store::FailureReportStore>(*database);
  deliveries = std::make_unique<store::DeliveryStore>(*database);
  commitments = std::make_unique<store::CommitmentStore>(*database);
  performed_steps = std::make_unique<store::PerformedStepStore>(*database);
  requests = std::make_unique<store::AnalysisRequestStore>(*database);
  retentions = std::make_unique<store::RetentionStore>(*database);
  host = std::make_unique<store::HostStore>(*database);
  return {};
}

void Pipeline::State::BuildStages(routing::RuleSet rules,
                                  const std::vector<config::ModelCard>& cards) {
  deliver::DeliverOptions deliver_options;
  deliver_options.metrics = &metrics;
  if (options.make_destination) deliver_options.make_destination = options.make_destination;
  deliver_options.destination.owns_process = options.listen;  // who receives is nobody's guest
  deliver = std::make_unique<deliver::DeliveryStage>(
      *deliveries, config.destinations, config.node.ae_title.str(), std::move(deliver_options));

  dispatch::DispatchOptions dispatch_options;
  dispatch_options.results_directory = config.storage.directory + "/results";
  dispatch_options.worker_binary = options.worker_binary;
  dispatch_options.metrics = &metrics;
  dispatch_options.quarantine.reserve_bytes = config.storage.reserve_bytes;
  dispatch_options.on_produced = [this] { deliver->Nudge(); };
  dispatcher = std::make_unique<dispatch::Dispatcher>(*jobs, *reports, config.workers, cards,
                                                      std::move(dispatch_options));
  dispatcher->SetDestinations(config.destinations);

  // With durability `association` a Series may be complete, and run, before its Association ends.
  const auto make_durable = [this](const std::string& study_uid) {
    return spool->SyncFolder(study_uid);
  };
  route = std::make_unique<RouteStage>(*studies, metrics, make_durable,
                                       [this] { dispatcher->Nudge(); });
  route->SetRules(std::move(rules), cards);
  analysis_requests = std::make_unique<AnalysisRequests>(*studies, *jobs, *requests, make_durable,
                                                         [this] { dispatcher->Nudge(); });
  analysis_requests->SetModels(config, cards);
  assembler =
      std::make_unique<assemble::StudyAssembler>(*studies, *completions, *performed_steps, metrics);
  assembler->SetMakeDurable(make_durable);
  assembler->SetOnClosed([this] { route_thread->Nudge(); });
  assembler->SetLimits(config);
  spool = options.spool ? options.spool
                        : receive::MakeFolderSpoolDisk(config.storage.directory + "/spool");
  archive = std::make_unique<ArchiveStage>(
      *assembler,
      [this](const std::string& destination, const std::string& study_uid) {
        return deliver->CountInstances(destination, study_uid);
      },
      Clock::System(), metrics,
      [this] {
        if (StageThread* thread = assemble_to_nudge.load()) thread->Nudge();
      });
  // A host's store does not look at files without rows when it starts.
  const RowTime rows = options.listen ? RowTime::kAfterAnswer : RowTime::kBeforeAnswer;
  intake =
      std::make_unique<Intake>(*studies, *assembler, Clock::System(), metrics,
                               IntakeOptions{Use(), rows, [this] { assemble_thread->Nudge(); }});
  BuildRetention();
  remover = std::make_unique<StudyRemover>(
      *database, *assembler,
      StudyRemover::Options{config.storage.directory + "/spool",
                            config.storage.directory + "/results", &Clock::System(),
                            [this] { dispatcher->Nudge(); }});
  if (options.listen) BuildModalityServices();
}

void Pipeline::State::BuildRetention() {
  RetentionStage::Options retention_options;
  retention_options.results_directory = config.storage.directory + "/results";
  retention_options.keep = config.storage.keep;
  retention_options.reserve_bytes = config.storage.reserve_bytes;
  retention_options.metrics = &metrics;
  retention_options.on_removed = [this](const std::string& study_uid) {
    assembler->OnRemoved(study_uid);
  };
  retention = std::make_unique<RetentionStage>(*retentions, *spool, std::move(retention_options));
}

void Pipeline::State::BuildModalityServices() {
  ModalityIntake::Options intake_options;
  intake_options.durability = config.storage.durability;
  intake_options.metrics = &metrics;
  intake_options.on_step_ended = [this](const std::vector<std::string>& study_uids) {
    assembler->OnStepsChanged(study_uids);
    assemble_thread->Nudge();
  };
  intake_options.on_report = [this](const CommitmentReport& report) {
    return deliver->OnCommitment(report);
  };
  intake_options.before_report = [this] { return intake->Flush(); };
  modality_intake = std::make_unique<ModalityIntake>(*commitments, *performed_steps, *spool,
                                                     std::move(intake_options));
  deliver::CommitmentReporterOptions reporter_options;
  reporter_options.metrics = &metrics;
  reporter_options.report_of = [this](std::int64_t id) { return modality_intake->ReportOf(id); };
  commitment_reporter = std::make_unique<deliver::CommitmentReporter>(*commitments, config.node,
                                                                      std::move(reporter_options));
  modality_intake->SetReporter(*commitment_reporter);
}

store::UseContent Pipeline::State::Use() const {
  return config.storage.same_uid == config::SameUid::kKeepLast ? store::UseContent::kLast
                                                               : store::UseContent::kFirst;
}

Status Pipeline::State::StartStages() {
  const Clock& clock = Clock::System();
  AXIAL_RETURN_IF_ERROR(deliver->Start());
  dispatcher->Start();
  route_thread = std::make_unique<StageThread>(
      "route", clock, kTick, [this](TimePoint now) -> Result<std::optional<TimePoint>> {
        AXIAL_ASSIGN_OR_RETURN(const std::optional<TimePoint> next, route->RunOnce(now));
        AXIAL_RETURN_IF_ERROR(analysis_requests->RunOnce(now));
        return next;
      });
  AXIAL_RETURN_IF_ERROR(assembler->Recover(clock.Now()));
  archive_thread = std::make_unique<StageThread>(
      "archive", clock, kTick, [this](TimePoint now) { return archive->RunOnce(now); });
  assemble_thread = std::make_unique<StageThread>("assemble", clock, kTick, [this](TimePoint now) {
    auto next = assembler->RunOnce(now);
    if (assembler->NextArchiveQuestion()) archive_thread->Nudge();
    return next;
  });
  assemble_to_nudge = assemble_thread.get();
  retention_thread = std::make_unique<StageThread>(
      "retention", clock, kTick, [this](TimePoint now) { return retention->RunOnce(now); });
  if (!options.listen) return {};
  AXIAL_RETURN_IF_ERROR(commitment_reporter->Start());
  forget_thread = std::make_unique<StageThread>(
      "forget", clock, kTick, [this](TimePoint now) { return modality_intake->RunOnce(now); });
  return {};
}

Status Pipeline::State::Listen() {
  io = std::make_unique<IoThread>();
  receiver = std::make_unique<receive::Receiver>();
  AXIAL_ASSIGN_OR_RETURN(
      dicom_port,
      receiver->Start(io->context(),
                      {config.node, config.storage, {}, modality_intake.get(), &refused}, *intake,
                      metrics, *spool));
  return {};
}

void Pipeline::State::BuildAdmin(const std::vector<config::LoadedModelCard>& models) {
  admin_view = std::make_unique<AdminView>(*database, *deliver, *dispatcher, *spool, *retention);
  admin_view->Set(config, models);
  admin_view->ShowReception(refused, metrics, *intake);
  admin_api = std::make_unique<admin::AdminApi>(*studies, *jobs, *deliveries, metrics,
                                                Clock::System(), admin_view->Providers());
}

Pipeline::Pipeline(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Pipeline>> Pipeline::Start(const config::Config& config,
                                                  const PipelineOptions& options) {
  AXIAL_ASSIGN_OR_RETURN(routing::RuleSet rules, CompileRules(config, options.config_file));
  const auto models = config::LoadModelCards(config.models_directory);
  std::unique_ptr<Pipeline> pipeline(new Pipeline(std::make_unique<State>()));
  State& state = *pipeline->state_;
  state.options = options;
  state.config = config;
  AXIAL_RETURN_IF_ERROR(state.OpenStore());
  state.BuildStages(std::move(rules), UsableCards(models));
  state.BuildAdmin(models);
  if (!options.listen) {
    AXIAL_RETURN_IF_ERROR(state.spool->Prepare());
    AXIAL_RETURN_IF_ERROR(state.StartStages());
    return pipeline;
  }
  // Whoever asks through a port shall find every Instance that an earlier process acknowledged. (A
  // host's own store tells what is missing.)
  AXIAL_RETURN_IF_ERROR(
      RecoverSpooledInstances(*state.database, config.storage.directory + "/spool", state.Use()));
  // Then both ports: a start that fails for want of one has accepted no Association and begun no
  // Job. The receiver's loop runs last: recovery takes every open Association for a dead one.
  AXIAL_ASSIGN_OR_RETURN(state.admin_server,
                         admin::AdminServer::Start(config.admin, *state.admin_api));
  AXIAL_RETURN_IF_ERROR(state.Listen());
  AXIAL_RETURN_IF_ERROR(state.StartStages());
  state.io->Run();
  return pipeline;
}

Status Pipeline::Reload(const config::Config& config) {
  AXIAL_ASSIGN_OR_RETURN(routing::RuleSet rules, CompileRules(config, state_->options.config_file));
  const auto models = config::LoadModelCards(config.models_directory);
  const std::vector<config::ModelCard> cards = UsableCards(models);
  state_->deliver->SetDestinations(config.destinations);
  state_->dispatcher->SetDestinations(config.destinations);
  state_->dispatcher->SetModels(cards);
  state_->route->SetRules(std::move(rules), cards);
  state_->analysis_requests->SetModels(config, cards);
  state_->assembler->SetLimits(config);
  state_->retention->SetKeep(config.storage.keep);
  if (state_->receiver) state_->receiver->SetPolicy(config.node);
  if (state_->commitment_reporter) state_->commitment_reporter->SetNode(config.node);
  const config::Config& old = state_->config;
  config::Config in_force = config;
  in_force.storage = old.storage;
  in_force.storage.keep = config.storage.keep;
  state_->admin_view->Set(in_force, models);
  if (NeedsRestart(old, config))
    return Error(ErrorCode::kUnsupported,
                 "node.port, node.bind, storage (but keep), workers and admin change only with a "
                 "restart; everything else of the new configuration is in force");
  return {};
}

Pipeline::~Pipeline() {
  if (state_->receiver) state_->receiver->Stop(kDrain);
  if (state_->intake) static_cast<void>(state_->intake->Flush());
  if (state_->commitment_reporter) state_->commitment_reporter->Stop();
  state_->forget_thread.reset();
  state_->retention_thread.reset();
  if (state_->assemble_thread) state_->assemble_thread->Stop();
  if (state_->route_thread) state_->route_thread->Stop();  // rows that wait still nudge it
  if (state_->dispatcher) state_->dispatcher->Stop();
  if (state_->deliver)
    state_->deliver->Stop();  // interrupts an echo that the admin server waits for, and C-FIND
  state_->archive_thread.reset();
  state_->admin_server.reset();
}

std::uint16_t Pipeline::dicom_port() const { return state_->dicom_port; }

std::uint16_t Pipeline::admin_port() const {
  return state_->admin_server ? state_->admin_server->port() : std::uint16_t{0};
}

receive::ReceiveEvents& Pipeline::intake() { return *state_->intake; }

receive::SpoolDisk& Pipeline::spool() { return *state_->spool; }

const admin::AdminApi& Pipeline::api() const { return *state_->admin_api; }

Metrics& Pipeline::metrics() { return state_->metrics; }

Result<RequestedAnalysis> Pipeline::Analyze(const std::string& study_uid,
                                            const std::string& series_uid,
                                            const std::string& model) {
  return state_->analysis_requests->Ask(study_uid, series_uid, model, Clock::System().Now());
}

Result<std::vector<std::string>> Pipeline::AwaitedStudies() const {
  return state_->requests->AwaitedStudies();
}

store::HostStore& Pipeline::host() { return *state_->host; }

StudyRemover& Pipeline::remover() { return *state_->remover; }

void Pipeline::OnStable(const std::string& study_uid) {
  state_->assembler->OnStable(study_uid, Clock::System().Now());
  state_->assemble_thread->Nudge();
}

}  // namespace axial::pipeline
