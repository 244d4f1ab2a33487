#include "stages/auth/auth.h"

#include <algorithm>
#include <exception>

#include "async/signal.h"
#include "base/clock.h"

namespace weir::auth {

using base::ErrorType;
using http::FieldId;
using http::TargetForm;

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

void set_user(http::Request& request, std::string_view user) {
  request.asker = base::make_ref<http::Asker>(request.asker->session, user);
  request.exchange->asker = request.asker;
}

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

http::Response Auth::challenge(bool wrong) const {
  http::Response response =
      http::text_response(407, "text/plain; charset=utf-8",
                          wrong ? "This proxy does not know that name with that password.\n"
                                : "This proxy asks for a name and a password. Give them to your "
                                  "client with the proxy's address.\n");
  response.head->fields.add(FieldId::proxy_authenticate,
                            "Basic realm=\"" + login_->realm() + "\", charset=\"UTF-8\"");
  return response;
}

async::Task<base::Result<http::Response>> Auth::handle(http::Request& request,
                                                       http::Next next) const {
  http::Fields& fields = request.head->fields;
  const http::Session& session = request.session();
  const TargetForm form = request.head->target.form;
  const http::Field* given = fields.find(FieldId::proxy_authorization);
  if (!login_ || session.depth > 0 || form == TargetForm::origin || form == TargetForm::asterisk) {
    if (given) fields.remove(FieldId::proxy_authorization);
    return next(request);
  }
  std::optional<Credentials> credentials;
  if (given && fields.count(FieldId::proxy_authorization) == 1)
    credentials = parse_basic(given->value());
  if (given) fields.remove(FieldId::proxy_authorization);
  if (!credentials) return http::answer(challenge(false));
  const uint64_t now_ms = async::EventLoop::current().now_ms();
  const Print print = login_->print_of(*credentials);
  if (!login_->knows(print, now_ms) || login_->look_is_due(now_ms))
    return ask(request, next, *std::move(credentials), print);
  set_user(request, credentials->user);
  return next(request);
}

async::Task<base::Result<http::Response>> Auth::ask(http::Request& request, http::Next next,
                                                    Credentials credentials, Print print) const {
  auto& loop = async::EventLoop::current();
  std::string user = credentials.user;
  if (login_->knows(print, loop.now_ms())) co_await look();
  if (!login_->knows(print, loop.now_ms())) {
    CO_TRY(const bool right,
           co_await check(request.session().client.address, std::move(credentials), print));
    if (!right) {
      request.exchange->set_error(
          base::Error(ErrorType::http_request_denied, 407, "The login is wrong.", "login"));
      co_return challenge(true);
    }
  }
  set_user(request, user);
  co_return co_await next(request);
}

async::Task<void> Auth::look() const {
  auto looked = done(context_.pool, std::make_shared<Look>(login_));
  auto waited = nap(async::EventLoop::current().now_ms() + kLongestLookMs);
  (void)co_await async::first_of(std::move(looked), std::move(waited));
}

async::Task<base::Result<bool>> Auth::check(base::IpAddress client, Credentials credentials,
                                            Print print) const {
  auto& loop = async::EventLoop::current();
  const uint64_t started_ms = loop.now_ms();
  const auto work = std::make_shared<Check>(login_, std::move(credentials), print);
  uint64_t longest_ms = Attempts::kDelayMs;
  Attempts::Part part;
  for (;;) {
    const uint64_t now_ms = loop.now_ms();
    if (login_->knows(print, now_ms)) co_return true;
    if (!part) part = context_.attempts.join(client, work->credentials.user, print, now_ms);
    if (part) longest_ms = kLongestWaitMs;
    const Attempts::Stand stand = part ? part.stand(now_ms) : Attempts::Stand::waits;
    if (stand == Attempts::Stand::checks) {
      auto checked = context_.pool.done(work);
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
