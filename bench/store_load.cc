// Sends the same pre-encoded CT over several Associations at once; only the UIDs change. Costs
// little, so that the receiver is what is measured. Prints one line of JSON: seconds, instances,
// bytes, p50_ms, p99_ms, refused.
//
//   store_load PORT CALLED_AE ASSOCIATIONS INSTANCES_EACH ROWS [raw|serial]
//
// ROWS x ROWS pixels of 16 bits; each Association is a study of its own; raw: the framing of
// raw_copy instead of DICOM. All Associations open first, so that waiting for acceptance is not
// part of the time.

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/sockets.h"

namespace {

using axial::bench::ReadAll;
using axial::bench::WriteAll;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kCtImageStorage = "1.2.840.10008.5.1.4.1.1.2";
constexpr std::size_t kPdu = 131072;

template <typename T>
std::string Big(T value) {
  std::string out;
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8)
    out += static_cast<char>(value >> shift);
  return out;
}

template <typename T>
std::string Little(T value) {
  std::string out = Big(value);
  std::reverse(out.begin(), out.end());
  return out;
}

std::string Item(int type, const std::string& body) {
  return std::string{static_cast<char>(type), '\0'} + Big(static_cast<std::uint16_t>(body.size())) +
         body;
}

std::string Pdu(int type, const std::string& body) {
  return std::string{static_cast<char>(type), '\0'} + Big(static_cast<std::uint32_t>(body.size())) +
         body;
}

std::string Even(std::string_view value, char pad = '\0') {
  std::string text(value);
  if (text.size() % 2 != 0) text += pad;
  return text;
}

/// Implicit VR Little Endian, for commands.
std::string CommandElement(int element, const std::string& value) {
  return Little(std::uint16_t{0}) + Little(static_cast<std::uint16_t>(element)) +
         Little(static_cast<std::uint32_t>(value.size())) + value;
}

/// Explicit VR Little Endian.
std::string Element(int group, int element, const char* vr, const std::string& value) {
  std::string head =
      Little(static_cast<std::uint16_t>(group)) + Little(static_cast<std::uint16_t>(element)) + vr;
  const bool is_long = std::string_view(vr) == "OW";
  head += is_long ? std::string(2, '\0') + Little(static_cast<std::uint32_t>(value.size()))
                  : Little(static_cast<std::uint16_t>(value.size()));
  return head + value;
}

/// 20 characters, unique over threads, processes and runs.
std::string NewUid() {
  static std::atomic<std::uint64_t> number{
      100'000'000'000'000 + (std::uint64_t{std::random_device{}()} << 17) % 800'000'000'000'000};
  return "2.25." + std::to_string(++number);
}

std::string DataSet(const std::string& uid, int rows) {
  const auto us = [](int value) { return Little(static_cast<std::uint16_t>(value)); };
  std::string pixels(static_cast<std::size_t>(rows) * static_cast<std::size_t>(rows) * 2, '\0');
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<char>(i * 7 % 251);
  return Element(8, 0x16, "UI", Even(kCtImageStorage)) + Element(8, 0x18, "UI", uid) +
         Element(8, 0x20, "DA", "20260102") + Element(8, 0x30, "TM", "120000") +
         Element(8, 0x60, "CS", "CT") + Element(0x10, 0x10, "PN", "Bench^Receive ") +
         Element(0x10, 0x20, "LO", "BENCH ") + Element(0x20, 0x0d, "UI", NewUid()) +
         Element(0x20, 0x0e, "UI", NewUid()) + Element(0x20, 0x13, "IS", "1 ") +
         Element(0x28, 2, "US", us(1)) + Element(0x28, 4, "CS", "MONOCHROME2 ") +
         Element(0x28, 0x10, "US", us(rows)) + Element(0x28, 0x11, "US", us(rows)) +
         Element(0x28, 0x100, "US", us(16)) + Element(0x28, 0x101, "US", us(16)) +
         Element(0x28, 0x102, "US", us(15)) + Element(0x28, 0x103, "US", us(0)) +
         Element(0x7fe0, 0x10, "OW", pixels);
}

std::string Command(const std::string& uid) {
  const std::string body =
      CommandElement(2, Even(kCtImageStorage)) + CommandElement(0x100, Little(std::uint16_t{1})) +
      CommandElement(0x110, Little(std::uint16_t{1})) +
      CommandElement(0x700, Little(std::uint16_t{0})) +
      CommandElement(0x800, Little(std::uint16_t{1})) + CommandElement(0x1000, uid);
  return CommandElement(0, Little(static_cast<std::uint32_t>(body.size()))) + body;
}

std::string DataPdu(const std::string& fragment, int control) {
  return Pdu(4, Big(static_cast<std::uint32_t>(fragment.size() + 2)) + '\x01' +
                    static_cast<char>(control) + fragment);
}

