#include "stages/auth/login.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "base/event_log.h"

namespace weir::auth {

std::expected<std::shared_ptr<Login>, std::string> Login::open(const Config& config) {
  std::shared_ptr<Login> login(new Login(config));
  login->seen_ = login->stamp();
  // Here it is the main thread that would wait for a FIFO's writer; a look later is a pool's.
  struct stat status{};
  if (stat(config.file.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) return std::unexpected(config.file + ": it is no ordinary file");
  auto users = read_users(config.file);
  if (!users) return std::unexpected(std::move(users).error());
  login->users_ = std::make_shared<const Users>(*std::move(users));
  login->look_ms_ = base::monotonic_ms() + kLookMs;
  return login;
}

Login::Stamp Login::stamp() const {
  struct stat status{};
  if (stat(config_.file.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, static_cast<uint64_t>(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

bool Login::look_is_due(uint64_t now_ms) {
  uint64_t due = look_ms_.load(std::memory_order_relaxed);
  return now_ms >= due && look_ms_.compare_exchange_strong(due, now_ms + kLookMs, std::memory_order_relaxed);
}

void Login::look() {
  // Who looks already, at a file that can't be read to its end it may be, keeps no second thread.
  const std::unique_lock looking(looking_, std::try_to_lock);
  if (!looking) return;
  // Before it is read: a change while it is read is seen the next time.
  const Stamp now = stamp();
  if (now == seen_) return;
  seen_ = now;
  auto read = read_users(config_.file);
  if (!read) {
    base::log_event("the old logins stay: " + read.error());
    return;
  }
  auto users = std::make_shared<const Users>(*std::move(read));
  const size_t count = users->size();
  {
    std::lock_guard lock(mutex_);
    users_ = std::move(users);
    answers_.clear();
  }
  base::log_event("read " + config_.file + " again; users: " + std::to_string(count));
}

std::shared_ptr<const Users> Login::users() {
  std::lock_guard lock(mutex_);
  return users_;
}

void Login::remember(const std::shared_ptr<const Users>& users, const Credentials& credentials, uint64_t now_ms) {
  std::lock_guard lock(mutex_);
  // The file may have changed while the password was checked.
  if (users == users_) answers_.add(credentials.user, credentials.password, now_ms);
}

}  // namespace weir::auth
