#pragma once

// Private to gateway/store: the one way of a Job into state failed, and back.

#include <string>

#include "gateway/store/job_store.h"

namespace SQLite {
class Database;
}

namespace axial::store {

/// Fails the Job if it is in state `from` with its attempt, and owes the report of it, unless the
/// newest report of this Job has said the same already. Returns whether it was.
bool FailJob(SQLite::Database& db, const Job& job, JobState from, const Error& reason,
             const FailureDetail& detail, TimePoint now);

/// Reports of this Job that were not made yet will not be made: it runs again.
void WithdrawReports(SQLite::Database& db, std::int64_t job_id, TimePoint now);

/// The same for the Jobs of earlier revisions that this Job, which is running, replaces: what
/// becomes of it is the news.
void WithdrawReplacedReports(SQLite::Database& db, const Job& job, TimePoint now);

}  // namespace axial::store
