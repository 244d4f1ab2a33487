// What new requests get while memory is at its limit (docs/design/account.md).
#pragma once
#include "base/account.h"
#include "base/error.h"

namespace weir::http {

/// True while no new request may begin.
inline bool no_memory() {
  return base::Account::stand() >= base::Memory::full;
}

inline base::Error no_memory_error() {
  return {base::ErrorType::connection_limit_reached, "The proxy holds as much memory as it may.",
          "limits.memory"};
}

}  // namespace weir::http
