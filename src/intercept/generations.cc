#include "intercept/generations.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>

#include "base/whole_file.h"
#include "intercept/key_file.h"
#include "intercept/new_authority.h"
#include "net/tls/pem_text.h"

namespace weir::intercept {

using std::unexpected;

namespace {

constexpr size_t kLargest = 64 * 1024;

/// Makes the folder, and lets one writer at a time work in it.
class Lock {
 public:
  explicit Lock(const std::string& folder) {
    if (mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
      why_ = folder + " can't be made: " + std::strerror(errno);
      return;
    }
    const std::string path = folder + "/lock";
    file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (file_ < 0 || flock(file_, LOCK_EX) != 0)
      why_ = path + " can't be locked: " + std::strerror(errno);
  }
  Lock(const Lock&) = delete;
  ~Lock() {
    if (file_ >= 0) close(file_);
  }
  const std::string& why_not() const { return why_; }

 private:
  int file_ = -1;
  std::string why_;
};

std::string day_of(const ASN1_TIME* at) {
  std::tm parts{};
  char text[16];
  if (ASN1_TIME_to_tm(at, &parts) != 1) return "?";
  return std::string(text, strftime(text, sizeof text, "%Y-%m-%d", &parts));
}

}  // namespace

std::string no_authority_in(const std::string& folder) {
  return "there is no authority in " + folder + ": `weir ca init` makes one";
}

std::string this_host() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

std::string fingerprint_of(const X509* certificate) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  unsigned char digest[SHA256_DIGEST_LENGTH];
  unsigned size = 0;
  std::string text;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) return text;
  for (const unsigned char byte : digest) {
    if (!text.empty()) text += ':';
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return text;
}

std::string name_of(const X509* certificate) {
  char name[128] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  return name;
}

std::string Generations::path_of(uint32_t number, std::string_view ending) const {
  return folder_ + "/weir-ca-" + std::to_string(number) + std::string(ending);
}

std::expected<uint32_t, std::string> Generations::signing_number() const {
  const std::string path = folder_ + "/signing";
  std::string why;
  const auto text = base::read_whole_file(path, kLargest, why);
  if (!text && why.empty()) return 0;
  if (!text) return unexpected(path + " can't be read: " + why);
  uint32_t number = 0;
  const char* const end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, number);
  if (read.ec != std::errc() || number == 0 || number > kMost ||
      std::string_view(read.ptr, end) != "\n")
    return unexpected(path + " does not say which generation signs");
  return number;
}

std::expected<net::CertificatePtr, std::string> Generations::read_certificate(
    uint32_t number) const {
  const std::string path = path_of(number, ".pem");
  std::string why;
  const auto text = base::read_whole_file(path, kLargest, why);
  if (!text && why.empty()) return nullptr;
  if (!text) return unexpected(path + " can't be read: " + why);
  auto certificate = net::certificate_in(*text);
  if (!certificate) return unexpected(path + " has no certificate that can be read");
  return certificate;
}

std::expected<std::shared_ptr<const Authority>, std::string> Generations::read(
    uint32_t number) const {
  auto certificate = read_certificate(number);
  if (!certificate) return unexpected(std::move(certificate).error());
  if (!*certificate) return unexpected(path_of(number, ".pem") + " is not there");
  auto key = read_key_file(path_of(number, ".key"));
  if (!key) return unexpected(std::move(key).error());
  if (X509_check_private_key(certificate->get(), key->get()) != 1)
    return unexpected(path_of(number, ".key") + " is not the key of " + path_of(number, ".pem"));
  if (X509_cmp_current_time(X509_get0_notAfter(certificate->get())) < 0)
    return unexpected(path_of(number, ".pem") + " has expired: `weir ca renew`, give the new one " +
                      "to all clients, then `weir ca switch`");
  return std::make_shared<const Authority>(number, *std::move(certificate), *std::move(key));
}

std::expected<std::shared_ptr<const Authority>, std::string> Generations::signing() const {
  const auto number = signing_number();
  if (!number) return unexpected(number.error());
  if (*number == 0) return nullptr;
  return read(*number);
}

