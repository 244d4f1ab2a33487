// Policy's decision on a request, checked again wherever more is known.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/ip.h"
#include "base/memory.h"
#include "base/ref.h"
#include "http/opening.h"
#include "http/verdict.h"

namespace weir::http {

class Aliases;
class Exchange;
class RequestHead;
class ResponseHead;

/// What policy decided about a request that it let pass. Immutable. It is asked again at each point
/// where more is known; the later points can only refuse more. Used on one worker's thread.
class Decision : public base::Counted<Decision>, public base::Pooled {
 public:
  virtual ~Decision() = default;

  /// A number that no other decision of this worker has, never 0. So whoever remembers what a
  /// decision answered, under this number, remembers it for the same asker, target and rules.
  uint64_t id() const { return id_; }
  /// Rises whenever the rules change, or anything else that decisions depend on. A decision of an
  /// earlier generation is asked again (proxy/policy_review.h).
  virtual uint64_t generation() const { return 0; }
  /// What the rules said of the request; null if they said nothing.
  virtual base::Ref<const Verdict> verdict() const { return {}; }

  /// Asked about each address right before Weir connects to it, and about the peer's address each
  /// time the request gets a connection that was opened before.
  virtual base::Result<void> check_address(base::AddressSource source,
                                           const base::IpAddress& address, uint16_t port) const = 0;
  /// Asked about the names that the host's CNAME records lead to, wherever its addresses are asked
  /// about.
  virtual base::Result<void> check_aliases(const Aliases& aliases) const {
    (void)aliases;
    return {};
  }
  /// Asked again, of each request that gets a connection to `peer`, about what more is known then.
  virtual base::Result<void> check_aliases(const Aliases& aliases, const base::IpAddress& peer,
                                           const RequestHead& head, bool websocket) const {
    (void)aliases;
    (void)peer;
    (void)head;
    (void)websocket;
    return {};
  }
  /// The request is refused with this error, and was let pass only so that a tunnel can be opened
  /// in which the client reads so: nothing may be connected to. Null: it is not refused.
  virtual const base::Error* refusal_to_show() const { return nullptr; }
  /// True if the owner's rules may say something about the name in a tunnel's ClientHello. Then
  /// what begins as TLS and can't be read must not pass.
  virtual bool asks_server_names() const { return false; }
  /// Asked about the server name of a ClientHello in a tunnel, before the tunnel goes on. `name` is
  /// in lower case; empty if the ClientHello has none. Where asks_server_names(), this is also
  /// asked about the host that relayed HTTP begins with. What the rules say now becomes the
  /// exchange's verdict.
  virtual base::Result<void> check_server_name(std::string_view name, Exchange& exchange) const {
    (void)name;
    (void)exchange;
    return {};
  }
  /// Asked, after check_server_name has let that name pass, what is to be done with the TLS in a
  /// CONNECT's tunnel. `encrypted`: the ClientHello has an encrypted_client_hello extension (RFC
  /// 9849), so that the name may be that of a front. Also asked before any ClientHello has come,
  /// with an empty name, by those who prepare for one.
  virtual Opening opening(std::string_view name, bool encrypted) const {
    (void)name;
    (void)encrypted;
    return {};
  }
  /// Asked about the head of the final response, as the origin sent it, before any of it goes to
  /// the client. Sets the exchange's verdict and allowance.
  virtual base::Result<void> check_response(const ResponseHead& head, Exchange& exchange) const {
    (void)head;
    (void)exchange;
    return {};
  }

 private:
  static uint64_t next_id() {
    thread_local uint64_t last = 0;
    return ++last;
  }
  const uint64_t id_ = next_id();
};

}  // namespace weir::http
