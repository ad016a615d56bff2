#pragma once

#include <string>

namespace axial::store {

/// Writes a database as an Axial of `schema` left it when it was killed in the middle of its work:
///
/// Study 1.1, revision 1 routed to five Jobs (1 delivered, 2 produced, 3 leased, 4 queued, 5
/// failed), of which Job 2 owes `pacs` 2.25.2 (pending), 2.25.3 (sending) and 2.25.4 (refused);
/// revision 2 open, with Instance 1.1.1.2. From their schemas on: Job 2 superseded Job 1 (2);
/// a failure report of Job 5 is owed (3); step 1.9 in progress (4); 2.25.5 (stored) and 2.25.6
/// (checking) of Job 2 are asked about as 2.25.90 (5); CT01 is owed an answer to 2.25.91 (6);
/// Series 1.1.1 is complete, not routed, in revision 2, and CT01 has a habit (8); a model is asked
/// for (9); Study 1.5 was removed (11). The files of results, named by their UIDs, are in
/// `results`.
void WriteOlderDatabase(const std::string& path, int schema, const std::string& results);

}  // namespace axial::store
