#include "stages/auth/check.h"

#include <algorithm>
#include <exception>

#include "async/signal.h"
#include "base/clock.h"

namespace weir::auth {

using base::ErrorType;

namespace {

/// Reads the password file again if it has changed.
struct Look final : async::Work {
  explicit Look(std::shared_ptr<Login> login) : login(std::move(login)) {}
  void run() override {
    try {
      login->look();
    } catch (const std::exception&) {
      // Out of memory: what was read before stays.
    }
  }
  const std::shared_ptr<Login> login;
};

struct Check final : async::Work {
  enum class Result : uint8_t { unchecked, right, wrong };

  Check(std::shared_ptr<Login> login, Credentials credentials, Print print)
      : login(std::move(login)), credentials(std::move(credentials)), print(print) {}
  void run() override {
    try {
      // A look costs nothing beside a hash, and makes sure that a new password is checked in the
      // new file.
      login->look();
      // While this check waited, another one may have found the same login right.
      if (login->knows(print, base::monotonic_ms())) {
        result = Result::right;
        return;
      }
      bool right = false;
      std::shared_ptr<const Users> users, looked_at;
      // Check once more if the file was read again meanwhile.
      for (int i = 0; i < 2 && !right && (users = login->users()) != looked_at; ++i) {
        right = users->check(credentials.user, credentials.password);
        looked_at = users;
      }
      if (right) login->remember(looked_at, print, base::monotonic_ms());
      result = right ? Result::right : Result::wrong;
    } catch (const std::exception&) {
      // Out of memory: the login stays unchecked.
    }
  }
  const std::shared_ptr<Login> login;
  const Credentials credentials;
  const Print print;
  Result result = Result::unchecked;
};

constexpr uint64_t kStepMs = 50;
/// Longest time that a login waits to be checked.
constexpr uint64_t kLongestWaitMs = 10'000;
constexpr uint64_t kLongestLookMs = 500;

async::Task<bool> nap(uint64_t until_ms) {
  async::Sleep sleep(until_ms);
  co_await sleep;
  co_return true;
}

async::Task<bool> done(async::PoolPort& pool, std::shared_ptr<Look> work) {
  // Goes before all hashes in the queue: it comes once a second, and costs a system call or two.
  auto looked = pool.done_first(std::move(work));
  co_return co_await looked;
}

}  // namespace

async::Task<void> look(const std::shared_ptr<Login>& login, const Context& context) {
  auto looked = done(context.pool, std::make_shared<Look>(login));
  auto waited = nap(async::EventLoop::current().now_ms() + kLongestLookMs);
  (void)co_await async::first_of(std::move(looked), std::move(waited));
}

async::Task<base::Result<bool>> check(const std::shared_ptr<Login>& login, const Context& context,
                                      base::IpAddress client, Credentials credentials,
                                      Print print) {
  auto& loop = async::EventLoop::current();
  const uint64_t started_ms = loop.now_ms();
  const auto work = std::make_shared<Check>(login, std::move(credentials), print);
  uint64_t longest_ms = Attempts::kDelayMs;
  Attempts::Part part;
  for (;;) {
    const uint64_t now_ms = loop.now_ms();
    if (login->knows(print, now_ms)) co_return true;
    if (!part) part = context.attempts.join(client, work->credentials.user, print, now_ms);
    if (part) longest_ms = kLongestWaitMs;
    const Attempts::Stand stand = part ? part.stand(now_ms) : Attempts::Stand::waits;
    if (stand == Attempts::Stand::checks) {
      auto checked = context.pool.done(work);
      const bool taken = co_await checked;
      if (taken && work->result == Check::Result::wrong) {
        part.wrong();
        async::Sleep delay(part.until_ms());
        co_await delay;
        co_return false;
      }
      part.free();
      if (taken && work->result == Check::Result::right) co_return true;
      if (taken) break;
    } else if (stand == Attempts::Stand::wrong) {
      async::Sleep delay(std::max(part.until_ms(), started_ms + Attempts::kDelayMs));
      co_await delay;
      co_return false;
    } else if (stand == Attempts::Stand::over) {
      part = Attempts::Part();
    }
    // A login that finds no room to wait is held for as long as a wrong one: an answer at once
    // would be a cheap way to find out whether somebody has logged in with this name and password.
    if (loop.now_ms() >= started_ms + longest_ms) break;
    async::Sleep step(loop.now_ms() + kStepMs);
    co_await step;
  }
  co_return base::fail(ErrorType::connection_limit_reached,
                       "The proxy has too many logins to check at once. This one was not looked "
                       "at, and may be right.",
                       "login");
}

}  // namespace weir::auth
