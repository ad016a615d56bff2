#pragma once

// Private to gateway/store: what becomes of an Instance whose UIDs are there already with other
// content. Nothing is refused (its sender would send it for ever), overwritten or deleted.

#include "core/base/result.h"
#include "gateway/store/study_store.h"

namespace SQLite {
class Database;
}  // namespace SQLite

namespace axial::store {

/// Its row. `conflicting`: no Job gets it.
void InsertInstance(SQLite::Database& db, const NewInstance& instance, int revision,
                    bool conflicting);

/// How the content stands to what is stored under the same SOP Instance UID: kAdded, kDuplicate,
/// kConflicting (kReplacing when the last one shall be used), or kShared. Errors: InvalidInput (a
/// digest that was forged).
[[nodiscard]] Result<AddOutcome> Compare(SQLite::Database& db, const NewInstance& instance);

/// kConflicting: a row beside the first one, which stays in use.
void KeepBeside(SQLite::Database& db, const NewInstance& instance, AddedInstance& added);

/// kReplacing: from `revision` on Jobs get this one. Earlier revisions keep what they had.
void Replace(SQLite::Database& db, const NewInstance& instance, int revision);

/// kShared: each is used where it says that it belongs; every Study that holds one is flagged.
void FlagShared(SQLite::Database& db, const NewInstance& instance);

/// kMisplaced: its Series belongs to another Study. A row that no Job gets, both Studies flagged.
void KeepMisplaced(SQLite::Database& db, const NewInstance& instance, AddedInstance& added);

}  // namespace axial::store
