// What the owner wants done with the TLS that a tunnel carries.
#pragma once
#include "base/kept_text.h"

namespace weir::http {

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
  /// What said so, for the log: a rule's name, `intercept.hosts`, `bypass:KIND`. Empty: nothing
  /// asks for opening.
  base::KeptText why = {};
};

}  // namespace weir::http
