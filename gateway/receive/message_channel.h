#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/dicom/dimse_command.h"
#include "gateway/receive/peer_faults.h"
#include "gateway/receive/read_deadline.h"

struct T_ASC_Association;

namespace axial::receive {

/// What comes next on an Association.
enum class NextMessage { kCommand, kReleased, kAborted, kStopped };

struct ReceivedCommand {
  NextMessage kind = NextMessage::kAborted;
  std::uint8_t presentation_context_id = 0;
  DimseCommand command;
};

/// How long and how much a peer may send.
struct MessageLimits {
  Duration network{};                 ///< for a whole PDU, and for a whole command
  Duration idle{};                    ///< between messages
  std::int64_t bytes_per_second = 0;  ///< of a data set, once `network` has passed
  std::int64_t data_set_bytes = 0;
};

/// Reads DIMSE messages from an Association piece by piece, each wait with a deadline.
/// Not thread-safe.
class MessageChannel {
 public:
  /// `socket`: of the Association, for waiting and sending. `stop_event`: readable once the
  /// Receiver stops. `deadline`: watched by somebody who ends the connection when it has passed.
  MessageChannel(T_ASC_Association& association, int socket, int stop_event,
                 const MessageLimits& limits, ReadDeadline& deadline);

  /// Waits for a command. Errors: InvalidInput (not a command), Timeout, Unavailable.
  [[nodiscard]] Result<ReceivedCommand> NextCommand();

  /// Waits until the peer has sent something or the Receiver stops; false when neither happened in
  /// time. Errors: Unavailable.
  [[nodiscard]] Result<bool> WaitForNews(Duration wait);

  /// Reads the data set that follows a command, one fragment after the other (up to 128 KiB each).
  /// Errors: InvalidInput (another message in between, beyond the limits), Timeout (too slow, too),
  /// Unavailable (aborted too).
  [[nodiscard]] Status ReadDataSet(std::uint8_t presentation_context_id,
                                   const std::function<void(std::string_view)>& take);

  /// Sends a command set without a data set. Errors: Timeout, Unavailable.
  [[nodiscard]] Status SendCommand(std::uint8_t presentation_context_id, std::string command);

  /// What the peer did wrong when one of the above failed or gave kAborted.
  [[nodiscard]] Fault fault() const { return fault_; }

 private:
  using Instant = std::chrono::steady_clock::time_point;

  struct Fragment {
    std::uint8_t presentation_context_id = 0;
    bool is_command = false;
    bool is_last = false;
    std::string_view bytes;  ///< valid until the next one is read
  };
  enum class Arrival { kFragment, kReleased, kAborted };

  bool TakeQueued(Fragment& fragment);
  Result<Arrival> NextFragment(Fragment& fragment);
  enum class News { kMessage, kStop, kNothing };
  Result<News> WaitForPeer(Duration wait);
  Status CheckPace(Instant start, std::int64_t bytes);
  Status SendBytes(std::string_view bytes);
  Error Fail(Fault fault, Error error);

  T_ASC_Association& association_;
  int socket_;
  int stop_event_;
  const MessageLimits limits_;
  ReadDeadline& deadline_;
  Fault fault_ = Fault::kConnectionLost;
};

}  // namespace axial::receive
