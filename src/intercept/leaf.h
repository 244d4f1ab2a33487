// The certificates by which Weir is, for a client, the server that it asked for.
#pragma once
#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/account.h"
#include "base/hash.h"
#include "intercept/authority.h"

namespace weir::intercept {

/// One name, signed by the authority, and the key that all leaves of an authority share. Immutable;
/// any thread.
struct Leaf {
  net::CertificatePtr certificate;
  /// Names the sessions that may be resumed with it (net::ServerIdentity): those of the same name
  /// and authority. It does not matter when the leaf was made.
  std::array<unsigned char, 32> sessions{};
  int64_t valid_to_s = 0;
};

/// In seconds since 1970.
struct Times {
  int64_t now_s = 0;
  /// Of the origin's certificate: the leaf is valid for no longer. 0: not known.
  int64_t origin_from_s = 0, origin_to_s = 0;
};

/// Makes leaves and keeps the last ones. One per authority; shared by all workers.
class Leaves {
 public:
  static constexpr size_t kMost = 4096;
  /// Clients' clocks differ.
  static constexpr int64_t kBackdatedS = 2 * 86'400;
  static constexpr int64_t kLongestS = 30 * 86'400;

  /// Null if OpenSSL fails.
  static std::shared_ptr<Leaves> make(std::shared_ptr<const Authority> authority);

  /// The leaf for `name`: a host in lower case, or an address if `literal`. Null if OpenSSL fails.
  /// Some 50 us where it is not kept.
  std::shared_ptr<const Leaf> leaf_for(std::string_view name, bool literal, const Times& times);
  EVP_PKEY* key() const { return key_.get(); }
  const std::shared_ptr<const Authority>& authority() const { return authority_; }

 private:
  struct Extensions;
  struct Kept {
    std::string name;
    std::shared_ptr<const Leaf> leaf;
  };
  using KeptList = std::list<Kept, base::Charged<Kept>>;

  explicit Leaves(std::shared_ptr<const Authority> authority);
  std::shared_ptr<const Leaf> kept(std::string_view name, int64_t now_s);
  void keep(std::string_view name, const std::shared_ptr<const Leaf>& leaf);
  void name_sessions(const std::string& name, Leaf& leaf) const;
  net::CertificatePtr mint(const std::string& name, bool literal, const Times& times) const;

  const std::shared_ptr<const Authority> authority_;
  PrivateKeyPtr key_;
  /// Those that all leaves have, encoded once.
  std::shared_ptr<const Extensions> extensions_;
  std::mutex mutex_;
  KeptList list_;  // Used last first.
  std::unordered_map<std::string_view, KeptList::iterator, base::TextHash, std::equal_to<>,
                     base::Charged<std::pair<const std::string_view, KeptList::iterator>>>
      places_;
};

}  // namespace weir::intercept
