// The physical limit that receivers are compared with: bytes from loopback TCP into files, no
// DICOM, a thread for each connection, durable before each answer or not. Framing: 8 bytes of
// length (host order), the bytes; answer: 1 byte.
//
//   raw_copy PORT FOLDER none|file|names
//
// none: write only. file: fdatasync before the answer. names: renamed into place, then file and
// folder synced, as a server must that promises durability of the whole. (Renaming before the first
// sync instead of after it has a journal commit once instead of twice.) Runs until it is ended.

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "bench/sockets.h"

namespace {

using axial::bench::Fail;

std::atomic<int> file_count{0};

void Store(int socket, const std::string& folder, const std::string& place, std::size_t size,
           const std::string& mode, std::vector<char>& buffer) {
  const std::string name = std::to_string(++file_count);
  const std::string part = folder + "/" + name + ".part";
  const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0640);
  if (file < 0) Fail("open");
  while (size > 0) {
    const std::size_t now = std::min(size, buffer.size());
    axial::bench::ReadAll(socket, buffer.data(), now);
    if (::write(file, buffer.data(), now) != static_cast<ssize_t>(now)) Fail("write");
    size -= now;
  }
  if (mode == "file" && ::fdatasync(file) != 0) Fail("fdatasync");
  if (mode == "names" && ::rename(part.c_str(), (place + "/" + name).c_str()) != 0) Fail("rename");
  if (mode == "names" && ::fsync(file) != 0) Fail("fsync");
  ::close(file);
  if (mode != "names") return;
  const int names = ::open(place.c_str(), O_RDONLY | O_DIRECTORY);
  if (names < 0 || ::fsync(names) != 0) Fail("fsync of the folder");
  ::close(names);
}

void Serve(int socket, std::string folder, std::string mode) {
  axial::bench::SetNoDelay(socket);
  std::vector<char> buffer(std::size_t{128} * 1024);
  const std::string place = folder + "/connection-" + std::to_string(++file_count);
  if (mode == "names" && ::mkdir(place.c_str(), 0750) != 0) Fail("mkdir");
  std::uint64_t size = 0;
  while (::recv(socket, &size, sizeof size, MSG_WAITALL) == sizeof size) {
    Store(socket, folder, place, size, mode, buffer);
    axial::bench::WriteAll(socket, "k", 1);
  }
  ::close(socket);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fputs("raw_copy PORT FOLDER none|file|names\n", stderr), 2;
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = axial::bench::Loopback(std::atoi(argv[1]));
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    Fail("bind");
  if (::listen(listener, SOMAXCONN) != 0) Fail("listen");
  while (true) {
    const int socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) Fail("accept");
    std::thread(Serve, socket, std::string(argv[2]), std::string(argv[3])).detach();
  }
}
