// The password file as it is now, and who was found in it.
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

/// Of one configuration; a reload that has the same keeps it, and with it who was found. Any
/// thread.
class Login {
 public:
  static constexpr uint64_t kLookMs = 1000;

  /// Reads the file. The error is for the person who runs Weir.
  static std::expected<std::shared_ptr<Login>, std::string> open(const Config& config);

  const std::string& realm() const { return config_.realm; }
  /// True once a second at most: whoever gets it sees to it that look() runs, on a thread that may
  /// wait.
  bool look_is_due(uint64_t now_ms);
  /// Reads the file again if it is another one, or could not be read. One that can't be used is
  /// told of once; what was read before stays.
  void look();
  /// Reads the file, changed or not. The error is for the person who runs Weir; what was read
  /// before stays then.
  std::expected<void, std::string> read_again();

  std::shared_ptr<const Users> users();
  Print print_of(const Credentials& credentials) const {
    return answers_.print_of(credentials.user, credentials.password);
  }
  /// Was found right a short while ago, in the file that is used now.
  bool knows(const Print& print, uint64_t now_ms) { return answers_.has(print, now_ms); }
  /// They are right, according to `users`.
  void remember(const std::shared_ptr<const Users>& users, const Print& print, uint64_t now_ms);

 private:
  explicit Login(const Config& config) : config_(config), file_(config.file, kLargestFile) {}
  /// What was read. Under looking_.
  std::expected<void, std::string> use(base::WatchedFile::Read read);

  const Config config_;
  std::atomic<uint64_t> look_ms_{0};
  Answers answers_;
  std::mutex looking_;
  base::WatchedFile file_;  // Under looking_.
  std::mutex mutex_;
  std::shared_ptr<const Users> users_;  // Null until it was read.
};

}  // namespace weir::auth
