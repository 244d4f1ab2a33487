// The load generator: one thread, a bounded number of operations in a bounded time. It prints
// "ready" after the warm-up, waits for a line, measures, prints one line of JSON, and holds its
// connections until a second line, so that the calling program can examine the proxy at exactly
// these moments. plan.h has its options.
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "client.h"
#include "histogram.h"
#include "plan.h"
#include "sockets.h"

namespace weir::bench {
namespace {

constexpr uint32_t kOpeningAtOnce = 32;      // For connections that are held.
constexpr uint64_t kMostErrors = 500;        // In addition to as many as succeeded.
constexpr uint64_t kGrace = 20'000'000'000;  // For operations that have begun, in ns.

class Load {
 public:
  explicit Load(const Plan& plan)
      : plan_(plan), clients_(std::make_unique<Client[]>(plan.connections)) {
    if (plan.secure()) tls_ = client_tls(plan.authorities);
    asked_.resize(plan.each_named ? plan.connections : 1, ask_for(plan.host));
    switch (plan.mode) {
      case Mode::get:
      case Mode::handshakes:
      case Mode::idle_clients:
        operation_ = {.head = asked_[0].head, .held_back = plan.held_back};
        for (uint32_t i = 0; plan.paths > 1 && i < plan.paths; ++i)
          heads_.push_back(head_of("GET", plan.host, '/' + std::to_string(i) + plan.path) + "\r\n");
        break;
      case Mode::upload:
        head_ = head_of("POST", plan.host, "/upload") +
                "Content-Length: " + std::to_string(plan.size) + "\r\n\r\n";
        operation_ = {.head = head_, .filler = plan.size};
        break;
      case Mode::bulk:
        head_.assign(kCommandBytes, kSource);
        std::memcpy(head_.data() + 1, &plan.size, sizeof plan.size);
        operation_ = {.head = head_, .want_response = false, .want_bytes = plan.size};
        break;
      case Mode::pingpong:
      case Mode::connect:
      case Mode::idle_tunnels:
        head_.assign(plan.size, kEcho);
        operation_ = {.head = head_, .want_response = false, .want_bytes = plan.size};
        break;
    }
  }

  int run() {
    if (!plan_.holds() && !run_some(plan_.warmup)) return 1;
    std::puts("ready");
    std::fflush(stdout);
    wait_for_line();
    histogram_ = {};
    errors_ = 0;
    const uint64_t began = now_ns();
    if (!run_some(plan_.holds() ? plan_.connections : plan_.operations)) return 1;
    const double seconds = static_cast<double>(now_ns() - began) / 1e9;
    std::printf(
        "{\"operations\":%llu,\"seconds\":%.6f,\"errors\":%llu,\"p50_us\":%.2f,\"p99_us\":%.2f}\n",
        static_cast<unsigned long long>(done_), seconds, static_cast<unsigned long long>(errors_),
        static_cast<double>(histogram_.quantile(0.5)) / 1e3,
        static_cast<double>(histogram_.quantile(0.99)) / 1e3);
    std::fflush(stdout);
    wait_for_line();
    if (plan_.holds()) std::printf("{\"open\":%u}\n", count_open());
    return 0;
  }

 private:
  /// What is sent because of one host.
  struct Asked {
    std::string host, connect_head, head;
  };

  std::string authority_of(const std::string& host) const {
    return host + ':' + std::to_string(plan_.origin_port);
  }
  /// Without the empty line. In TLS the target is in origin-form (RFC 9112, section 3.2.1).
  std::string head_of(const char* method, const std::string& host, const std::string& path) const {
    const std::string authority = authority_of(host);
    return std::string(method) + (plan_.secure() ? " " : " http://" + authority) + path +
           " HTTP/1.1\r\nHost: " + authority + "\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n";
  }
  Asked ask_for(const std::string& host) const {
    const std::string authority = authority_of(host);
    return {host, "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n",
            head_of("GET", host, plan_.path) + "\r\n"};
  }
  Asked& asked_on(const Client& client) {
    return asked_[plan_.each_named ? static_cast<size_t>(&client - clients_.get()) : 0];
  }

  static void wait_for_line() {
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n') {
    }
  }

