#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "gateway/store/job_store.h"

namespace axial::testing {

/// A port nobody listens on now, below the range from which the kernel takes ports for outgoing
/// connections: none of those gets it before it is used.
[[nodiscard]] std::uint16_t FreePort();

/// Looks again until `condition` holds; false after 30 s.
[[nodiscard]] bool WaitUntil(const std::function<bool()>& condition);

/// DCMTK's storescp as a child process that keeps what it receives in `folder`.
class StoreScp {
 public:
  /// Returns when it accepts connections; `extra`: more options.
  StoreScp(std::uint16_t port, const std::string& folder,
           const std::vector<std::string>& extra = {});
  ~StoreScp();
  StoreScp(const StoreScp&) = delete;
  StoreScp& operator=(const StoreScp&) = delete;

  [[nodiscard]] bool listening() const { return listening_; }

 private:
  pid_t pid_ = -1;
  bool listening_ = false;
};

/// Accepts TCP connections into its backlog and never says a word.
class SilentServer {
 public:
  SilentServer();
  ~SilentServer();
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// True once a client's bytes are there to be read.
  [[nodiscard]] bool HasClient();

 private:
  int listener_ = -1;
  int client_ = -1;
  std::uint16_t port_ = 0;
};

/// Its backlog is full: whoever connects gets no answer at all, as from a machine that is off.
class FullServer {
 public:
  FullServer();
  ~FullServer();
  FullServer(const FullServer&) = delete;
  FullServer& operator=(const FullServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int listener_ = -1;
  std::vector<int> clients_;
  std::uint16_t port_ = 0;
};

/// Writes a small DICOM file of the SOP Class in Explicit VR Little Endian and describes it.
[[nodiscard]] store::ProducedArtifact WriteArtifact(const std::string& path,
                                                    const std::string& sop_class_uid,
                                                    const std::string& sop_instance_uid);

/// The same as a small 8-bit Secondary Capture in RLE Lossless, with known pixels.
[[nodiscard]] store::ProducedArtifact WriteRleArtifact(const std::string& path,
                                                       const std::string& sop_instance_uid);

/// The pixels of a file that WriteRleArtifact made and somebody sent on; "" when it has none that
/// are uncompressed.
[[nodiscard]] std::string PlainPixels(const std::string& path);
[[nodiscard]] std::string RleArtifactPixels();

/// SOP Instance UID and Transfer Syntax UID of every DICOM file in the folder.
[[nodiscard]] std::map<std::string, std::string> ReadReceived(const std::string& folder);

}  // namespace axial::testing
