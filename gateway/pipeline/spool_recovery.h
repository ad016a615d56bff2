#pragma once

#include <string>

#include "core/base/result.h"
#include "gateway/store/database.h"
#include "gateway/store/study_store.h"

namespace axial::pipeline {

/// At start, after the spool was prepared and before anybody can send: gives every Instance that
/// may have been acknowledged its row again, when the machine took the row with it and left the
/// file (store::SyncOfRow says which can be missing). A file that has not the digest that its name
/// says was never acknowledged and stays without a row; one that has it may have been refused for
/// want of room for its row, and is known when it comes again. Doing it again changes nothing.
/// Errors: Unavailable, Exhausted (of spool or store): what was acknowledged may be missing then.
[[nodiscard]] Status RecoverSpooledInstances(store::Database& database,
                                             const std::string& spool_directory,
                                             store::UseContent use);

}  // namespace axial::pipeline
