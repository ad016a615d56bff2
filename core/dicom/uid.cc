#include "core/dicom/uid.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>

namespace axial {
namespace {

// Axial's name space for version 5 UUIDs, drawn once at random. Changing it changes every result
// UID.
constexpr std::array<std::uint8_t, 16> kNameSpace = {
    0x5d, 0x0c, 0x1a, 0x7e, 0x9b, 0x3f, 0x4e, 0x52, 0xa8, 0x61, 0x2f, 0xc4, 0x77, 0x18, 0xd3, 0x96};

struct DigestContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, DigestContextDeleter>;

DigestContext StartDigest(const EVP_MD* kind) {
  DigestContext context(EVP_MD_CTX_new());
  AXIAL_INVARIANT(context && EVP_DigestInit_ex(context.get(), kind, nullptr) == 1);
  return context;
}

void Add(const DigestContext& context, const void* data, std::size_t size) {
  AXIAL_INVARIANT(EVP_DigestUpdate(context.get(), data, size) == 1);
}

std::vector<std::uint8_t> Finish(const DigestContext& context) {
  std::vector<std::uint8_t> digest(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  AXIAL_INVARIANT(EVP_DigestFinal_ex(context.get(), digest.data(), &size) == 1);
  digest.resize(size);
  return digest;
}

std::string ToHex(const std::vector<std::uint8_t>& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

/// A 128-bit big-endian number in decimal, without leading zeros.
std::string ToDecimal(std::array<std::uint8_t, 16> number) {
  std::string reversed;
  bool zero = false;
  while (!zero) {
    zero = true;
    unsigned remainder = 0;
    for (std::uint8_t& byte : number) {
      const unsigned current = remainder * 256 + byte;
      byte = static_cast<std::uint8_t>(current / 10);
      remainder = current % 10;
      if (byte != 0) zero = false;
    }
    reversed += static_cast<char>('0' + remainder);
  }
  return {reversed.rbegin(), reversed.rend()};
}

}  // namespace

Result<Uid> Uid::Parse(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  if (text.empty()) return Error(ErrorCode::kInvalidInput, "UID is empty");
  if (text.size() > 64)
    return MakeError(ErrorCode::kInvalidInput, "UID has {} characters; 64 is the limit",
                     text.size());
  char previous = '.';
  for (const char c : text) {
    if ((c < '0' || c > '9') && c != '.')
      return Error(ErrorCode::kInvalidInput, "UID has a character that is neither digit nor dot");
    if (c == '.' && previous == '.')
      return Error(ErrorCode::kInvalidInput, "UID has an empty component");
    previous = c;
  }
  if (previous == '.') return Error(ErrorCode::kInvalidInput, "UID ends with a dot");
  return Uid(std::string(text));
}

Uid MakeDeterministicUid(std::string_view name) {
  const DigestContext context = StartDigest(EVP_sha1());
  Add(context, kNameSpace.data(), kNameSpace.size());
  Add(context, name.data(), name.size());
  const std::vector<std::uint8_t> digest = Finish(context);
  std::array<std::uint8_t, 16> uuid{};
  std::copy_n(digest.begin(), uuid.size(), uuid.begin());
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x50);  // version 5
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);  // RFC 9562 variant
  return Uid::Parse("2.25." + ToDecimal(uuid)).value();
}

std::string Sha256Hex(std::string_view bytes) {
  const DigestContext context = StartDigest(EVP_sha256());
  Add(context, bytes.data(), bytes.size());
  return ToHex(Finish(context));
}

struct Sha256::State {
  DigestContext context = StartDigest(EVP_sha256());
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Add(std::string_view bytes) {
  axial::Add(state_->context, bytes.data(), bytes.size());
}

std::string Sha256::FinishHex() { return ToHex(Finish(state_->context)); }

Result<std::string> Sha256HexOfFile(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) return MakeError(ErrorCode::kNotFound, "{}: cannot open", path);
  const DigestContext context = StartDigest(EVP_sha256());
  std::vector<char> buffer(1 << 18);
  while (std::feof(file.get()) == 0 && std::ferror(file.get()) == 0)
    Add(context, buffer.data(), std::fread(buffer.data(), 1, buffer.size(), file.get()));
  if (std::ferror(file.get()) != 0)
    return MakeError(ErrorCode::kUnavailable, "{}: read failed", path);
  return ToHex(Finish(context));
}

}  // namespace axial
