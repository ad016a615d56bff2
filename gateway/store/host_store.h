#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "gateway/store/database.h"

namespace axial::store {

/// How far the change log of the PACS that this gateway runs inside has been handled.
struct HostPosition {
  std::string identity;       ///< as the host's own database knows it: another one is another host
  std::int64_t sequence = 0;  ///< every change up to this one is a row here
  std::string anchor;         ///< that change itself: another one is another log; "": none is known
  TimePoint handled_at{};     ///< when the host was last seen to have nothing newer
};

/// One Instance of the host, by the host's own identifiers.
struct HostInstance {
  std::string host_id;
  std::string host_series_id;
  std::string host_study_id;
  std::string attachment;  ///< the host's name for the file: another one may hold other bytes
  std::string sop_instance_uid;
  std::string series_uid;
  std::string study_uid;
  bool ours = false;  ///< a result of this gateway, or a copy of one
};

struct HostStudy {
  std::string host_id;
  std::string study_uid;
};

/// An Instance of the host that could not be taken in yet.
struct LateInstance {
  std::string host_id;
  int attempt = 0;
};

/// What this gateway knows of the PACS that it runs inside (the Orthanc plugin). Thread-safe.
class HostStore {
 public:
  explicit HostStore(Database& database) : database_(database) {}

  [[nodiscard]] Result<std::optional<HostPosition>> Position() const;
  /// Durable when it returns, and so is every row written before.
  [[nodiscard]] Status SetPosition(const HostPosition& position);

  /// Where the file lies that was taken in for it; "": there is none any more.
  [[nodiscard]] Result<std::string> PathOf(const HostInstance& instance) const;

  [[nodiscard]] Result<std::optional<HostInstance>> FindInstance(const std::string& host_id) const;
  /// Whether the gateway made it: an artifact of that UID, or of that Series, is a row.
  [[nodiscard]] Result<bool> IsOwnResult(const std::string& sop_instance_uid,
                                         const std::string& series_uid) const;
  /// It was taken in (again); it is not late any more. Durable with the next SetPosition.
  [[nodiscard]] Status Record(const HostInstance& instance);

  /// It could not be taken in; to be tried again at `next_at`.
  [[nodiscard]] Status Postpone(const std::string& host_id, const Error& reason, TimePoint next_at);
  [[nodiscard]] Status ForgetLate(const std::string& host_id);
  /// Due by `now`, oldest first.
  [[nodiscard]] Result<std::vector<LateInstance>> Late(TimePoint now, int limit) const;
  [[nodiscard]] Result<std::int64_t> CountLate() const;

  /// Studies in the order of their host_id, from behind `after` ("": from the first).
  [[nodiscard]] Result<std::vector<HostStudy>> Studies(const std::string& after, int limit) const;
  [[nodiscard]] Result<std::optional<HostStudy>> FindStudy(const std::string& host_id) const;
  /// Those of the host's studies that have this Study Instance UID: several, of several patients.
  [[nodiscard]] Result<std::vector<std::string>> StudiesWith(const std::string& study_uid) const;
  /// One Instance of the host's series, or nullopt.
  [[nodiscard]] Result<std::optional<HostInstance>> FindSeries(
      const std::string& host_series_id) const;
  /// The host has deleted it.
  [[nodiscard]] Status ForgetStudy(const std::string& host_study_id);
  [[nodiscard]] Status ForgetSeries(const std::string& host_series_id);

 private:
  Database& database_;
};

}  // namespace axial::store
