// The whole engine on one thread: a loop, the real stages, pool and connector, clients and origins.
#pragma once
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/event_loop.h"
#include "async/mailbox.h"
#include "async/pool.h"
#include "engine/client.h"
#include "engine/mux_peer.h"
#include "engine/origin.h"
#include "net/dns/resolver.h"
#include "origin/connect/connector.h"
#include "origin/pool/pool.h"
#include "proxy/errand.h"
#include "proxy/pipeline.h"
#include "server/http1/session.h"
#include "stages/auth/attempts.h"

namespace weir::engine {

/// The contents of an exchange's record.
struct Record {
  uint16_t client = 0;  // Client::id
  std::string line;     // Method and target.
  int status = 0;
  std::string ended;  // `complete`, a reason, or an error's name.
  uint64_t sent = 0;
  uint64_t received = 0;
  bool reused = false;
};

class TestJournal final : public http::Journal {
 public:
  void record(const http::Exchange& exchange) override;
  std::vector<Record> records;
};

/// Answers /to/AUTHORITY/PATH with a restart to that target, and /loop with a restart to itself.
/// Takes the place of a future stage that rewrites targets.
class Rewrite final : public http::Stage {
 public:
  async::Task<base::Result<http::Response>> handle(http::Request& request,
                                                   http::Next next) const override;
};

struct Options {
  /// Address of the harness's first origin. Each storm uses another one, so that ports don't run
  /// out.
  base::IpAddress origin = base::IpAddress::v4(127, 0, 0, 1);
  /// `name address` lines: a hosts file.
  std::string hosts;
  bool private_allowed = true;
  /// What Weir's own requests may reach.
  policy::Config house;
  bool rewrites = false;
  /// Makes a stage that stands right before the one that forwards.
  std::function<std::unique_ptr<const http::Stage>()> before_forward;
  /// For the pipelines that reload() makes; null: no login is needed.
  std::shared_ptr<auth::Login> login;
  /// Of both listeners.
  auth::ListenerConfig listener_login;
  /// What the origins speak.
  origin::MakeConnection make_connection = &origin::make_http1;
  size_t login_threads = 1;
  size_t most_logins_waiting = 100;
  server::ServerConfig server;
  origin::OriginConfig origin_side;
  tunnel::TunnelConfig tunnel{.serve = tunnel::Serve::always};
};

class Harness {
 public:
  explicit Harness(Options options = {});
  ~Harness();
  Harness(const Harness&) = delete;

  /// `listener` 0 is for this machine alone, others can reach 1. `small_buffers` makes its sockets
  /// hold little. `from` is the client's address.
  Client& client(uint32_t listener = 0, bool small_buffers = false,
                 const base::IpAddress& from = base::IpAddress::v4(127, 0, 0, 1));
  /// A client that speaks the protocol of mux.h.
  std::unique_ptr<MuxPeer> mux_client();
  /// Makes a new pipeline; running exchanges keep theirs.
  void reload();

  /// One turn of the loop and all clients; waits for at most `wait_ms` if nothing moves. True if
  /// something moved.
  bool turn(int wait_ms = 0);
  /// Turns until `holds` is true, for at most `limit_ms`. False if it never was.
  bool until(const std::function<bool()>& holds, int limit_ms = 5000);
  /// Turns until nothing moves any more.
  void settle();
  /// Turns until the client has `count` complete answers or its connection has ended; returns its
  /// answers.
  std::vector<Answer> answers(Client& client, size_t count);
  /// The records of one client.
  std::vector<Record> records(const Client& client) const;
  /// The only record of one client, once there is one: `STATUS ended`.
  std::string record(const Client& client);

  Options options;
  async::EventLoop loop;
  auth::Attempts attempts;
  intercept::Shared opening;
  intercept::Opener opener{opening};
  journal::Denials denials;
  async::Pool threads;
  async::Mailbox mailbox;
  async::PoolPort threads_port{threads, mailbox};
  TestJournal journal;
  std::string hosts_path;
  std::optional<net::Resolver> resolver;
  std::optional<origin::Connector> connector;
  std::optional<origin::Pool> pool;
  server::LiveConnections connections;
  proxy::PipelineParts parts;
  base::Ref<const http::Pipeline> pipeline;
  server::ConfigRef server_config;
  proxy::Errands errands{pipeline};
  std::optional<server::SessionContext> sessions;
  base::Endpoint listening;
  std::list<Client> clients;
  std::optional<Origin> origin;
  /// What serves the clients of mux_client().
  async::TaskScope mux_scope;

 private:
  async::Task<void> serve(int descriptor, base::Ref<const http::Session> session,
                          net::TcpStream** stream);
  async::Task<void> serve_mux_client(int descriptor);
};

/// The number of sockets that this process has open.
size_t open_sockets();

}  // namespace weir::engine
