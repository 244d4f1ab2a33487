// What the owner wants done with the TLS that a tunnel carries.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/kept_text.h"

namespace weir::http {

/// What became of the TLS in a tunnel.
enum class TlsInside : uint8_t {
  none,       // There was none.
  tunnelled,  // Relayed as it came.
  opened,
  rejected,  // Weir opened it, and the client did not accept the certificate.
};

inline constexpr size_t kTlsInsides = 4;
/// As the log has it; null for `none`.
constexpr const char* word_of(TlsInside tls) {
  constexpr const char* kWords[] = {nullptr, "tunnelled", "opened", "rejected"};
  return kWords[static_cast<size_t>(tls)];
}

/// Why a tunnel is relayed, or denied, that should have been opened: nobody's fault.
enum class Aside : uint8_t {
  none,
  rejected,            // The client does not accept Weir's certificate for that host.
  no_authority,        // The client accepts it for no host.
  client_certificate,  // The origin asks for a certificate of the client's.
  no_protocol,         // Client, origin and Weir speak none in common (RFC 7301).
  not_http,            // What is inside is not HTTP.
  bad_origin,          // Nobody can verify the origin: the client judges.
};
inline constexpr size_t kAsides = 7;
/// As the log has it; null for `none`.
constexpr const char* word_of(Aside aside) {
  constexpr const char* kWords[] = {nullptr,       "rejected", "no_authority", "client_certificate",
                                    "no_protocol", "not_http", "bad_origin"};
  return kWords[static_cast<size_t>(aside)];
}

/// The word of the rules on one ClientHello (docs/guide/https.md).
struct Opening {
  /// Weir shall open it and serve the requests inside.
  bool open = false;
  /// The rules can only decide by what is inside: if it can't be opened, it must not pass.
  bool needed = false;
  /// The ClientHello has to name the host that CONNECT named.
  bool match_name = false;
  /// If it can't be opened, for a reason that is nobody's fault, it is relayed; else it is denied.
  bool step_aside = true;
  /// An origin on a public address whose certificate can't be verified is relayed too, so that the
  /// client judges it.
  bool relay_bad_origin = false;
  /// What said so, for whoever explains: a rule's name, `intercept.hosts`, `bypass:KIND`. Empty:
  /// nothing asks for opening.
  base::KeptText why = {};
};

}  // namespace weir::http
