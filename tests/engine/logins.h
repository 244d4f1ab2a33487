// A password file, and the fields that clients send.
#pragma once
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "base/clock.h"
#include "stages/auth/login.h"

namespace weir::engine {

// Hashes of "secret" that take a fraction of a millisecond, and some tens of milliseconds.
inline constexpr const char* kQuick =
    "$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7";
inline constexpr const char* kSlow =
    "$5$rounds=100000$salt$x.th012myHoQA9O2OwvhCXxWL/sebpAO3PeSwyeql77";
inline constexpr const char* kRight =
    "Proxy-Authorization: Basic YWRhOnNlY3JldA==\r\n";  // ada:secret
inline constexpr const char* kWrong = "Proxy-Authorization: Basic YWRhOnNlY3JlVA==\r\n";
// u0:secret to u7:secret.
inline constexpr const char* kOthers[] = {
    "Proxy-Authorization: Basic dTA6c2VjcmV0\r\n", "Proxy-Authorization: Basic dTE6c2VjcmV0\r\n",
    "Proxy-Authorization: Basic dTI6c2VjcmV0\r\n", "Proxy-Authorization: Basic dTM6c2VjcmV0\r\n",
    "Proxy-Authorization: Basic dTQ6c2VjcmV0\r\n", "Proxy-Authorization: Basic dTU6c2VjcmV0\r\n",
    "Proxy-Authorization: Basic dTY6c2VjcmV0\r\n", "Proxy-Authorization: Basic dTc6c2VjcmV0\r\n"};

/// A password file with users `ada` and `u0` to `u7`, who have the same password, and the login
/// that reads it.
class Logins {
 public:
  explicit Logins(const char* hash) {
    for (const char* name : {"ada", "u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7"})
      lines_.append(name).append(":").append(hash).append("\n");
    char name[] = "/tmp/weir-engine-login-XXXXXX";
    close(mkstemp(name));
    path_ = name;
    std::ofstream(path_) << lines_;
    login = *auth::Login::open({path_, "Weir"});
    opened_ms_ = base::monotonic_ms();
  }
  Logins(const Logins&) = delete;
  ~Logins() { unlink(path_.c_str()); }
  /// Whether the next request causes a check of the file.
  bool look_is_due() const { return base::monotonic_ms() > opened_ms_ + auth::Login::kLookMs; }
  /// Logs Ada in.
  void remember_ada() {
    login->remember(login->users(), login->print_of({"ada", "secret"}), base::monotonic_ms());
  }
  /// Adds many lines, so that reading the file takes some tens of milliseconds from now on.
  void make_long() {
    std::ofstream file(path_);
    file << lines_;
    for (int i = 0; i < 20'000; ++i)
      file << "more" << i << ":$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7\n";
  }
  std::shared_ptr<auth::Login> login;

 private:
  std::string lines_;
  std::string path_;
  uint64_t opened_ms_;
};

}  // namespace weir::engine
