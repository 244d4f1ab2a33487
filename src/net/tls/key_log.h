// The secrets of TLS connections, for an administrator who looks into them with Wireshark.
#pragma once
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "net/tls/openssl.h"

namespace weir::net {

/// A file in NSS key log format. Whoever has it can read what the connections carried; so it is
/// asked for by the configuration alone, never by SSLKEYLOGFILE. Any thread; lines of different
/// threads do not mix.
class KeyLog {
 public:
  /// Opens `path` to append to it, and creates it with mode 0600. Null for an empty path. Returns
  /// `before`, which may be null, if that writes to the same file. The error is a sentence about
  /// the file: it is no ordinary one (a worker might wait for a pipe), or others may read it.
  static std::expected<std::shared_ptr<KeyLog>, std::string> open(
      const std::string& path, const std::shared_ptr<KeyLog>& before = {});
  KeyLog(const KeyLog&) = delete;
  ~KeyLog();

  const std::string& path() const { return path_; }
  /// From now on the secrets of the context's connections go to `log`, which the context shares.
  /// False if there is no memory.
  static bool attach(SSL_CTX* context, std::shared_ptr<KeyLog> log);

 private:
  KeyLog(std::string path, int file) : path_(std::move(path)), file_(file) {}
  static int index();
  static void note(const SSL* ssl, const char* line);
  /// The file there is still this one, and still nobody else's.
  bool is_at(const std::string& path) const;
  void write(std::string_view line) const;

  const std::string path_;
  const int file_;
};

}  // namespace weir::net
