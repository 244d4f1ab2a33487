// The current password file, and the logins that were found right in it.
#pragma once
#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <string>

#include "base/watched_file.h"
#include "stages/auth/answers.h"
#include "stages/auth/basic.h"
#include "stages/auth/config.h"
#include "stages/auth/password_file.h"

namespace weir::auth {

/// Belongs to a configuration. A reload with the same login settings keeps it, and with it the
/// logins that were found right. Any thread.
class Login {
 public:
  static constexpr uint64_t kLookMs = 1000;

  /// Reads the file. The error is for the person who runs Weir.
  static std::expected<std::shared_ptr<Login>, std::string> open(const Config& config);

  const std::string& realm() const { return config_.realm; }
  /// True at most once a second. The caller that gets true has to see that look() runs, on a thread
  /// that may block.
  bool look_is_due(uint64_t now_ms);
  /// Reads the file again if it has changed, or could not be read before. A file that can't be used
  /// is reported once, and what was read before stays in use.
  void look();
  /// Reads the file, changed or not. The error is for the person who runs Weir; what was read
  /// before stays then.
  std::expected<void, std::string> read_again();

  std::shared_ptr<const Users> users();
  Print print_of(const Credentials& credentials) const {
    return answers_.print_of(credentials.user, credentials.password);
  }
  /// True if this login was found right a short while ago, in the current file.
  bool knows(const Print& print, uint64_t now_ms) { return answers_.has(print, now_ms); }
  /// Remembers a login that is right according to `users`; ignored if those are no longer current.
  void remember(const std::shared_ptr<const Users>& users, const Print& print, uint64_t now_ms);

 private:
  explicit Login(const Config& config) : config_(config), file_(config.file, kLargestFile) {}
  /// Takes over what was read. The caller holds looking_.
  std::expected<void, std::string> use(base::WatchedFile::Read read);

  const Config config_;
  std::atomic<uint64_t> look_ms_{0};
  Answers answers_;
  std::mutex looking_;
  base::WatchedFile file_;  // Guarded by looking_.
  std::mutex mutex_;
  std::shared_ptr<const Users> users_;  // Null until the file was read.
};

}  // namespace weir::auth