  bool run_some(uint64_t operations) {
    wanted_ = operations;
    started_ = done_ = 0;
    running_ = 0;
    stop_ns_ = now_ns() + plan_.milliseconds * 1'000'000;
    const uint32_t width = plan_.holds() ? kOpeningAtOnce : plan_.connections;
    for (uint32_t i = 0; i < width && i < plan_.connections; ++i) start_next(clients_[i]);
    epoll_event events[512];
    while (running_ > 0) {
      const int count = epoll_wait(epoll_, events, 512, 1000);
      for (int i = 0; i < count; ++i)
        on_events(*static_cast<Client*>(events[i].data.ptr), events[i].events);
      if (errors_ > kMostErrors + done_) {
        std::fprintf(stderr, "load: %llu operations failed, %llu were done\n",
                     static_cast<unsigned long long>(errors_),
                     static_cast<unsigned long long>(done_));
        return false;
      }
      if (now_ns() > stop_ns_ + kGrace) {
        std::fprintf(stderr, "load: %u operations do not end\n", running_);
        return false;
      }
    }
    return true;
  }

  /// Starts the next operation: on this connection or, if connections are held, on the next one.
  void start_next(Client& client) {
    if (started_ >= wanted_ || (!plan_.holds() && now_ns() >= stop_ns_)) return;
    Client& next = plan_.holds() ? clients_[started_] : client;
    ++started_;
    ++running_;
    next.began_ns = now_ns();
    if (!heads_.empty()) operation_.head = heads_[started_ % heads_.size()];
    start(next);
  }

  void start(Client& client) {
    for (int attempts = 0; !client.is_open() || client.spent() || plan_.renews(); ++attempts) {
      if (client.open(epoll_, plan_.proxy_port)) break;
      if (attempts == 3) fail("load: connect");
      usleep(1000);
    }
    // The time makes it a name that no earlier run has asked for either.
    if (plan_.each_named && !client.in_tunnel)
      asked_on(client) =
          ask_for('n' + std::to_string(now_ns()) +
                  plan_.host.substr(std::min(plan_.host.size(), plan_.host.find('.'))));
    if (client.in_tunnel || !plan_.connects()) return begin(client);
    client.begin({.head = asked_on(client).connect_head});
    drive(client, 0);
  }

  /// What is wanted, once the way to the origin is there.
  void begin(Client& client) {
    client.in_tunnel = true;
    if (plan_.secure() && !client.is_secure()) client.secure(tls_.get(), asked_on(client).host);
    if (plan_.each_named) operation_.head = asked_on(client).head;
    client.begin(operation_);
    drive(client, 0);
  }

  void on_events(Client& client, uint32_t events) {
    if (client.is_open()) drive(client, events);
  }

  void drive(Client& client, uint32_t events) {
    switch (client.drive(events)) {
      case Client::Progress::waits: return;
      case Client::Progress::failed:
        // If a kept connection did not take the operation, it is repeated on a new one, as any
        // client does. This is bounded, since each connection must succeed once first.
        if (!client.was_ended_before()) ++errors_;
        client.end();
        if (errors_ <= kMostErrors + done_ && now_ns() < stop_ns_) return start(client);
        --running_;
        return;
      case Client::Progress::done: break;
    }
    if (!client.in_tunnel) return begin(client);
    histogram_.add(now_ns() - client.began_ns);
    ++done_;
    --running_;
    if (plan_.renews()) client.end();
    start_next(client);
  }

  uint32_t count_open() {
    epoll_event events[512];
    for (int count = 512; count == 512;) {
      count = epoll_wait(epoll_, events, 512, 0);
      for (int i = 0; i < count; ++i)
        on_events(*static_cast<Client*>(events[i].data.ptr), events[i].events);
    }
    uint32_t open = 0;
    for (uint32_t i = 0; i < plan_.connections; ++i)
      open += clients_[i].is_open() && !clients_[i].spent() ? 1 : 0;
    return open;
  }

  Plan plan_;
  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  std::unique_ptr<Client[]> clients_;
  TlsContext tls_;
  /// For one host, or for the host of each connection.
  std::vector<Asked> asked_;
  std::string head_;
  /// In turn, if there are different ones.
  std::vector<std::string> heads_;
  Operation operation_;
  Histogram histogram_;
  uint64_t wanted_ = 0, started_ = 0, done_ = 0, errors_ = 0, stop_ns_ = 0;
  uint32_t running_ = 0;
};

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  const weir::bench::Plan plan = weir::bench::read_plan(argc, argv);
  weir::bench::raise_descriptor_limit();
  weir::bench::Load load(plan);
  return load.run();
}
