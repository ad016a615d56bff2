#include "inference/protocol/framing.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>
#include <thread>

namespace axial::protocol {
namespace {

/// Two connected sockets, closed at the end.
class SocketPair {
 public:
  SocketPair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds_), 0); }
  ~SocketPair() {
    CloseLeft();
    ::close(fds_[1]);
  }
  void CloseLeft() {
    if (fds_[0] >= 0) ::close(fds_[0]);
    fds_[0] = -1;
  }
  [[nodiscard]] int left() const { return fds_[0]; }
  [[nodiscard]] int right() const { return fds_[1]; }

 private:
  int fds_[2] = {-1, -1};
};

TEST(FrameReader, FindsMessagesWhereverTheStreamIsCut) {
  const std::string stream = EncodeFrame(Progress{1, 0.5, "load"}) + EncodeFrame(Shutdown{}) +
                             EncodeFrame(JobFailed{2, ErrorCode::kTimeout, "late"});
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    FrameReader reader;
    std::vector<Message> messages;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      reader.Push(std::string_view(stream).substr(at, piece));
      for (;;) {
        Result<std::optional<Message>> popped = reader.Pop();
        ASSERT_TRUE(popped.ok());
        if (!popped->has_value()) break;
        messages.push_back(std::move(**popped));
      }
    }
    ASSERT_EQ(messages.size(), 3u) << "pieces of " << piece;
    EXPECT_EQ(std::get<JobFailed>(messages[2]).message, "late");
    EXPECT_EQ(reader.buffered_bytes(), 0u);
  }
}

TEST(FrameReader, RefusesLengthsBeyondTheLimitBeforeTheBytesArrive) {
  for (const std::string& prefix : {std::string("\x7f\xff\xff\xff", 4), std::string(4, '\0')}) {
    FrameReader reader;
    reader.Push(prefix);
    const Result<std::optional<Message>> popped = reader.Pop();
    ASSERT_FALSE(popped.ok());
    EXPECT_EQ(popped.error().code(), ErrorCode::kInvalidInput);
    reader.Push(EncodeFrame(Shutdown{}));
    EXPECT_FALSE(reader.Pop().ok()) << "a broken stream stays broken";
  }
}

TEST(FrameReader, GarbageNeverCrashes) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    FrameReader reader;
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() & 0xff);
    if (bytes.size() > 3) bytes[0] = bytes[1] = bytes[2] = '\0';  // lengths that can be reached
    reader.Push(bytes);
    for (int pops = 0; pops < 5; ++pops) (void)reader.Pop();
  }
}

TEST(Framing, BlockingEndsTalkToEachOther) {
  SocketPair pair;
  RunJob job{3, 1, {}, "/out", 0};
  for (int i = 0; i < 20'000; ++i)
    job.input_files.push_back("/spool/series/file-" + std::to_string(i));
  std::jthread writer([&] { EXPECT_TRUE(WriteFrame(pair.left(), job).ok()); });
  const Result<Message> message = ReadFrame(pair.right());
  ASSERT_TRUE(message.ok()) << message.error().message();
  EXPECT_EQ(std::get<RunJob>(*message).input_files, job.input_files);
}

TEST(Framing, EndOfStreamIsUnavailable) {
  SocketPair pair;
  const std::string frame = EncodeFrame(Shutdown{});
  ASSERT_EQ(::write(pair.left(), frame.data(), 6), 6);
  pair.CloseLeft();
  const Result<Message> message = ReadFrame(pair.right());
  ASSERT_FALSE(message.ok());
  EXPECT_EQ(message.error().code(), ErrorCode::kUnavailable);
}

TEST(Framing, WritingToAClosedPeerIsAnErrorAndNoSignal) {
  SocketPair pair;
  pair.CloseLeft();
  const Status written = WriteFrame(pair.right(), Shutdown{});
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace axial::protocol