/// One connection, with the message that it sends again and again.
class Sender {
 public:
  Sender(int port, const std::string& called, int rows, bool raw) : raw_(raw) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    axial::bench::SetNoDelay(socket_);
    const sockaddr_in address = axial::bench::Loopback(port);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      axial::bench::Fail("connect");
    const std::string uid = NewUid();
    const std::string data = DataSet(uid, rows);
    bytes_ = data.size();
    if (raw_) {
      const std::uint64_t size = data.size();
      message_.assign(reinterpret_cast<const char*>(&size), sizeof size);
      message_ += data;
    } else {
      const std::size_t limit = Associate(called) - 6;
      message_ = DataPdu(Command(uid), 3);
      for (std::size_t at = 0; at < data.size(); at += limit)
        message_ += DataPdu(data.substr(at, limit), at + limit >= data.size() ? 2 : 0);
    }
    for (std::size_t at = message_.find(uid); at != std::string::npos;
         at = message_.find(uid, at + 1))
      uid_places_.push_back(at);
  }

  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  /// Whether it was answered with Success.
  bool Store() {
    const std::string uid = NewUid();
    for (const std::size_t at : uid_places_) message_.replace(at, uid.size(), uid);
    WriteAll(socket_, message_.data(), message_.size());
    if (raw_) {
      char answer = 0;
      ReadAll(socket_, &answer, 1);
      return answer == 'k';
    }
    const std::string answer = Read();
    const std::string status_head{'\0', '\0', '\0', '\x09', '\x02', '\0', '\0', '\0'};
    const std::size_t at = answer.find(status_head);
    return at != std::string::npos && answer.substr(at + 8, 2) == std::string(2, '\0');
  }

  void Release() {
    if (!raw_) {
      const std::string request = Pdu(5, std::string(4, '\0'));
      WriteAll(socket_, request.data(), request.size());
      (void)Read();
    }
    ::close(socket_);
  }

 private:
  std::size_t Associate(std::string called) {
    called.resize(16, ' ');
    const std::string context =
        Item(0x30, std::string(kCtImageStorage)) + Item(0x40, "1.2.840.10008.1.2.1");
    const std::string user = Item(0x51, Big(static_cast<std::uint32_t>(kPdu))) +
                             Item(0x52, "1.2.826.0.1.3680043.8.498.1");
    const std::string request =
        Pdu(1, Big(std::uint16_t{1}) + std::string(2, '\0') + called + "BENCH           " +
                   std::string(32, '\0') + Item(0x10, "1.2.840.10008.3.1.1.1") +
                   Item(0x20, std::string{'\1', '\0', '\0', '\0'} + context) + Item(0x50, user));
    WriteAll(socket_, request.data(), request.size());
    const std::string answer = Read();
    const std::size_t at = answer.find(std::string{'\x51', '\0', '\0', '\x04'});
    if (last_type_ != 2 || at == std::string::npos) {
      std::fprintf(stderr, "the Association was not accepted (PDU type %d)\n", last_type_);
      std::exit(1);
    }
    std::uint32_t limit = 0;
    std::memcpy(&limit, answer.data() + at + 4, sizeof limit);
    limit = ntohl(limit);
    return limit == 0 ? kPdu : std::min<std::size_t>(limit, kPdu);
  }

  std::string Read() {
    unsigned char head[6];
    ReadAll(socket_, head, sizeof head);
    std::uint32_t size = 0;
    std::memcpy(&size, head + 2, sizeof size);
    std::string body(ntohl(size), '\0');
    ReadAll(socket_, body.data(), body.size());
    last_type_ = head[0];
    return body;
  }

  bool raw_;
  int socket_ = -1;
  int last_type_ = 0;
  std::size_t bytes_ = 0;
  std::string message_;
  std::vector<std::size_t> uid_places_;
};

struct Measured {
  std::vector<double> milliseconds;
  std::size_t bytes = 0;
  int refused = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6)
    return std::fputs("store_load PORT CALLED_AE ASSOCIATIONS INSTANCES_EACH ROWS [raw|serial]\n",
                      stderr),
           2;
  const int port = std::atoi(argv[1]);
  const int associations = std::atoi(argv[3]);
  const int count = std::atoi(argv[4]);
  const int rows = std::atoi(argv[5]);
  const std::string mode = argc > 6 ? argv[6] : "";
  std::vector<Measured> all(static_cast<std::size_t>(associations));
  std::barrier ready(associations + 1);
  std::vector<std::thread> threads;
  for (Measured& mine : all)
    threads.emplace_back([&] {
      Sender sender(port, argv[2], rows, mode == "raw");
      if (mode != "serial") ready.arrive_and_wait();
      for (int i = 0; i < count; ++i) {
        const Clock::time_point began = Clock::now();
        if (!sender.Store()) ++mine.refused;
        mine.milliseconds.push_back(
            std::chrono::duration<double, std::milli>(Clock::now() - began).count());
      }
      sender.Release();
      mine.bytes = sender.bytes() * static_cast<std::size_t>(count);
    });
  if (mode != "serial") ready.arrive_and_wait();
  const Clock::time_point began = Clock::now();
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  Measured sum;
  for (const Measured& one : all) {
    sum.milliseconds.insert(sum.milliseconds.end(), one.milliseconds.begin(),
                            one.milliseconds.end());
    sum.bytes += one.bytes;
    sum.refused += one.refused;
  }
  std::sort(sum.milliseconds.begin(), sum.milliseconds.end());
  const std::size_t n = sum.milliseconds.size();
  std::printf(
      "{\"seconds\": %.4f, \"instances\": %zu, \"bytes\": %zu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
      "\"refused\": %d}\n",
      seconds, n, sum.bytes, sum.milliseconds[n / 2], sum.milliseconds[n * 99 / 100], sum.refused);
  return 0;
}
