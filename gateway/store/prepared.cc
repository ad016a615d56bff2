#include "gateway/store/prepared.h"

#include <sqlite3.h>

#include <string>

#include "core/base/result.h"

namespace axial::store {
namespace {

thread_local PreparedStatements* statements_in_use = nullptr;

}  // namespace

PreparedStatements::Use::Use(PreparedStatements& statements) {
  AXIAL_INVARIANT(statements_in_use == nullptr);
  statements_in_use = &statements;
}

PreparedStatements::Use::~Use() { statements_in_use = nullptr; }

Prepared::Prepared(SQLite::Database& db, std::string_view sql) : sql_(sql) {
  if (statements_in_use != nullptr && &statements_in_use->db_ == &db) {
    home_ = statements_in_use;
    if (const auto idle = home_->idle_.find(sql); idle != home_->idle_.end()) {
      statement_ = std::move(idle->second);  // nobody else gets it meanwhile
      home_->idle_.erase(idle);
    }
  }
  if (!statement_) statement_ = std::make_unique<SQLite::Statement>(db, std::string(sql));
}

Prepared::~Prepared() {
  if (home_ == nullptr || statement_->tryReset() != SQLITE_OK) return;  // it is compiled again
  statement_->clearBindings();
  home_->idle_.insert_or_assign(sql_, std::move(statement_));
}

}  // namespace axial::store
