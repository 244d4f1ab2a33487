#include "stages/auth/login.h"

#include "base/clock.h"
#include "base/event_log.h"

namespace weir::auth {

std::expected<std::shared_ptr<Login>, std::string> Login::open(const Config& config) {
  std::shared_ptr<Login> login(new Login(config));
  if (auto read = login->read_again(); !read) return std::unexpected(std::move(read).error());
  login->look_ms_ = base::monotonic_ms() + kLookMs;
  return login;
}

std::expected<void, std::string> Login::use(base::WatchedFile::Read read) {
  if (!read) return std::unexpected(std::move(read).error());
  if (read->cut) return std::unexpected(config_.file + ": it is too large");
  auto parsed = parse_users(read->text, config_.file);
  if (!parsed) return std::unexpected(std::move(parsed).error());
  auto users = std::make_shared<const Users>(*std::move(parsed));
  // If the file was written again with the same users, the logins found right stay. No other thread
  // writes users_ meanwhile, so it is read without a lock.
  if (users_ && *users_ == *users) return {};
  std::lock_guard lock(mutex_);
  users_.swap(users);
  answers_.clear();
  return {};
}

std::expected<void, std::string> Login::read_again() {
  const std::lock_guard looking(looking_);
  return use(file_.read());
}

bool Login::look_is_due(uint64_t now_ms) {
  uint64_t due = look_ms_.load(std::memory_order_relaxed);
  return now_ms >= due &&
         look_ms_.compare_exchange_strong(due, now_ms + kLookMs, std::memory_order_relaxed);
}

void Login::look() {
  // Return if another thread already looks: its read may never end, and must not hold up a second
  // thread.
  const std::unique_lock looking(looking_, std::try_to_lock);
  if (!looking) return;
  look_ms_.store(base::monotonic_ms() + kLookMs, std::memory_order_relaxed);
  auto found = file_.look();
  if (!found) return;
  if (const auto used = use(*std::move(found)); !used)
    return base::log_event("the old logins stay: " + used.error());
  base::log_event("read " + config_.file + " again; users: " + std::to_string(users()->size()));
}

std::shared_ptr<const Users> Login::users() {
  std::lock_guard lock(mutex_);
  return users_;
}

void Login::remember(const std::shared_ptr<const Users>& users, const Print& print,
                     uint64_t now_ms) {
  std::lock_guard lock(mutex_);
  // The file may have changed while the password was checked.
  if (users == users_) answers_.add(print, now_ms);
}

}  // namespace weir::auth
