// What is stored of the Instances that a Storage Commitment request names.

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>
#include <system_error>

#include "gateway/store/commitment_store.h"

namespace axial::store {
namespace {

/// 0: it is there whole.
std::uint16_t JudgeFile(const std::string& path, std::int64_t bytes) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory) return kFailureNoSuchInstance;
  if (error) return kFailureProcessing;  // the disk does not answer: nobody knows
  const bool whole = bytes < 0 ? size > 0 : size == static_cast<std::uintmax_t>(bytes);
  return whole ? std::uint16_t{0} : kFailureNoSuchInstance;
}

/// One Instance of the request and what is known under its UID: several contents perhaps, each
/// judged in turn; the best counts.
struct Judgement {
  InstanceReference instance;
  std::uint16_t reason = kFailureNoSuchInstance;

  void Consider(const std::string& stored_class, const std::string& path, std::int64_t bytes) {
    if (reason == 0) return;
    const std::uint16_t file = JudgeFile(path, bytes);
    if (file == kFailureNoSuchInstance) return;
    if (file == 0 && stored_class == instance.sop_class_uid)
      reason = 0;
    else
      reason = file == 0 ? kFailureClassInstanceConflict : file;
  }
};

void Add(CommitmentReport& report, Judgement judgement) {
  if (judgement.reason == 0)
    report.committed.push_back(std::move(judgement.instance));
  else
    report.failed.push_back({std::move(judgement.instance), judgement.reason});
}

std::string TransactionOf(SQLite::Database& db, std::int64_t id) {
  SQLite::Statement row(db, "SELECT transaction_uid FROM commitment WHERE id = ?");
  row.bind(1, id);
  return row.executeStep() ? row.getColumn(0).getString() : "";
}

}  // namespace

Result<CommitmentReport> CommitmentStore::Report(std::int64_t id) const {
  return database_.Read<CommitmentReport>([&](SQLite::Database& db) -> Result<CommitmentReport> {
    CommitmentReport report;
    report.transaction_uid = TransactionOf(db, id);
    if (report.transaction_uid.empty())
      return MakeError(ErrorCode::kNotFound, "there is no storage commitment request {}", id);
    // Results of this gateway that came back to it have no row of their own: the file that was sent
    // is kept, its size is not. What was removed has no row, or no path.
    SQLite::Statement rows(
        db,
        "SELECT c.position, c.sop_class_uid, c.sop_instance_uid, i.sop_class_uid, i.path, i.bytes, "
        "a.sop_class_uid, a.path FROM commitment_item c LEFT JOIN instance i ON i.sop_instance_uid "
        "= c.sop_instance_uid LEFT JOIN artifact a ON a.sop_instance_uid = c.sop_instance_uid "
        "WHERE c.commitment_id = ? ORDER BY c.position");
    rows.bind(1, id);
    std::optional<Judgement> current;
    std::int64_t position = -1;
    while (rows.executeStep()) {
      if (rows.getColumn(0).getInt64() != position) {
        if (current) Add(report, std::move(*current));
        position = rows.getColumn(0).getInt64();
        current = Judgement{{rows.getColumn(1).getString(), rows.getColumn(2).getString()}};
      }
      if (!rows.getColumn(4).isNull())
        current->Consider(rows.getColumn(3).getString(), rows.getColumn(4).getString(),
                          rows.getColumn(5).getInt64());
      if (!rows.getColumn(7).getString().empty())
        current->Consider(rows.getColumn(6).getString(), rows.getColumn(7).getString(), -1);
    }
    if (current) Add(report, std::move(*current));
    return report;
  });
}

}  // namespace axial::store
