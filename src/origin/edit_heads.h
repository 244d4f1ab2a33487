// The edits that forwarding makes to heads. Pure.
#pragma once
#include <array>
#include <string>
#include <string_view>

#include "http/hop_by_hop.h"
#include "http/outgoing_head.h"
#include "http/stage.h"

namespace weir::origin {

/// Our entry in Via for a message (RFC 9110, 7.6.3), by the version that it arrived in. The texts
/// outlive the heads: exchanges keep their stages alive.
class ViaName {
 public:
  explicit ViaName(const std::string& name)
      : texts_{entry(http::Version::http_1_0, name), entry(http::Version::http_1_1, name),
               entry(http::Version::http_2, name)} {}
  std::string_view text(http::Version version) const {
    return texts_[static_cast<size_t>(version)];
  }

 private:
  static std::string entry(http::Version version, const std::string& name) {
    return std::string(received_protocol_of(version)) + ' ' + name;
  }
  const std::array<std::string, 3> texts_;
};

/// Room for texts that the edits of one request's head point to.
struct EditSpace {
  char digits[24];
};
/// The request's head as the origin gets it. `space` outlives the result.
http::OutgoingHead head_for_origin(const http::Request& request, const ViaName& via,
                                   EditSpace& space);

/// Edits the head of a final response into the form that the client gets. `origin` names the origin
/// in errors. An error: the response can't be passed on.
base::Result<http::HopByHop> edit_for_client(http::ResponseHead& head, const ViaName& via,
                                             std::string_view origin);

/// True if one of these fields has a scheme that authenticates a connection instead of a request:
/// NTLM or Negotiate (RFC 4559; RFC 9110, 11.6.1 warns of them).
bool any_connection_scheme(const http::Fields& fields, http::FieldId id);

}  // namespace weir::origin
