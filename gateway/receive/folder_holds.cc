#include "gateway/receive/folder_holds.h"

namespace axial::receive {

std::shared_ptr<const void> FolderHolds::Enter(const std::string& folder) {
  std::unique_lock lock(table_->mutex);
  const auto being_cleared = [&] {
    const auto found = table_->users.find(folder);
    return found != table_->users.end() && found->second == kBeingCleared;
  };
  table_->cleared.wait(lock, [&] { return !being_cleared(); });
  ++table_->users[folder];
  return {table_.get(), [table = table_, folder](const void*) {
            const std::lock_guard leave(table->mutex);
            const auto found = table->users.find(folder);
            if (--found->second == 0) table->users.erase(found);
          }};
}

std::shared_ptr<const void> FolderHolds::TryClear(const std::string& folder) {
  const std::lock_guard lock(table_->mutex);
  if (!table_->users.try_emplace(folder, kBeingCleared).second) return nullptr;
  return {table_.get(), [table = table_, folder](const void*) {
            const std::lock_guard leave(table->mutex);
            table->users.erase(folder);
            table->cleared.notify_all();
          }};
}

}  // namespace axial::receive
