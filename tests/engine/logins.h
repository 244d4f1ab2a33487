// A password file whose reading a test can hold up.
#pragma once
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "stages/auth/login.h"

namespace weir::engine {

// "secret": a fraction of a millisecond, and some tens of them.
inline constexpr const char* kQuick = "$5$rounds=1000$salt$CCvcOM6b7TEJDPb37Aec/9UpOg4QhPNAxPpL9ZzjTB7";
inline constexpr const char* kSlow = "$5$rounds=100000$salt$x.th012myHoQA9O2OwvhCXxWL/sebpAO3PeSwyeql77";
inline constexpr const char* kRight = "Proxy-Authorization: Basic YWRhOnNlY3JldA==\r\n";  // ada:secret
inline constexpr const char* kWrong = "Proxy-Authorization: Basic YWRhOnNlY3JlVA==\r\n";

/// A password file and the login that reads it.
class Logins {
 public:
  explicit Logins(const char* hash) : line_(std::string("ada:") + hash + "\n") {
    char name[] = "/tmp/weir-engine-login-XXXXXX";
    close(mkstemp(name));
    path_ = name;
    std::ofstream(path_) << line_;
    login = *auth::Login::open({path_, "Weir"});
    opened_ms_ = base::monotonic_ms();
  }
  Logins(const Logins&) = delete;
  ~Logins() { unlink(path_.c_str()); }
  /// Whether the next request asks for a look at the file.
  bool look_is_due() const { return base::monotonic_ms() > opened_ms_ + auth::Login::kLookMs; }
  /// From now on whoever reads the file waits for let_read().
  void hold() {
    unlink(path_.c_str());
    if (mkfifo(path_.c_str(), 0600) != 0) std::abort();
  }
  /// True once somebody reads it; who waits on until let_read().
  bool is_read() {
    if (writer_ < 0) writer_ = open(path_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    return writer_ >= 0;
  }
  void let_read() {
    if (writer_ < 0) return;
    if (write(writer_, line_.data(), line_.size()) < 0) std::abort();
    close(std::exchange(writer_, -1));
  }
  std::shared_ptr<auth::Login> login;

 private:
  const std::string line_;
  std::string path_;
  uint64_t opened_ms_;
  int writer_ = -1;
};

}  // namespace weir::engine
