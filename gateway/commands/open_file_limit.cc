#include "gateway/commands/open_file_limit.h"

#include <sys/resource.h>

#include <algorithm>

#include "core/base/log.h"

namespace axial::gateway {
namespace {

/// Connections without an A-ASSOCIATE-RQ yet, the database, the workers, the admin interface, the
/// destinations.
constexpr std::int64_t kOtherFiles = 512 + 256;

/// The socket, a duplicate to end it by, the file being written; TLS has a pair of sockets between.
std::int64_t FilesPerAssociation(const config::Node& node) { return node.tls ? 6 : 3; }

}  // namespace

std::int64_t OpenFilesFor(const config::Node& node) {
  return kOtherFiles + FilesPerAssociation(node) * node.max_associations;
}

int AssociationsWithin(std::int64_t open_files, const config::Node& node) {
  return static_cast<int>(
      std::max<std::int64_t>(1, (open_files - kOtherFiles) / FilesPerAssociation(node)));
}

void RaiseOpenFileLimit(config::Node& node) {
  const auto wanted = static_cast<rlim_t>(OpenFilesFor(node));
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  const rlimit raised{wanted, std::max(limit.rlim_max, wanted)};  // a hard limit only for root
  const rlimit allowed{std::min(limit.rlim_max, wanted), limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return;
  if (::setrlimit(RLIMIT_NOFILE, &allowed) == 0) limit.rlim_cur = allowed.rlim_cur;
  if (limit.rlim_cur >= wanted) return;
  const int asked = node.max_associations;
  node.max_associations =
      std::min(asked, AssociationsWithin(static_cast<std::int64_t>(limit.rlim_cur), node));
  Log(LogLevel::kWarning, "open_file_limit_low",
      {{"limit", limit.rlim_cur},
       {"needed", wanted},
       {"max_associations", asked},
       {"accepted_at_once", node.max_associations},
       {"remedy",
        "let this process open more files (LimitNOFILE= of its systemd unit, ulimit -Hn of its "
        "shell), or lower node.max_associations"}});
}

}  // namespace axial::gateway
