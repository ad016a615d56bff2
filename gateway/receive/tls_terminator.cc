#include "gateway/receive/tls_terminator.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <condition_variable>
#include <map>
#include <mutex>

#include "core/base/log.h"
#include "gateway/receive/tls_context.h"

namespace axial::receive {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kThreads = 2;
constexpr std::size_t kMaxHandshakes = 512;  ///< the oldest goes when one more comes
constexpr std::size_t kRelayBytes = std::size_t{16} * 1024;  ///< a TLS record
constexpr auto kFarewell = std::chrono::seconds(2);
constexpr auto kFlush = std::chrono::milliseconds(500);
constexpr unsigned char kTlsHandshakeRecord = 0x16;
constexpr unsigned char kAssociateRequestPdu = 0x01;

/// Two ends of a TCP connection over loopback: what DCMTK and the acceptor ask of a socket, low
/// water mark and TCP options, a Unix socket pair does not give.
bool ConnectedPair(asio::any_io_executor executor, tcp::socket& here, tcp::socket& there) {
  error_code error;
  tcp::acceptor listener(executor);
  listener.open(tcp::v4(), error);
  if (!error) listener.bind({asio::ip::address_v4::loopback(), 0}, error);
  if (!error) listener.listen(8, error);
  if (error) return false;
  here.connect(listener.local_endpoint(error), error);
  if (error) return false;
  const tcp::endpoint mine = here.local_endpoint(error);
  for (int i = 0; i < 8 && !error; ++i) {  // a stranger may have come in between
    tcp::endpoint from;
    tcp::socket candidate(executor);
    listener.accept(candidate, from, error);
    if (error || from != mine) continue;
    there = std::move(candidate);
    here.set_option(tcp::no_delay(true), error);
    return true;
  }
  return false;
}

class Terminator;

/// One peer: handshake, then both directions until either side ends.
struct Session : std::enable_shared_from_this<Session> {
  Session(Terminator& owner_in, asio::any_io_executor executor, int socket,
          std::shared_ptr<ssl::context> context_in, std::string address_in)
      : owner(owner_in),
        context(std::move(context_in)),
        peer(tcp::socket(executor, tcp::v4(), socket), *context),
        plain(executor),
        timer(executor),
        address(std::move(address_in)) {}

  void Start(Duration deadline);
  void OnFirstByte();
  void OnHandshake(error_code error);
  void Establish();
  void FromPeer();
  void ToPeer();
  void SayGoodbye();
  void Drop(Fault fault, const std::string& why);
  void End();

  Terminator& owner;
  std::shared_ptr<ssl::context> context;  ///< of this handshake; outlives `peer`
  ssl::stream<tcp::socket> peer;
  tcp::socket plain;
  asio::steady_timer timer;
  const std::string address;
  std::uint64_t number = 0;
  std::array<char, kRelayBytes> from_peer{};
  std::array<char, kRelayBytes> to_peer{};
  bool greeted = false;      ///< the first byte came
  bool plain_taken = false;  ///< the Association has its end of `plain`
  bool over = false;
};

class Terminator final : public TlsTerminator {
 public:
  Terminator(const config::Tls& tls, Duration deadline, Callbacks callbacks_in)
      : callbacks(std::move(callbacks_in)), context_(tls), deadline_(deadline) {}

  ~Terminator() override {
    {
      std::unique_lock lock(mutex_);
      none_left_.wait_for(lock, kFlush, [this] { return relays_ == 0; });
    }
    pool_.stop();
    pool_.join();
    handshakes_.clear();  // their sockets need the pool
  }

  Status Load() { return context_.Load(); }

  void Take(int socket, std::string address) override {
    const auto session = std::make_shared<Session>(*this, asio::make_strand(pool_), socket,
                                                   context_.Current(), std::move(address));
    std::shared_ptr<Session> oldest;
    {
      const std::lock_guard lock(mutex_);
      if (handshakes_.size() >= kMaxHandshakes) {
        oldest = handshakes_.begin()->second;
        handshakes_.erase(handshakes_.begin());
      }
      session->number = ++count_;
      handshakes_.emplace(session->number, session);
    }
    if (oldest)
      asio::post(oldest->timer.get_executor(), [oldest] {
        if (!oldest->over && !oldest->plain.is_open())
          oldest->Drop(Fault::kCrowdedOut, "too many TLS handshakes at once");
      });
    asio::post(session->timer.get_executor(),
               [session, deadline = deadline_] { session->Start(deadline); });
  }

  void HandshakeDone(const Session& session) {
    const std::lock_guard lock(mutex_);
    handshakes_.erase(session.number);
    ++relays_;
  }

  void Ended(const Session& session) {
    const std::lock_guard lock(mutex_);
    if (handshakes_.erase(session.number) == 0 && session.plain_taken && --relays_ == 0)
      none_left_.notify_all();
  }

  const Callbacks callbacks;

