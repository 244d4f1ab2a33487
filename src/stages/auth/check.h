// Finds out whether a login is right, on threads that may block and may compute for long.
#pragma once
#include <memory>

#include "async/pool.h"
#include "async/task.h"
#include "base/error.h"
#include "base/ip.h"
#include "stages/auth/attempts.h"
#include "stages/auth/basic.h"
#include "stages/auth/login.h"

namespace weir::auth {

/// What checks use that outlives a configuration.
struct Context {
  Attempts& attempts;
  async::PoolPort& pool;
};

/// Waits for a look at the file, for a short while at most: if the pool's threads are busy, what
/// was read before stays in use. `login` and `context` outlive the task, here and below.
async::Task<void> look(const std::shared_ptr<Login>& login, const Context& context);

/// False: the login is wrong; returned after the delay that this costs. An error: the login was not
/// checked, so it may be right.
async::Task<base::Result<bool>> check(const std::shared_ptr<Login>& login, const Context& context,
                                      base::IpAddress client, Credentials credentials, Print print);

}  // namespace weir::auth
