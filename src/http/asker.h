// Who makes a request.
#pragma once
#include <utility>

#include "base/kept_text.h"
#include "base/memory.h"
#include "base/ref.h"
#include "http/session.h"

namespace weir::http {

/// Who makes a request: the client's connection or the tunnel that it came through, and the user.
/// Immutable, so what was decided for an asker stays true for it. Requests of one session share an
/// asker as long as nobody logs in; auth replaces a request's asker by one with the user's name.
struct Asker final : base::Counted<Asker>, base::Pooled {
  explicit Asker(base::Ref<const Session> session, base::KeptText identity = {})
      : session(std::move(session)), identity(std::move(identity)) {}

  const base::Ref<const Session> session;
  /// The authenticated user. No spaces and no control characters; empty if no login was required.
  const base::KeptText identity;
};

}  // namespace weir::http
