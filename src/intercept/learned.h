// What Weir has learned about where opening does not work (docs/design/opening.md).
#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/opening.h"
#include "intercept/remembered.h"

namespace weir::intercept {

/// A program of a client, which wants to speak to a host. The client is an identity or an address;
/// the shape is that of the program's ClientHello: one device has programs that trust the authority
/// and others that do not.
struct Party {
  std::string_view client, host;
  uint64_t shape = 0;
  /// Host and port of the CONNECT.
  std::string_view place = {};
};

/// A line of the report.
struct Finding {
  std::string client;  // Empty: it is about the host, whoever asks.
  std::string host;    // Empty: it is about all hosts.
  http::Aside aside = http::Aside::none;
  uint8_t alert = 0;
  uint64_t age_ms = 0;
};

/// Of one client.
struct LastTunnel {
  std::string host;
  http::TlsInside tls = http::TlsInside::none;
  http::Aside aside = http::Aside::none;
};

/// Shared by all workers; any thread. Everything is forgotten after a day.
class Learned {
 public:
  static constexpr uint64_t kLifeMs = 24ULL * 3600 * 1000;
  static constexpr size_t kMost = 4096, kMostOfClient = 512;
  /// A program that has refused Weir's certificates for so many hosts, and taken none, does not
  /// know the authority.
  static constexpr size_t kHostsWithoutAuthority = 5;

  /// Why that is not to be opened; `none` if nothing speaks against it.
  http::Aside reason(const Party& party, uint64_t now_ms);

  /// The client has ended the connection because of the certificate: surely, or as it seems.
  enum class Sureness : uint8_t { sure, likely };
  void rejected(const Party& party, Sureness sureness, uint8_t alert, uint64_t now_ms);
  /// What it says inside is not HTTP.
  void speaks_otherwise(const Party& party, uint64_t now_ms);
  /// It has sent content: it trusts the authority.
  void accepted(const Party& party, uint64_t now_ms);
  /// What is known of the host at that place (host and port of the CONNECT), whoever asks. Found
  /// out by Weir's own handshake there: what a client says or sends tells nothing about a host.
  void host_is(std::string_view host, std::string_view place, http::Aside aside,
               std::string_view client, uint64_t now_ms);
  /// That program has accepted a certificate for some host.
  bool has_accepted(const Party& party, uint64_t now_ms);
  /// Some program of that client has accepted a certificate.
  bool trusts(std::string_view client, uint64_t now_ms);
  /// What became of the TLS in that client's newest tunnel.
  void tunnel_was(std::string_view client, std::string_view host, http::TlsInside tls,
                  http::Aside aside, uint64_t now_ms);
  /// `tls` is none: nothing is known.
  LastTunnel last_tunnel(std::string_view client, uint64_t now_ms);
  /// The authority is another one: what clients said of the old one means nothing.
  void forget_clients();
  /// Clients may have been set up since: what they refused is to be tried again.
  void forget_refusals();

  /// Newest first, at most `most`.
  std::vector<Finding> findings(uint64_t now_ms, size_t most);

 private:
  /// Parts of the evidence that is needed.
  static constexpr uint32_t kEnough = 6, kLikelyAmongOthers = 2;
  struct Refusal {
    std::string client, host;
    uint32_t evidence = 0;
    http::Aside aside = http::Aside::rejected;
    uint8_t alert = 0;
  };
  struct Program {
    std::string client;
    size_t refused_hosts = 0;
    bool accepted = false;
  };
  struct Trust {};
  struct About {
    std::string host;
    http::Aside aside = http::Aside::none;
  };
  template <class Value>
  static Remembered<Value> table() {
    return Remembered<Value>({kMost, kMostOfClient, kLifeMs});
  }

  std::mutex mutex_;
  Remembered<Refusal> refusals_ = table<Refusal>();
  Remembered<Program> programs_ = table<Program>();
  Remembered<Trust> trusts_ = table<Trust>();
  Remembered<About> hosts_ = table<About>();
  Remembered<LastTunnel> last_ = table<LastTunnel>();
};

}  // namespace weir::intercept
