#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace axial::testing {

/// A DICOM service class user made of bare PDUs (PS3.8), so that a test can send exactly the bytes
/// it means to, right or wrong. Every wait ends after 20 s. Not thread-safe.
class RawScu {
 public:
  struct Context {
    std::uint8_t id = 1;  ///< odd
    std::string sop_class_uid;
    std::vector<std::string> transfer_syntax_uids;
  };
  struct Reply {
    bool accepted = false;
    std::vector<std::uint8_t> context_results;  ///< 0: accepted, in the order of proposal
    int reject_result = 0;
    int reject_source = 0;
    int reject_reason = 0;
  };
  struct Response {
    std::uint16_t status = 0;
    std::string error_comment;
  };

  explicit RawScu(std::uint16_t port);
  /// The accepting side of a connection, which it closes.
  [[nodiscard]] static RawScu Adopt(int socket);
  ~RawScu();
  RawScu(RawScu&& other) noexcept : socket_(other.socket_) { other.socket_ = -1; }
  RawScu(const RawScu&) = delete;
  RawScu& operator=(const RawScu&) = delete;

  [[nodiscard]] static std::string AssociationRequest(const std::string& called,
                                                      const std::string& calling,
                                                      const std::vector<Context>& contexts);
  /// Accepts every Presentation Context of an A-ASSOCIATE-RQ PDU, in this Transfer Syntax.
  [[nodiscard]] static std::string AssociationAcceptance(std::string_view request,
                                                         const std::string& transfer_syntax_uid);
  [[nodiscard]] static std::string StoreCommand(const std::string& sop_class_uid,
                                                const std::string& sop_instance_uid);
  /// Any command set, of (element of group 0000, value); numbers by Us().
  [[nodiscard]] static std::string Command(
      const std::vector<std::pair<std::uint16_t, std::string>>& elements);
  [[nodiscard]] static std::string Us(std::uint16_t number);
  /// One P-DATA-TF PDU with one fragment.
  [[nodiscard]] static std::string DataPdu(std::uint8_t context_id, bool command, bool last,
                                           std::string_view bytes);

  [[nodiscard]] bool connected() const { return socket_ >= 0; }
  bool Send(std::string_view bytes);
  /// True as soon as something can be read, the end too.
  [[nodiscard]] bool WaitReadable(std::chrono::milliseconds patience) const;
  /// The next whole PDU; nullopt when the peer closed or said nothing in time.
  std::optional<std::string> ReceivePdu();

  /// The next whole command set, or data set; nullopt when something else came.
  std::optional<std::string> ReceiveMessage(bool command);

  /// nullopt when no answer came.
  std::optional<Reply> Associate(const std::string& called, const std::string& calling,
                                 const std::vector<Context>& contexts);
  /// C-STORE with fragments of 16 KiB; nullopt when the Association ended instead.
  std::optional<Response> Store(std::uint8_t context_id, const std::string& sop_class_uid,
                                const std::string& sop_instance_uid, std::string_view data_set);
  /// The response to a C-STORE that was sent by hand; nullopt as Store.
  std::optional<Response> ReceiveResponse();
  /// True when the peer agreed.
  bool Release();
  void Close();

 private:
  RawScu() = default;
  void BoundWaits();

  int socket_ = -1;
};

}  // namespace axial::testing
