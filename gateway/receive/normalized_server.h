#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "gateway/receive/message_channel.h"
#include "gateway/receive/modality_services.h"
#include "gateway/receive/normalized_data_set.h"

struct T_ASC_Association;

namespace axial::receive {

class ReceiveMetrics;

/// Whether Storage Commitment and Modality Performed Procedure Step are in this abstract syntax.
[[nodiscard]] bool IsNormalizedClass(const std::string& sop_class_uid);

/// Serves Storage Commitment (PS3.4 J) and Modality Performed Procedure Step (PS3.4 F.7) on one
/// Association, and tells the answers to commitments where its peer waits for them. Not
/// thread-safe.
class NormalizedServer {
 public:
  NormalizedServer(ModalityServices* services, T_ASC_Association& association,
                   const AssociationInfo& info, MessageChannel& channel, ReceiveMetrics& metrics,
                   Duration response_deadline);
  /// Hands over what was not told.
  ~NormalizedServer();
  NormalizedServer(const NormalizedServer&) = delete;
  NormalizedServer& operator=(const NormalizedServer&) = delete;

  /// Answers an N- request, or takes the response to ours. Errors: Unsupported (another command),
  /// those of the channel.
  [[nodiscard]] Status Answer(const ReceivedCommand& received);

  /// Tells what is due, until the peer has something to say. Call before the next command is read.
  [[nodiscard]] Status TellUntilNews();

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    std::int64_t id = 0;
    std::uint8_t context_id = 0;
    Clock::time_point tell_at;
  };
  struct Told {
    store::Commitment commitment;
    CommitmentReport report;
    std::uint16_t message_id = 0;
    Clock::time_point deadline;
  };

  Status AnswerAction(const ReceivedCommand& received, DimseResponse& response);
  Status AnswerCreate(const ReceivedCommand& received, DimseResponse& response);
  Status AnswerSet(const ReceivedCommand& received, DimseResponse& response);
  Status AnswerEventReport(const ReceivedCommand& received, DimseResponse& response);
  Status TakeResponse(const ReceivedCommand& received);
  Status DropDataSet(const ReceivedCommand& received);
  /// The data set that follows, read. Outer error: the channel's; `problem`: that of the data set.
  Status ReadDataSet(const ReceivedCommand& received, Status& problem,
                     const std::function<Status(DcmItem&)>& read);
  Status Tell(const Waiting& waiting);
  Status Send(const Waiting& waiting, const store::Commitment& commitment,
              const CommitmentReport& report);
  void GiveBack(const Error& reason);

  ModalityServices* services_;  ///< nullptr: none of this is offered
  T_ASC_Association& association_;
  const AssociationInfo& info_;
  MessageChannel& channel_;
  ReceiveMetrics& metrics_;
  const Duration response_deadline_;
  std::deque<Waiting> waiting_;
  std::optional<Told> told_;  ///< its response has not come yet
  std::uint16_t next_message_id_ = 1;
};

}  // namespace axial::receive
