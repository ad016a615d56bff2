#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/deliver/dicom_association.h"

namespace axial::deliver {

int OpenSockets::Add(int socket) {
  // A duplicate: DCMTK may close its own descriptor at any time, and the number would then name
  // something else.
  const int watched = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  const std::lock_guard lock(mutex_);
  if (interrupted_) ::shutdown(socket, SHUT_RDWR);
  if (watched >= 0) watched_.insert(watched);
  return watched;
}

void OpenSockets::Remove(int watched) {
  if (watched < 0) return;
  const std::lock_guard lock(mutex_);
  if (watched_.erase(watched) == 1) ::close(watched);
}

void OpenSockets::InterruptAll() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  for (const int watched : watched_) ::shutdown(watched, SHUT_RDWR);
}

bool OpenSockets::interrupted() const {
  const std::lock_guard lock(mutex_);
  return interrupted_;
}

}  // namespace axial::deliver
