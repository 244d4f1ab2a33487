#include "intercept/key_file.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "net/tls/pem_text.h"

namespace weir::intercept {
namespace {

constexpr size_t kLargest = 16 * 1024;

struct Descriptor {
  const int number;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
};

/// Forgets what was read, also what the optimizer would leave.
struct Secret {
  std::string text;
  ~Secret() { OPENSSL_cleanse(text.data(), text.size()); }
};

std::string why_not(const std::string& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return path + " is no ordinary file";
  if (status.st_uid != geteuid() && status.st_uid != 0)
    return path + " belongs to another user, who could read the authority's key";
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return path + " can be read or changed by others, who could then pretend to be any site: run " +
           "`chmod 600 " + path + "`; if somebody may have read it, make a new authority";
  if (static_cast<size_t>(status.st_size) > kLargest) return path + " is too large for a key";
  return {};
}

}  // namespace

std::expected<PrivateKeyPtr, std::string> read_key_file(const std::string& path) {
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  struct stat status{};
  if (file.number < 0 || fstat(file.number, &status) != 0)
    return std::unexpected(path + " can't be read: " + std::strerror(errno));
  if (std::string why = why_not(path, status); !why.empty()) return std::unexpected(std::move(why));
  Secret secret;
  secret.text.resize(kLargest);
  size_t size = 0;
  for (;;) {
    const ssize_t n = ::read(file.number, secret.text.data() + size, kLargest - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(path + " can't be read: " + std::strerror(errno));
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  const net::BioPtr bio = net::bio_of({secret.text.data(), size});
  // A key with a passphrase is not asked for: nobody is there to answer.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  PrivateKeyPtr key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr)
                        : nullptr);
  ERR_clear_error();
  if (!key) return std::unexpected(path + " has no private key that can be read");
  return key;
}

std::string pem_of(EVP_PKEY* key) {
  const net::BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return {};
  return net::text_in(bio.get());
}

}  // namespace weir::intercept
