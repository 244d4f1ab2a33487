// Makes a generation of the authority.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include "intercept/authority.h"

namespace weir::intercept {

/// How long an authority is valid.
inline constexpr int64_t kAuthorityLifeS = 3652LL * 86'400;

/// A new P-256 key, and its certificate (RFC 5280), valid for ten years from two days before
/// `now_s` on, since clients' clocks differ. `host` is this machine's name: it, the date and the
/// number make the authority's name, which no other generation has, or clients would mistake one
/// for the other. Null if OpenSSL fails.
std::shared_ptr<const Authority> new_authority(uint32_t generation, std::string_view host,
                                               int64_t now_s);

}  // namespace weir::intercept
