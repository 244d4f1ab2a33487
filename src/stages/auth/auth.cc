#include "stages/auth/auth.h"

#include <exception>

namespace weir::auth {

using base::ErrorType;
using http::FieldId;
using http::TargetForm;

namespace {

/// Looks at the file.
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
  Check(std::shared_ptr<const Users> users, Credentials credentials) : users(std::move(users)), credentials(std::move(credentials)) {}
  void run() override {
    try {
      right = users->check(credentials.user, credentials.password);
    } catch (const std::exception&) {
      right = false;
    }
  }
  const std::shared_ptr<const Users> users;
  const Credentials credentials;
  bool right = false;
};

constexpr uint64_t kStepMs = 100;

}  // namespace

http::Response Auth::challenge(bool wrong) const {
  http::Response response = http::text_response(407, "text/plain; charset=utf-8",
                                                wrong ? "This proxy does not know that name with that password.\n"
                                                      : "This proxy asks for a name and a password. Give them to your client with the proxy's address.\n");
  response.head->fields.add(FieldId::proxy_authenticate, "Basic realm=\"" + login_->realm() + "\", charset=\"UTF-8\"");
  return response;
}

async::Task<base::Result<http::Response>> Auth::handle(http::Request request, http::Next next) const {
  http::Fields& fields = request.head->fields;
  const http::Session& session = *request.session;
  const TargetForm form = request.head->target.form;
  const http::Field* given = fields.find(FieldId::proxy_authorization);
  if (!login_ || session.depth > 0 || form == TargetForm::origin || form == TargetForm::asterisk) {
    if (given) fields.remove(FieldId::proxy_authorization);
    if (!session.identity.empty()) request.exchange->identity = session.identity;
    return next(std::move(request));
  }
  std::optional<Credentials> credentials;
  if (given && fields.count(FieldId::proxy_authorization) == 1) credentials = parse_basic(given->value());
  if (given) fields.remove(FieldId::proxy_authorization);
  if (!credentials) return http::answer(challenge(false));
  const uint64_t now_ms = async::EventLoop::current().now_ms();
  const bool look = login_->look_is_due(now_ms);
  if (look || !login_->knows(*credentials, now_ms)) return ask(std::move(request), next, *std::move(credentials), look);
  request.exchange->identity = credentials->user;
  return next(std::move(request));
}

async::Task<base::Result<http::Response>> Auth::ask(http::Request request, http::Next next, Credentials credentials, bool look) const {
  std::string user = credentials.user;
  CO_TRY(const bool right, co_await check(request.session->client.address, std::move(credentials), look));
  if (!right) {
    request.exchange->set_error(base::Error(ErrorType::http_request_denied, 407, "the login is wrong", "login"));
    co_return challenge(true);
  }
  request.exchange->identity = user;
  co_return co_await next(std::move(request));
}

async::Task<base::Result<bool>> Auth::check(base::IpAddress client, Credentials credentials, bool look) const {
  auto& loop = async::EventLoop::current();
  if (look) {
    // Where the pool is full what was read before holds a little longer.
    auto looked = context_.pool.done(std::make_shared<Look>(login_));
    (void)co_await looked;
    if (login_->knows(credentials, loop.now_ms())) co_return true;
  }
  const uint64_t started_ms = loop.now_ms();
  Attempts::Place place = context_.attempts.enter(client, started_ms);
  if (!place) {
    // A browser comes with many connections at once: one that is checked already may have the same password.
    while (loop.now_ms() < started_ms + Attempts::kDelayMs) {
      async::Sleep nap(loop.now_ms() + kStepMs);
      co_await nap;
      if (login_->knows(credentials, loop.now_ms())) co_return true;
    }
    co_return false;
  }
  const auto work = std::make_shared<Check>(login_->users(), std::move(credentials));
  auto checked = context_.pool.done(work);
  if (!co_await checked) {
    place.right();
    co_return base::fail(ErrorType::connection_limit_reached, 503, "There are too many logins at once; try again in a moment.", "login");
  }
  if (work->right) {
    place.right();
    login_->remember(work->users, work->credentials, loop.now_ms());
    co_return true;
  }
  async::Sleep nap(started_ms + Attempts::kDelayMs);
  if (loop.now_ms() < started_ms + Attempts::kDelayMs) co_await nap;
  co_return false;
}

}  // namespace weir::auth
