// The names that a host's CNAME records lead to.
#pragma once
#include <string>
#include <string_view>

#include "base/kept_text.h"
#include "base/memory.h"
#include "base/ref.h"

namespace weir::http {

/// In the order of the chain, without the host itself; at most 8. Immutable. One worker shares it
/// among its cache of names, connections and exchanges. A null reference stands for none.
class Aliases final : public base::Counted<Aliases>, public base::Pooled {
 public:
  /// `names` are in lower case without a trailing dot, each ended by a newline.
  explicit Aliases(std::string_view names) : names_(names) {}

  /// Calls `each` with every name until it returns false. True if it never did.
  template <class Each>
  bool all(Each each) const {
    for (std::string_view rest = names_; !rest.empty();) {
      const size_t end = rest.find('\n');
      if (!each(rest.substr(0, end))) return false;
      rest.remove_prefix(end + 1);
    }
    return true;
  }

 private:
  const base::KeptText names_;
};

}  // namespace weir::http