std::expected<std::vector<Listed>, std::string> Generations::all() const {
  const auto signs = signing_number();
  if (!signs) return unexpected(signs.error());
  std::vector<Listed> found;
  for (uint32_t number = 1; *signs != 0 && number <= *signs + 1; ++number) {
    auto certificate = read_certificate(number);
    if (!certificate) return unexpected(std::move(certificate).error());
    X509* const known = certificate->get();
    if (!known) continue;
    found.push_back({number, name_of(known), day_of(X509_get0_notBefore(known)),
                     day_of(X509_get0_notAfter(known)), fingerprint_of(known), number == *signs,
                     number > *signs, *std::move(certificate)});
  }
  return found;
}

std::string Generations::write(const Authority& authority) const {
  const std::string key = pem_of(authority.key());
  const std::string certificate = net::pem_of(authority.certificate());
  if (key.empty() || certificate.empty()) return "OpenSSL could not write the authority";
  for (const auto& [ending, text] : {std::pair(".key", &key), std::pair(".pem", &certificate)}) {
    const std::string path = path_of(authority.generation(), ending);
    if (std::string why = base::replace_file(path, *text); !why.empty()) return why;
  }
  return {};
}

std::expected<std::shared_ptr<const Authority>, std::string> Generations::make(
    uint32_t number, std::string_view host, int64_t now_s) const {
  if (number > kMost) return unexpected("there are too many generations in " + folder_);
  auto made = new_authority(number, host, now_s);
  if (!made) return unexpected(std::string("OpenSSL could not make an authority"));
  if (std::string why = write(*made); !why.empty()) return unexpected(std::move(why));
  return made;
}

std::expected<std::shared_ptr<const Authority>, std::string> Generations::make_first(
    std::string_view host, int64_t now_s) const {
  const Lock lock(folder_);
  if (!lock.why_not().empty()) return unexpected(lock.why_not());
  const auto number = signing_number();
  if (!number) return unexpected(number.error());
  if (*number != 0)
    return unexpected("there is an authority in " + folder_ + "; `weir ca renew` prepares another");
  auto made = make(1, host, now_s);
  if (!made) return made;
  const std::string path = folder_ + "/signing";
  if (std::string why = base::replace_file(path, "1\n"); !why.empty())
    return unexpected(std::move(why));
  return made;
}

std::expected<uint32_t, std::string> Generations::renew(std::string_view host,
                                                        int64_t now_s) const {
  if (access(folder_.c_str(), F_OK) != 0) return unexpected(no_authority_in(folder_));
  const Lock lock(folder_);
  if (!lock.why_not().empty()) return unexpected(lock.why_not());
  const auto number = signing_number();
  if (!number) return unexpected(number.error());
  if (*number == 0) return unexpected(no_authority_in(folder_));
  const auto next = read_certificate(*number + 1);
  if (!next) return unexpected(next.error());
  if (*next)
    return unexpected("generation " + std::to_string(*number + 1) +
                      " is prepared already: `weir ca switch` makes it sign");
  auto made = make(*number + 1, host, now_s);
  if (!made) return unexpected(std::move(made).error());
  return *number + 1;
}

std::expected<uint32_t, std::string> Generations::switch_over() const {
  if (access(folder_.c_str(), F_OK) != 0) return unexpected(no_authority_in(folder_));
  const Lock lock(folder_);
  if (!lock.why_not().empty()) return unexpected(lock.why_not());
  const auto number = signing_number();
  if (!number) return unexpected(number.error());
  const auto next = read_certificate(*number + 1);
  if (!next) return unexpected(next.error());
  if (*number == 0 || !*next)
    return unexpected(std::string("no next generation is prepared: `weir ca renew` makes one"));
  if (auto whole = read(*number + 1); !whole) return unexpected(std::move(whole).error());
  const std::string path = folder_ + "/signing";
  if (std::string why = base::replace_file(path, std::to_string(*number + 1) + "\n"); !why.empty())
    return unexpected(std::move(why));
  return *number + 1;
}

}  // namespace weir::intercept
