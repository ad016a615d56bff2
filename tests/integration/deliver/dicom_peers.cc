#include "tests/integration/deliver/dicom_peers.h"

#include <arpa/inet.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dcrlerp.h>
#include <dcmtk/dcmdata/dctk.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <random>
#include <thread>

extern char** environ;

namespace axial::testing {
namespace {

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// `port` 0: any. -1: that one is taken.
int ListenOn(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(port);
  socklen_t size = sizeof(address);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 16) != 0) {
    ::close(fd);
    return -1;
  }
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return fd;
}

bool CanConnect(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(port);
  const bool connected = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  ::close(fd);
  return connected;
}

}  // namespace

std::uint16_t FreePort() {
  std::random_device random;
  std::uniform_int_distribution<std::uint16_t> below_outgoing(15'000, 31'999);
  for (;;) {
    std::uint16_t port = below_outgoing(random);
    const int fd = ListenOn(port);
    if (fd < 0) continue;
    ::close(fd);
    return port;
  }
}

bool WaitUntil(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // between two looks
  }
  return true;
}

StoreScp::StoreScp(std::uint16_t port, const std::string& folder,
                   const std::vector<std::string>& extra) {
  std::filesystem::create_directories(folder);
  std::vector<std::string> words = {"storescp", "-q", "-od", folder, "-aet", "PACS"};
  words.insert(words.end(), extra.begin(), extra.end());
  words.push_back(std::to_string(port));
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  if (::posix_spawnp(&pid_, "storescp", nullptr, nullptr, arguments.data(), environ) != 0) {
    pid_ = -1;
    return;
  }
  listening_ = WaitUntil([&] { return CanConnect(port); });
}

StoreScp::~StoreScp() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

SilentServer::SilentServer() { listener_ = ListenOn(port_); }

SilentServer::~SilentServer() {
  if (client_ >= 0) ::close(client_);
  ::close(listener_);
}

bool SilentServer::HasClient() {
  if (client_ < 0) client_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  char byte = 0;
  return ::recv(client_, &byte, 1, MSG_PEEK) == 1;
}

FullServer::FullServer() {
  listener_ = ListenOn(port_);
  ::listen(listener_, 0);
  const sockaddr_in address = Loopback(port_);
  for (int i = 0; i < 3; ++i) {
    clients_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    // The first is there at once; the others fill what the kernel adds to the backlog.
    ::connect(clients_.back(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  }
}

FullServer::~FullServer() {
  for (const int client : clients_) ::close(client);
  ::close(listener_);
}

store::ProducedArtifact WriteArtifact(const std::string& path, const std::string& sop_class_uid,
                                      const std::string& sop_instance_uid) {
  DcmFileFormat file;
  DcmDataset& dataset = *file.getDataset();
  dataset.putAndInsertString(DCM_SOPClassUID, sop_class_uid.c_str());
  dataset.putAndInsertString(DCM_SOPInstanceUID, sop_instance_uid.c_str());
  dataset.putAndInsertString(DCM_StudyInstanceUID, "1.1");
  dataset.putAndInsertString(DCM_SeriesInstanceUID, "2.25.7");
  dataset.putAndInsertString(DCM_Modality, "SEG");
  file.saveFile(path.c_str(), EXS_LittleEndianExplicit);
  return {"seg", path, sop_class_uid, "2.25.7", sop_instance_uid, {}};
}

std::string RleArtifactPixels() {
  std::string pixels;
  for (int i = 0; i < 64 * 64; ++i) pixels += static_cast<char>(i < 1000 ? 7 : i % 251);
  return pixels;
}

store::ProducedArtifact WriteRleArtifact(const std::string& path,
                                         const std::string& sop_instance_uid) {
  const std::string sop_class = UID_SecondaryCaptureImageStorage;
  static_cast<void>(WriteArtifact(path, sop_class, sop_instance_uid));
  DcmFileFormat file;
  file.loadFile(path.c_str());
  file.loadAllDataIntoMemory();
  DcmDataset& dataset = *file.getDataset();
  dataset.putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2");
  for (const auto& [tag, value] : std::map<DcmTagKey, Uint16>{{DCM_SamplesPerPixel, 1},
                                                              {DCM_Rows, 64},
                                                              {DCM_Columns, 64},
                                                              {DCM_BitsAllocated, 8},
                                                              {DCM_BitsStored, 8},
                                                              {DCM_HighBit, 7},
                                                              {DCM_PixelRepresentation, 0}})
    dataset.putAndInsertUint16(tag, value);
  const std::string pixels = RleArtifactPixels();
  dataset.putAndInsertUint8Array(DCM_PixelData, reinterpret_cast<const Uint8*>(pixels.data()),
                                 pixels.size());
  DcmRLEEncoderRegistration::registerCodecs();
  DcmRLERepresentationParameter parameter;
  dataset.chooseRepresentation(EXS_RLELossless, &parameter);
  file.saveFile(path.c_str(), EXS_RLELossless);
  DcmRLEEncoderRegistration::cleanup();
  return {"sc", path, sop_class, "2.25.7", sop_instance_uid, {}};
}

std::string PlainPixels(const std::string& path) {
  DcmFileFormat file;
  if (file.loadFile(path.c_str()).bad()) return "";
  const Uint8* pixels = nullptr;
  unsigned long count = 0;
  if (file.getDataset()->findAndGetUint8Array(DCM_PixelData, pixels, &count).bad()) return "";
  return {reinterpret_cast<const char*>(pixels), count};
}

std::map<std::string, std::string> ReadReceived(const std::string& folder) {
  std::map<std::string, std::string> received;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    DcmFileFormat file;
    if (file.loadFile(entry.path().c_str()).bad()) continue;
    OFString instance, syntax;
    file.getDataset()->findAndGetOFString(DCM_SOPInstanceUID, instance);
    file.getMetaInfo()->findAndGetOFString(DCM_TransferSyntaxUID, syntax);
    received[instance.c_str()] = syntax.c_str();
  }
  return received;
}

}  // namespace axial::testing
