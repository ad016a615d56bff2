#pragma once

// Private to gateway/store.

#include <SQLiteCpp/SQLiteCpp.h>

#include <memory>
#include <string_view>
#include <unordered_map>

namespace axial::store {

/// The statements of one connection that stay compiled, by their text: compiling one takes longer
/// than running it. Not thread-safe; to be destroyed before its connection.
class PreparedStatements {
 public:
  explicit PreparedStatements(SQLite::Database& db) : db_(db) {}

  /// As long as it lives, `Prepared` on this thread and this connection uses `statements`.
  class Use {
   public:
    explicit Use(PreparedStatements& statements);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
  };

 private:
  friend class Prepared;
  SQLite::Database& db_;
  std::unordered_map<std::string_view, std::unique_ptr<SQLite::Statement>> idle_;
};

/// A statement as SQLite::Statement, but compiled only once for the connection where that keeps
/// statements. For what runs with every Instance.
class Prepared {
 public:
  /// `sql` is a literal, or lives as long as the connection.
  Prepared(SQLite::Database& db, std::string_view sql);
  ~Prepared();
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  template <typename T>
  void bind(int index, const T& value) {
    statement_->bind(index, value);
  }
  bool executeStep() { return statement_->executeStep(); }
  int exec() { return statement_->exec(); }
  void reset() { statement_->reset(); }
  SQLite::Column getColumn(int index) { return statement_->getColumn(index); }

 private:
  std::string_view sql_;
  PreparedStatements* home_ = nullptr;
  std::unique_ptr<SQLite::Statement> statement_;
};

}  // namespace axial::store
