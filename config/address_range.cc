#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "config/config.h"

namespace axial::config {
namespace {

/// An address as bits, most significant byte first; IPv4 uses the first 4 bytes.
struct Address {
  std::array<unsigned char, 16> bytes{};
  int bits = 32;
};

constexpr std::array<unsigned char, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<Address> ParseAddress(const std::string& text) {
  Address address;
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) return address;
  const std::string without_zone = text.substr(0, text.find('%'));  // "fe80::1%eth0"
  if (inet_pton(AF_INET6, without_zone.c_str(), address.bytes.data()) != 1) return std::nullopt;
  address.bits = 128;
  if (std::memcmp(address.bytes.data(), kMappedPrefix.data(), kMappedPrefix.size()) == 0) {
    Address ipv4;
    std::memcpy(ipv4.bytes.data(), address.bytes.data() + kMappedPrefix.size(), 4);
    return ipv4;
  }
  return address;
}

bool BitAt(const Address& address, int bit) {
  return ((address.bytes[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8)) & 1) != 0;
}

std::string ToText(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  inet_ntop(address.bits == 32 ? AF_INET : AF_INET6, address.bytes.data(), buffer.data(),
            buffer.size());
  return buffer.data();
}

}  // namespace

Result<AddressRange> AddressRange::Parse(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::optional<Address> address = ParseAddress(text.substr(0, slash));
  if (!address || text.find('%') != std::string::npos)
    return MakeError(ErrorCode::kInvalidInput, "'{}' is no IPv4 or IPv6 address", text);
  AddressRange range{ToText(*address), address->bits};
  if (slash == std::string::npos) return range;

  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, range.prefix_bits);
  if (error != std::errc() || stop != end || range.prefix_bits < 0 ||
      range.prefix_bits > address->bits)
    return MakeError(ErrorCode::kInvalidInput, "'{}' has a prefix length outside 0 to {}", text,
                     address->bits);
  for (int bit = range.prefix_bits; bit < address->bits; ++bit)
    if (BitAt(*address, bit))
      return MakeError(ErrorCode::kInvalidInput,
                       "'{}' has bits set beyond its prefix of {} bits, so it may not mean what it "
                       "says",
                       text, range.prefix_bits);
  return range;
}

bool AddressRange::Contains(const std::string& address) const {
  const std::optional<Address> net = ParseAddress(network);
  const std::optional<Address> candidate = ParseAddress(address);
  if (!net || !candidate || net->bits != candidate->bits) return false;
  for (int bit = 0; bit < prefix_bits; ++bit)
    if (BitAt(*net, bit) != BitAt(*candidate, bit)) return false;
  return true;
}

}  // namespace axial::config
