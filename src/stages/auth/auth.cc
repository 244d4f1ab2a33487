#include "stages/auth/auth.h"

#include <string>

#include "stages/auth/refusal.h"

namespace weir::auth {

using base::ErrorType;
using http::FieldId;

namespace {

void set_user(http::Request& request, std::string_view user) {
  request.asker = base::make_ref<http::Asker>(request.asker->session, user);
  request.exchange->asker = request.asker;
}

/// Asks the file about a login that is not remembered, or whose file is to be looked at.
async::Task<base::Result<http::Response>> ask(const std::shared_ptr<Login>& login,
                                              const Context& context, http::Request& request,
                                              http::Next next, Credentials credentials,
                                              Print print) {
  auto& loop = async::EventLoop::current();
  std::string user = credentials.user;
  if (login->knows(print, loop.now_ms())) co_await look(login, context);
  if (!login->knows(print, loop.now_ms())) {
    CO_TRY(const bool right, co_await check(login, context, request.session().client.address,
                                            std::move(credentials), print));
    if (!right) {
      request.exchange->set_error(
          base::Error(ErrorType::http_request_denied, 407, "The login is wrong.", "login"));
      co_return challenge(*login, true);
    }
  }
  set_user(request, user);
  co_return co_await next(request);
}

}  // namespace

async::Task<base::Result<http::Response>> Auth::handle(http::Request& request,
                                                       http::Next next) const {
  http::Fields& fields = request.head->fields;
  const Demand& demand = *demands_[request.session().listener];
  const std::shared_ptr<Login>& login = demand.login();
  const http::Field* given = fields.find(FieldId::proxy_authorization);
  const bool may_log_in = login && request.session().depth == 0 && !is_direct(request);
  std::optional<Credentials> credentials;
  if (given && may_log_in && fields.count(FieldId::proxy_authorization) == 1)
    credentials = parse_basic(given->value());
  if (given) fields.remove(FieldId::proxy_authorization);
  if (!credentials) {
    const bool may_pass =
        !login || !request.asker->identity.empty() || demand.exempts(request, *own_);
    return may_pass ? next(request) : refuse(request, *login, *own_);
  }
  // An exempt request's login is checked like any other: an answer to it says as much about a
  // password, and so it has to cost as much.
  const uint64_t now_ms = async::EventLoop::current().now_ms();
  const Print print = login->print_of(*credentials);
  if (!login->knows(print, now_ms) || login->look_is_due(now_ms))
    return ask(login, context_, request, next, *std::move(credentials), print);
  set_user(request, credentials->user);
  return next(request);
}

}  // namespace weir::auth
