#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "gateway/receive/dimse_command.h"

struct T_ASC_Association;

namespace axial::receive {

/// What comes next on an Association.
enum class NextMessage { kCommand, kReleased, kAborted, kStopped };

struct ReceivedCommand {
  NextMessage kind = NextMessage::kAborted;
  std::uint8_t presentation_context_id = 0;
  DimseCommand command;
};

/// Reads DIMSE messages from an Association piece by piece, each wait with a deadline.
/// Not thread-safe.
class MessageChannel {
 public:
  /// `socket`: for waiting only. `stop_event`: readable once the Receiver stops.
  MessageChannel(T_ASC_Association& association, int socket, int stop_event, Duration network,
                 Duration idle);

  /// Waits for a command. Errors: InvalidInput (not a command), Timeout, Unavailable.
  [[nodiscard]] Result<ReceivedCommand> NextCommand();

  /// Waits until the peer has sent something or the Receiver stops; false when neither happened in
  /// time. Errors: Unavailable.
  [[nodiscard]] Result<bool> WaitForNews(Duration wait);

  /// Reads the data set that follows a command, one fragment after the other (up to 128 KiB each).
  /// Errors: InvalidInput (another message in between), Timeout, Unavailable (aborted too).
  [[nodiscard]] Status ReadDataSet(std::uint8_t presentation_context_id,
                                   const std::function<void(std::string_view)>& take);

  /// Sends a command set without a data set. Errors: Timeout, Unavailable.
  [[nodiscard]] Status SendCommand(std::uint8_t presentation_context_id, std::string command);

 private:
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

  T_ASC_Association& association_;
  int socket_;
  int stop_event_;
  Duration network_;
  Duration idle_;
};

}  // namespace axial::receive
