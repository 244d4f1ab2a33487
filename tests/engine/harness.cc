#include "engine/harness.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "base/clock.h"
#include "engine/mux_client_side.h"
#include "policy/decide.h"

namespace weir::engine {

using async::Task;

void TestJournal::record(const http::Exchange& exchange) {
  Record record;
  record.client = exchange.session().client.port;
  if (exchange.settled()) {
    record.line = exchange.request_line();
  } else if (exchange.request && !exchange.request->method_token.empty()) {
    record.line = std::string(exchange.request->method_token)
                      .append(" ")
                      .append(exchange.request->raw_target);
  }
  record.status = exchange.status;
  record.ended =
      exchange.has_error() ? std::string(base::name_of(exchange.error_type())) : exchange.ended();
  record.sent = exchange.sent;
  record.received = exchange.received;
  record.reused = exchange.reused_connection;
  records.push_back(std::move(record));
}

Task<base::Result<http::Response>> Rewrite::handle(http::Request& request, http::Next next) const {
  if (const std::string_view path = request.head->target.path;
      !path.starts_with("/to/") && path != "/loop")
    return next(request);
  http::Response response;
  response.restart = request.head->clone();
  http::RequestHead& head = *response.restart;
  const std::string_view path = head.target.path;
  if (path != "/loop") {
    const std::string_view rest = path.substr(4);
    const std::string_view authority = rest.substr(0, rest.find('/'));
    const size_t colon = authority.rfind(':');
    head.target.authority = authority;
    head.target.host = authority.substr(0, colon);
    head.target.port =
        colon == std::string_view::npos
            ? 80
            : static_cast<uint16_t>(std::atoi(std::string(authority.substr(colon + 1)).c_str()));
    head.target.literal = base::IpAddress::parse(head.target.host).has_value();
    head.target.path = rest.substr(authority.size());
  }
  return http::answer(std::move(response));
}

Harness::Harness(Options wanted)
    : options(std::move(wanted)), threads(options.login_threads, options.most_logins_waiting) {
  std::signal(SIGPIPE, SIG_IGN);  // As the proxy does, since splice can't suppress the signal.
  hosts_path = "/dev/null";
  if (!options.hosts.empty()) {
    hosts_path = "/tmp/weir-engine-hosts-" + std::to_string(getpid());
    FILE* file = std::fopen(hosts_path.c_str(), "w");
    if (!file) std::abort();
    std::fwrite(options.hosts.data(), 1, options.hosts.size(), file);
    std::fclose(file);
  }
  resolver.emplace(
      net::ResolverConfig{
          .servers = {{base::IpAddress::v4(127, 0, 0, 1), 9}}, .timeout_ms = 100, .tries = 1},
      hosts_path, "/dev/null");
  connector.emplace(*resolver);
  pool.emplace(options.origin_side);
  listening = {base::IpAddress::v4(127, 0, 0, 1),
               1};  // The address that clients connect to; nothing listens there.
  parts.own = std::make_shared<const http::OwnNames>("weir.internal",
                                                     std::vector<base::Endpoint>{listening});
  policy::Config rules;
  rules.private_allowed = options.private_allowed;
  const std::vector<uint16_t> blocked(std::begin(policy::kDefaultBlockedPorts),
                                      std::end(policy::kDefaultBlockedPorts));
  policy::RuleSet all;
  for (const bool reachable : {false, true}) {
    all.listeners.push_back(std::make_shared<const policy::ListenerRules>(
        rules, reachable, blocked, policy::OwnAddresses({listening}, {})));
  }
  all.house = std::make_shared<const policy::ListenerRules>(policy::ListenerRules::for_house(
      options.house, blocked, policy::OwnAddresses({listening}, {})));
  parts.rules = std::make_shared<const policy::RuleSet>(std::move(all));
  parts.via = "weir-test";
  parts.version = "test";
  server_config = base::make_ref<server::KeptConfig>(options.server);
  sessions.emplace(server::SessionContext{journal, pipeline, server_config, connections});
  reload();
  origin.emplace(options.origin);
}

Harness::~Harness() {
  clients.clear();
  mux_scope.cancel_all();
  origin.reset();
  if (hosts_path != "/dev/null") std::remove(hosts_path.c_str());
}

void Harness::reload() {
  parts.login = options.login;
  parts.demands.assign(2,
                       std::make_shared<const auth::Demand>(options.listener_login, options.login));
  parts.origin = options.origin_side;
  parts.tunnel = options.tunnel;
  const auto kept = std::make_shared<const proxy::PipelineParts>(parts);
  origin::ForwardContext forward{{.pool = *pool,
                                  .connector = *connector,
                                  .config = kept->origin,
                                  .make_connection = options.make_connection},
                                 options.server.expect_wait_ms,
                                 options.tunnel.idle_timeout_ms,
                                 parts.via};
  auto stages = proxy::make_stages(*kept, *sessions, {attempts, threads_port}, std::move(forward),
                                   denials, opener);
  // The place of a future stage that rewrites targets.
  if (options.rewrites) stages.all.insert(std::prev(stages.all.end()), std::make_unique<Rewrite>());
  if (options.before_forward)
    stages.all.insert(std::prev(stages.all.end()), options.before_forward());
  pipeline = base::Ref<const http::Pipeline>(
      new http::Pipeline(std::move(stages.all), kept, stages.for_clients));
}

namespace {

/// Both ends of a TCP connection on loopback: the client's, the proxy's.
std::pair<int, int> tcp_pair(const base::IpAddress& address, bool small_buffers) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_storage to{};
  socklen_t length = base::Endpoint{address, 0}.to_sockaddr(to);
  const int on = 1, little = 4096;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (small_buffers) setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
  if (small_buffers) setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
  if (bind(listener, reinterpret_cast<sockaddr*>(&to), length) != 0 || listen(listener, 1) != 0)
    std::abort();
  length = sizeof to;
  getsockname(listener, reinterpret_cast<sockaddr*>(&to), &length);
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (small_buffers) setsockopt(client, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
  if (small_buffers) setsockopt(client, SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
  if (connect(client, reinterpret_cast<sockaddr*>(&to), length) != 0) std::abort();
  net::prepare_socket(client, {});  // No Nagle: small writes arrive as small pieces.
  const int proxy = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (proxy < 0) std::abort();
  close(listener);
  return {client, proxy};
}

}  // namespace

Client& Harness::client(uint32_t listener, bool small_buffers, const base::IpAddress& from) {
  const auto [mine, proxys] = tcp_pair(options.origin, small_buffers);
  Client& client = clients.emplace_back(
      mine, static_cast<uint16_t>(clients.empty() ? 1 : clients.back().id + 1));
  auto session = base::make_ref<http::Session>();
  session->listener = listener;
  session->client = {from, client.id};
  session->local = listening;
  client.scope.spawn(serve(proxys, std::move(session), &client.stream));
  return client;
}

Task<void> Harness::serve(int descriptor, base::Ref<const http::Session> session,
                          net::TcpStream** where) {
  net::prepare_socket(descriptor, {});
  net::TcpStream stream(descriptor);
  struct Known {
    net::TcpStream** where;
    ~Known() { *where = nullptr; }
  } known{where};
  *where = &stream;
  co_await server::serve_session(stream, base::make_ref<http::Asker>(std::move(session)), *sessions,
                                 base::Slice(), nullptr);
}

std::unique_ptr<MuxPeer> Harness::mux_client() {
  const auto [mine, proxys] = tcp_pair(options.origin, false);
  mux_scope.spawn(serve_mux_client(proxys));
  fcntl(mine, F_SETFL, O_NONBLOCK);
  return std::make_unique<MuxPeer>(mine, nullptr);
}

Task<void> Harness::serve_mux_client(int descriptor) {
  net::TcpStream stream(descriptor);
  auto session = base::make_ref<http::Session>();
  session->client = {base::IpAddress::v4(127, 0, 0, 1), 1};
  session->local = listening;
  co_await serve_mux(stream, base::make_ref<http::Asker>(std::move(session)), *sessions);
}

bool Harness::turn(int wait_ms) {
  bool any = false;
  for (Client& client : clients) any = client.pump() || any;
  const bool turned = loop.turn(any ? 0 : wait_ms);
  return turned || any;
}

bool Harness::until(const std::function<bool()>& holds, int limit_ms) {
  const uint64_t end = base::monotonic_ms() + static_cast<uint64_t>(limit_ms);
  while (!holds()) {
    if (base::monotonic_ms() > end) return false;
    turn(1);
  }
  return true;
}

void Harness::settle() {
  // The kernel delivers bytes on loopback with a delay, so one quiet turn is not enough.
  for (int quiet = 0; quiet < 3;) quiet = turn(1) ? 0 : quiet + 1;
}

std::vector<Answer> Harness::answers(Client& client, size_t count) {
  std::vector<Answer> all;
  until([&] {
    all = client.answers();
    return client.ended || client.was_reset || (all.size() >= count && all.back().complete);
  });
  return all;
}

std::vector<Record> Harness::records(const Client& client) const {
  std::vector<Record> of_client;
  for (const Record& record : journal.records) {
    if (record.client == client.id) of_client.push_back(record);
  }
  return of_client;
}

std::string Harness::record(const Client& client) {
  until([&] { return !records(client).empty(); });
  settle();
  const auto all = records(client);
  if (all.size() != 1) return std::to_string(all.size()) + " records";
  return std::to_string(all.front().status) + " " + all.front().ended;
}

size_t open_sockets() {
  size_t count = 0;
  DIR* directory = opendir("/proc/self/fd");
  while (const dirent* entry = readdir(directory)) {
    char target[64];
    const ssize_t n = readlinkat(dirfd(directory), entry->d_name, target, sizeof target);
    count += n > 7 && std::memcmp(target, "socket:", 7) == 0;
  }
  closedir(directory);
  return count;
}

}  // namespace weir::engine
