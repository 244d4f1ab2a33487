// What OpenSSL holds counts against the limit of memory.
#pragma once

namespace weir::net {

/// From now on base::Account is charged for each piece of memory that OpenSSL takes (Holding::tls).
/// Before the first use of OpenSSL; later it has no effect.
void charge_for_tls() noexcept;

}  // namespace weir::net
