#include "tests/support/certificates.h"

#include <filesystem>
#include <fstream>
#include <utility>

#include "tests/support/run_command.h"

namespace axial::testing {

Certificates::Certificates(std::string folder) : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
  Run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
      "-subj '/CN=Test authority' -keyout ca.key -out ca.pem");
}

void Certificates::Run(const std::string& command) {
  made_ = RunCommand({"sh", "-c", "cd '" + folder_ + "' && " + command}).exit_code == 0 && made_;
}

void Certificates::Sign(const std::string& name, const std::string& names,
                        const std::string& days) {
  std::ofstream(folder_ + "/" + name + ".ext") << "subjectAltName=" << names << "\n";
  Run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=" + name +
      "' -keyout " + name + ".key -out " + name + ".csr");
  Run("openssl x509 -req -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -days " +
      days + " -extfile " + name + ".ext -out " + name + ".pem");
}

std::string Certificates::CertificateOf(const std::string& name) const {
  return folder_ + "/" + name + ".pem";
}

std::string Certificates::KeyOf(const std::string& name) const {
  return folder_ + "/" + name + ".key";
}

}  // namespace axial::testing
