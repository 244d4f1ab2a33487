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
#include "engine/origin.h"
#include "net/dns/resolver.h"
#include "origin/connect/connector.h"
#include "origin/pool/pool.h"
#include "proxy/pipeline.h"
#include "server/http1/session.h"
#include "stages/auth/attempts.h"

namespace weir::engine {

/// What an exchange's record said.
struct Record {
  uint16_t client = 0;  // Client::id
  std::string line;     // Method and target.
  int status = 0;
  std::string ended;  // `complete`, a reason, or the error's name.
  uint64_t sent = 0;
  uint64_t received = 0;
  bool reused = false;
};

class TestJournal final : public http::Journal {
 public:
  void record(const http::Exchange& exchange) override;
  std::vector<Record> records;
};

/// Answers with a restart what is for /to/AUTHORITY/PATH, and /loop with itself: stands where a
/// rule that rewrites would.
class Rewrite final : public http::Stage {
 public:
  async::Task<base::Result<http::Response>> handle(http::Request request,
                                                   http::Next next) const override;
};

struct Options {
  /// Of the harness's first origin; another one for each storm keeps ports from running out.
  base::IpAddress origin = base::IpAddress::v4(127, 0, 0, 1);
  /// `name address` lines: a hosts file.
  std::string hosts;
  bool private_allowed = true;
  bool rewrites = false;
  /// Of the pipelines that reload() makes; null: nobody is asked.
  std::shared_ptr<auth::Login> login;
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

  /// `listener` 0 is of this machine alone, 1 can be reached by others. `small_buffers`: its
  /// sockets hold little. `from`: where it seems to be.
  Client& client(uint32_t listener = 0, bool small_buffers = false,
                 const base::IpAddress& from = base::IpAddress::v4(127, 0, 0, 1));
  /// Another pipeline; what runs keeps its own.
  void reload();

  /// One turn of everything; waits for at most `wait_ms` where nothing moves. True if something
  /// did.
  bool turn(int wait_ms = 0);
  /// Until it holds, for at most some seconds. False: it never did.
  bool until(const std::function<bool()>& holds, int limit_ms = 5000);
  /// Until nothing moves any more.
  void settle();
  /// Until the client has `count` answers, all whole, or its connection has ended; those it has.
  std::vector<Answer> answers(Client& client, size_t count);
  /// Records of one client.
  std::vector<Record> records(const Client& client) const;
  /// The only record of one client, once there is one: `STATUS ended`.
  std::string record(const Client& client);

  Options options;
  async::EventLoop loop;
  auth::Attempts attempts;
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
  std::optional<server::SessionContext> sessions;
  base::Endpoint listening;
  std::list<Client> clients;
  std::optional<Origin> origin;

 private:
  async::Task<void> serve(int descriptor, base::Ref<const http::Session> session,
                          net::TcpStream** stream);
};

/// Sockets that this process has open.
size_t open_sockets();

}  // namespace weir::engine
