#include "net/tls/key_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace weir::net {

std::expected<std::shared_ptr<KeyLog>, std::string> KeyLog::open(
    const std::string& path, const std::shared_ptr<KeyLog>& before) {
  if (path.empty()) return nullptr;
  if (before && before->is_at(path)) return before;
  const auto refuse = [&](const std::string& why) {
    return std::unexpected("the secrets of TLS can't be written to " + path + ": " + why);
  };
  // O_NONBLOCK: to open a pipe without a reader would wait.
  const int file = ::open(
      path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (file < 0) return refuse(std::strerror(errno));
  std::shared_ptr<KeyLog> made(new KeyLog(path, file));
  struct stat state{};
  if (fstat(file, &state) != 0) return refuse(std::strerror(errno));
  if (!S_ISREG(state.st_mode)) return refuse("it is no ordinary file");
  if ((state.st_mode & 077) != 0) return refuse("others may read it; `chmod 600` it, or remove it");
  return made;
}

KeyLog::~KeyLog() {
  close(file_);
}

bool KeyLog::is_at(const std::string& path) const {
  struct stat own{}, there{};
  return path == path_ && fstat(file_, &own) == 0 && lstat(path.c_str(), &there) == 0 &&
         own.st_dev == there.st_dev && own.st_ino == there.st_ino && (own.st_mode & 077) == 0;
}

int KeyLog::index() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr, [](void*, void* log, CRYPTO_EX_DATA*, int, long, void*) {
        delete static_cast<std::shared_ptr<KeyLog>*>(log);
      });
  return index;
}

bool KeyLog::attach(SSL_CTX* context, std::shared_ptr<KeyLog> log) {
  auto owned = std::make_unique<std::shared_ptr<KeyLog>>(std::move(log));
  if (SSL_CTX_set_ex_data(context, index(), owned.get()) != 1) return false;
  (void)owned.release();
  SSL_CTX_set_keylog_callback(context, &note);
  return true;
}

void KeyLog::note(const SSL* ssl, const char* line) {
  const auto* const log =
      static_cast<std::shared_ptr<KeyLog>*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), index()));
  try {
    if (log && *log) (*log)->write(line);
  } catch (const std::bad_alloc&) {
    // OpenSSL is C: no exception may pass it.
  }
}

void KeyLog::write(std::string_view line) const {
  std::string whole(line);
  whole += '\n';
  // In one piece, which O_APPEND keeps together. A full disk costs the line, and no connection.
  while (::write(file_, whole.data(), whole.size()) < 0 && errno == EINTR) {
  }
}

}  // namespace weir::net
