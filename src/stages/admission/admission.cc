#include "stages/admission/admission.h"

#include <utility>

#include "http/no_memory.h"

namespace weir::admission {
namespace {

using base::ErrorType;

base::Error too_many_connections(const http::Session& session) {
  return {ErrorType::connection_limit_reached,
          "There are too many connections from " + session.client.address.text() + ".",
          "limits.connections_per_client"};
}

}  // namespace

base::Error not_served(const base::IpAddress& client) {
  return base::Error(ErrorType::http_request_denied,
                     "This proxy does not serve clients at " + client.text() + ".", "clients")
      .with_remedy(
          "add the address, or a network that holds it, to `clients` of the [[listener]] in the "
          "configuration.");
}

Admission::Why Admission::why_refused(const http::Request& request) const {
  const http::Session& session = request.session();
  if (session.over_limit) return Why::too_many_connections;
  if (context_.refuses && context_.refuses(session)) return Why::not_served;
  // A request with a fault costs no more memory than its answer, which says what is wrong with it.
  return !request.head->fault && http::no_memory() ? Why::no_memory : Why::not_refused;
}

base::Error Admission::refusal(Why why, const http::Session& session) const {
  if (why == Why::too_many_connections) return too_many_connections(session);
  if (why == Why::not_served) return not_served(session.client.address);
  if (context_.refused_for_memory) context_.refused_for_memory();
  return http::no_memory_error();
}

async::Task<base::Result<http::Response>> Admission::handle(http::Request& request,
                                                            http::Next next) const {
  const Why why = why_refused(request);
  if (why == Why::not_refused) return next(request);
  if (request.pins) request.pins->last_exchange();
  return http::fail_with(refusal(why, request.session()));
}

}  // namespace weir::admission
