// The authority's generations, as files.
#pragma once
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "intercept/authority.h"

namespace weir::intercept {

/// A generation as people see it.
struct Listed {
  uint32_t number = 0;
  std::string name;
  /// Days, as 2026-12-01.
  std::string from, to;
  /// SHA-256 of the certificate, in pairs of capital letters with colons between.
  std::string fingerprint;
  bool signs = false;
  /// It was made by renew(), and does not sign yet.
  bool prepared = false;
  net::CertificatePtr certificate;
};

/// What is in the folder `ca` of `state_dir`: for each generation N a certificate `weir-ca-N.pem`
/// and its key `weir-ca-N.key`, both 0600, and in `signing` the number of the one that signs. Each
/// file is written whole and renamed; the key is there before the certificate is, and both before
/// they count. Writers wait for each other by a lock. Every call reads the files, and waits for the
/// disk. Errors are sentences for people, which name a path and never have bytes of a key.
class Generations {
 public:
  /// There are no more than this.
  static constexpr uint32_t kMost = 1000;

  explicit Generations(const std::string& state_dir) : folder_(state_dir + "/ca") {}
  const std::string& folder() const { return folder_; }

  /// The generation that signs; null if there is no authority. An error: it is damaged, has
  /// expired, or others can read its key.
  std::expected<std::shared_ptr<const Authority>, std::string> signing() const;
  /// All of them, the oldest first.
  std::expected<std::vector<Listed>, std::string> all() const;

  /// Makes the first one; an error if there is one.
  std::expected<std::shared_ptr<const Authority>, std::string> make_first(std::string_view host,
                                                                          int64_t now_s) const;
  /// Prepares the next one; an error if one is prepared. Returns its number.
  std::expected<uint32_t, std::string> renew(std::string_view host, int64_t now_s) const;
  /// The prepared one signs from now on; an error if there is none. Returns its number.
  std::expected<uint32_t, std::string> switch_over() const;

 private:
  std::string path_of(uint32_t number, std::string_view ending) const;
  /// 0: none does.
  std::expected<uint32_t, std::string> signing_number() const;
  std::expected<std::shared_ptr<const Authority>, std::string> read(uint32_t number) const;
  std::expected<net::CertificatePtr, std::string> read_certificate(uint32_t number) const;
  std::string write(const Authority& authority) const;
  std::expected<std::shared_ptr<const Authority>, std::string> make(uint32_t number,
                                                                    std::string_view host,
                                                                    int64_t now_s) const;

  const std::string folder_;
};

/// A sentence, without a full stop.
std::string no_authority_in(const std::string& folder);
/// This machine's name, for the authority's; empty if it has none.
std::string this_host();
/// For `Listed` and for pages: SHA-256 of the certificate.
std::string fingerprint_of(const X509* certificate);
/// The common name of the certificate.
std::string name_of(const X509* certificate);

}  // namespace weir::intercept
