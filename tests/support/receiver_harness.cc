#include "tests/support/receiver_harness.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "tests/support/hostile_dicom.h"

namespace axial::testing {
namespace {
constexpr auto kPatience = std::chrono::seconds(20);
}

Status RecordedEvents::OnAssociationOpened(const receive::AssociationInfo&) { return {}; }

Status RecordedEvents::OnInstance(receive::ReceivedInstance instance) {
  const std::lock_guard lock(mutex_);
  instance.on_its_way.reset();  // as once its row is written
  if (answer_.ok()) instances_.push_back(std::move(instance));
  return answer_;
}

void RecordedEvents::OnAssociationClosed(const receive::AssociationInfo& association,
                                         const std::vector<Uid>& studies,
                                         receive::AssociationEnd end) {
  const std::lock_guard lock(mutex_);
  closed_.push_back({association, studies, end});
  changed_.notify_all();
}

void RecordedEvents::SetAnswer(Status answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}

std::vector<receive::ReceivedInstance> RecordedEvents::Instances() const {
  const std::lock_guard lock(mutex_);
  return instances_;
}

std::vector<RecordedEvents::Closed> RecordedEvents::WaitForClosed(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [&] { return closed_.size() >= count; });
  return closed_;
}

struct ReceiverHarness::Loop {
  boost::asio::io_context io_context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work =
      boost::asio::make_work_guard(io_context);
  std::thread thread{[this] { io_context.run(); }};

  ~Loop() {
    io_context.stop();
    thread.join();
  }
};

ReceiverHarness::ReceiverHarness(const std::function<void(receive::ReceiverOptions&)>& change)
    : spool_path_(folder_.File("spool")),
      disk_(std::make_unique<FaultySpoolDisk>(receive::MakeFolderSpoolDisk(spool_path_))),
      loop_(std::make_unique<Loop>()) {
  receive::ReceiverOptions options;
  options.node.port = 0;
  options.node.bind = "127.0.0.1";
  options.storage.reserve_bytes = 1 << 20;
  options.refused = &refused_;
  change(options);
  const auto port = receiver_.Start(loop_->io_context, options, events_, metrics_, *disk_);
  if (!port.ok()) throw std::runtime_error(port.error().ToString());
  port_ = *port;
}

ReceiverHarness::~ReceiverHarness() { receiver_.Stop(std::chrono::seconds(0)); }

double ReceiverHarness::Metric(const std::string& name, const MetricLabels& labels) {
  return metrics_.GetCounter(name, "", labels).Value();
}

RawScu ReceiverHarness::Associated() {
  RawScu scu(port_);
  const auto reply = scu.Associate("AXIAL", "TEST", {{1, kSecondaryCapture, {kExplicitLittle}}});
  if (!reply || !reply->accepted) throw std::runtime_error("the Association was not accepted");
  return scu;
}

std::optional<RawScu::Response> ReceiverHarness::StoreSmall(RawScu& scu, int number) {
  return scu.Store(1, kSecondaryCapture, "1.2.3." + std::to_string(number) + ".1.1",
                   SmallDataSet(number));
}

std::vector<std::string> ReceiverHarness::FilesIn(const std::string& folder) const {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(spool_path_ + "/" + folder, error))
    files.push_back(entry.path().string());
  return files;
}

bool WaitFor(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace axial::testing
