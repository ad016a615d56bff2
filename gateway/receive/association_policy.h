#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "gateway/receive/association_request.h"
#include "gateway/receive/refused_associations.h"
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

  /// Why the request is not admitted, and what to write into the configuration so that it is.
  [[nodiscard]] RefusedAssociation Explain(Admission admission, const AssociationRequest& request,
                                           const std::string& address) const;
  /// The same for one that comes when as many as may be are open.
  [[nodiscard]] RefusedAssociation ExplainLimit(const AssociationRequest& request,
                                                const std::string& address) const;

  /// Whether what an earlier configuration refused would be tried anew with this one.
  [[nodiscard]] bool MayAdmit(const RefusedAssociation& refused) const;

  [[nodiscard]] int max_associations() const { return max_associations_; }
  [[nodiscard]] const SopClassPolicy& sop_classes() const { return sop_classes_; }

 private:
  std::string ae_title_;
  std::vector<config::Peer> peers_;
  int max_associations_;
  SopClassPolicy sop_classes_;
};

}  // namespace axial::receive
