#pragma once

#include <string>

namespace axial::testing {

/// Certificates that `openssl` makes in a folder: an authority, and what it signed.
class Certificates {
 public:
  explicit Certificates(std::string folder);
  [[nodiscard]] bool made() const { return made_; }
  /// ca.pem
  [[nodiscard]] std::string authority() const { return folder_ + "/ca.pem"; }
  /// <name>.pem and <name>.key, signed by the authority; `names`: "IP:127.0.0.1", "DNS:pacs".
  void Sign(const std::string& name, const std::string& names, const std::string& days = "2");
  [[nodiscard]] std::string CertificateOf(const std::string& name) const;
  [[nodiscard]] std::string KeyOf(const std::string& name) const;

 private:
  void Run(const std::string& command);

  const std::string folder_;
  bool made_ = true;
};

}  // namespace axial::testing
