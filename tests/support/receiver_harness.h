#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gateway/receive/receiver.h"
#include "tests/support/faulty_spool_disk.h"
#include "tests/support/raw_scu.h"
#include "tests/support/temp_dir.h"

namespace axial::testing {

/// Remembers what reception tells. Thread-safe.
class RecordedEvents final : public receive::ReceiveEvents {
 public:
  struct Closed {
    receive::AssociationInfo association;
    std::vector<Uid> studies;
    receive::AssociationEnd end;
  };

  Status OnAssociationOpened(const receive::AssociationInfo& association) override;
  Status OnInstance(receive::ReceivedInstance instance) override;
  void OnAssociationClosed(const receive::AssociationInfo& association,
                           const std::vector<Uid>& studies, receive::AssociationEnd end) override;

  /// What OnInstance answers from now on.
  void SetAnswer(Status answer);
  [[nodiscard]] std::vector<receive::ReceivedInstance> Instances() const;
  /// Waits until so many Associations have closed, at most 20 s; gives them.
  std::vector<Closed> WaitForClosed(std::size_t count);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Status answer_;
  std::vector<receive::ReceivedInstance> instances_;
  std::vector<Closed> closed_;
};

/// A Receiver on a free port of the loopback address with its own I/O thread and spool.
class ReceiverHarness {
 public:
  explicit ReceiverHarness(const std::function<void(receive::ReceiverOptions&)>& change =
                               [](auto&) {});
  ~ReceiverHarness();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string PortText() const { return std::to_string(port_); }
  [[nodiscard]] const std::string& spool_path() const { return spool_path_; }
  RecordedEvents& events() { return events_; }
  FaultySpoolDisk& disk() { return *disk_; }
  receive::Receiver& receiver() { return receiver_; }
  receive::RefusedAssociations& refused() { return refused_; }
  [[nodiscard]] double Metric(const std::string& name, const MetricLabels& labels);
  [[nodiscard]] double GaugeOf(const std::string& name) {
    return metrics_.GetGauge(name, "").Value();
  }

  /// An associated SCU that proposed Secondary Capture in Explicit VR Little Endian as context 1.
  RawScu Associated();
  /// Stores SmallDataSet(number).
  static std::optional<RawScu::Response> StoreSmall(RawScu& scu, int number);
  /// Files below a folder of the spool.
  [[nodiscard]] std::vector<std::string> FilesIn(const std::string& folder) const;

 private:
  struct Loop;
  TempDir folder_;
  std::string spool_path_;
  Metrics metrics_;
  RecordedEvents events_;
  receive::RefusedAssociations refused_;
  std::unique_ptr<FaultySpoolDisk> disk_;
  std::unique_ptr<Loop> loop_;
  receive::Receiver receiver_;
  std::uint16_t port_ = 0;
};

inline constexpr const char* kSecondaryCapture = "1.2.840.10008.5.1.4.1.1.7";
inline constexpr const char* kExplicitLittle = "1.2.840.10008.1.2.1";

/// Waits until the condition holds, at most 20 s.
[[nodiscard]] bool WaitFor(const std::function<bool()>& condition);

}  // namespace axial::testing