 private:
  TlsContext context_;
  const Duration deadline_;
  std::mutex mutex_;
  std::condition_variable none_left_;
  std::map<std::uint64_t, std::shared_ptr<Session>> handshakes_;  ///< guarded by mutex_
  std::uint64_t count_ = 0;                                       ///< guarded by mutex_
  int relays_ = 0;                                                ///< guarded by mutex_
  asio::thread_pool pool_{kThreads};
};

void Session::Start(Duration deadline) {
  timer.expires_after(deadline);
  timer.async_wait([self = shared_from_this()](error_code cancelled) {
    if (cancelled || self->over) return;
    self->Drop(self->greeted ? Fault::kTlsHandshake : Fault::kSilent,
               self->greeted ? "no whole TLS handshake in time; look for what slows the peer down"
                             : "nothing came");
  });
  peer.next_layer().async_wait(tcp::socket::wait_read,
                               [self = shared_from_this()](error_code failed) {
                                 if (self->over) return;
                                 if (failed) return self->End();
                                 self->OnFirstByte();
                               });
}

void Session::OnFirstByte() {
  unsigned char first = 0;
  if (::recv(peer.next_layer().native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
    return Drop(Fault::kClosedEarly, "closed by the peer before a TLS handshake");
  greeted = true;
  if (first == kAssociateRequestPdu)
    return Drop(Fault::kPlainOnTlsPort,
                "it speaks DICOM without TLS; turn TLS on at the peer, or remove node.tls here");
  if (first != kTlsHandshakeRecord)
    return Drop(Fault::kNotDicom, "what it sends is no TLS; point it to another port");
  peer.async_handshake(ssl::stream_base::server, [self = shared_from_this()](error_code error) {
    if (!self->over) self->OnHandshake(error);
  });
}

void Session::OnHandshake(error_code error) {
  if (error) {
    const unsigned long reason =
        error.category() == asio::error::get_ssl_category()
            ? static_cast<unsigned long>(ERR_GET_REASON(static_cast<unsigned long>(error.value())))
            : 0;
    return Drop(Fault::kTlsHandshake,
                WhyNoHandshake(peer.native_handle(), reason, error.message()));
  }
  timer.cancel();
  Establish();
}

void Session::Establish() {
  tcp::socket there(plain.get_executor());
  error_code failed;
  if (!ConnectedPair(plain.get_executor(), plain, there))
    return Drop(Fault::kConnectionLost, "no local connection for it: too many open files?");
  const int given = there.release(failed);
  if (failed) return Drop(Fault::kConnectionLost, failed.message());
  plain_taken = true;
  owner.HandshakeDone(*this);
  Log(LogLevel::kInfo, "tls_established",
      {{"address", address},
       {"version", SSL_get_version(peer.native_handle())},
       {"cipher", SSL_get_cipher_name(peer.native_handle())}});
  owner.callbacks.established(given, address);
  FromPeer();
  ToPeer();
}

void Session::FromPeer() {
  peer.async_read_some(
      asio::buffer(from_peer), [self = shared_from_this()](error_code error, std::size_t bytes) {
        if (self->over) return;
        if (error) {  // whatever it was, the Association reads the end of what came, and ends
          error_code ignored;
          self->plain.shutdown(tcp::socket::shutdown_send, ignored);
          return;
        }
        asio::async_write(self->plain, asio::buffer(self->from_peer.data(), bytes),
                          [self](error_code failed, std::size_t) {
                            if (!self->over && !failed) self->FromPeer();
                          });
      });
}

void Session::ToPeer() {
  plain.async_read_some(asio::buffer(to_peer),
                        [self = shared_from_this()](error_code error, std::size_t bytes) {
                          if (self->over) return;
                          if (error) return self->SayGoodbye();
                          asio::async_write(self->peer, asio::buffer(self->to_peer.data(), bytes),
                                            [self](error_code failed, std::size_t) {
                                              if (self->over) return;
                                              if (failed) return self->End();
                                              self->ToPeer();
                                            });
                        });
}

/// close_notify, and a moment for the peer to take it: closing at once over unread bytes would
/// reset the connection, and the peer could lose the last answer.
void Session::SayGoodbye() {
  timer.expires_after(kFarewell);
  timer.async_wait([self = shared_from_this()](error_code cancelled) {
    if (!cancelled && !self->over) self->End();
  });
  peer.async_shutdown([self = shared_from_this()](error_code) {
    if (!self->over) self->End();
  });
}

void Session::Drop(Fault fault, const std::string& why) {
  owner.callbacks.dropped(fault, address, why);
  End();
}

void Session::End() {
  if (over) return;
  over = true;
  error_code ignored;
  timer.cancel();
  peer.next_layer().close(ignored);
  plain.close(ignored);
  owner.Ended(*this);
}

}  // namespace

Result<std::unique_ptr<TlsTerminator>> TlsTerminator::Make(const config::Tls& tls,
                                                           Duration deadline, Callbacks callbacks) {
  auto terminator = std::make_unique<Terminator>(tls, deadline, std::move(callbacks));
  AXIAL_RETURN_IF_ERROR(terminator->Load());
  return std::unique_ptr<TlsTerminator>(std::move(terminator));
}

}  // namespace axial::receive
