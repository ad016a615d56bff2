#include "gateway/deliver/http_credentials.h"

#include <openssl/evp.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace axial::deliver {
namespace {

constexpr std::streamsize kMaxBytes = std::streamsize{16} * 1024;

Result<std::string> ReadSecret(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return MakeError(ErrorCode::kUnavailable, "cannot read {}; put the secret there", file);
  std::string text(static_cast<std::size_t>(kMaxBytes), '\0');
  in.read(text.data(), kMaxBytes);
  text.resize(static_cast<std::size_t>(in.gcount()));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  const bool one_line = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
  });
  if (text.empty() || !one_line || in.peek() != std::ifstream::traits_type::eof())
    return MakeError(ErrorCode::kInvalidInput,
                     "{} must hold one line of at most 16 KiB and nothing else", file);
  return text;
}

std::string Base64(const std::string& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

}  // namespace

Result<std::string> MakeAuthorization(const config::Credentials& credentials) {
  if (credentials.token_file.empty()) {
    AXIAL_ASSIGN_OR_RETURN(const std::string password, ReadSecret(credentials.password_file));
    return "Basic " + Base64(credentials.user + ":" + password);
  }
  AXIAL_ASSIGN_OR_RETURN(const std::string token, ReadSecret(credentials.token_file));
  if (token.find(' ') != std::string::npos)
    return MakeError(ErrorCode::kInvalidInput, "{} holds no token: there is a space in it",
                     credentials.token_file);
  return "Bearer " + token;
}

}  // namespace axial::deliver
