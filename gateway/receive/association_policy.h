#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "gateway/receive/association_request.h"
#include "gateway/receive/sop_class_policy.h"

namespace axial::receive {

enum class Admission { kAccepted, kCalledUnknown, kCallingUnknown };

/// Who may open an Association, as the configuration says. A plain value; thread-safe.
class AssociationPolicy {
 public:
  explicit AssociationPolicy(const config::Node& node);

  /// `address`: the peer's, numeric.
  [[nodiscard]] Admission Decide(const AssociationRequest& request,
                                 const std::string& address) const;

  /// What to write into the configuration so that the request is admitted.
  [[nodiscard]] std::string Remedy(Admission admission, const AssociationRequest& request,
                                   const std::string& address) const;

  [[nodiscard]] int max_associations() const { return max_associations_; }
  [[nodiscard]] const SopClassPolicy& sop_classes() const { return sop_classes_; }

 private:
  std::string ae_title_;
  std::vector<config::Peer> peers_;
  int max_associations_;
  SopClassPolicy sop_classes_;
};

}  // namespace axial::receive
