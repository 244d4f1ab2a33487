// The load generator: one thread, a bounded number of operations in a bounded time. It prints
// "ready" after the warm-up, waits for a line, measures, prints one line of JSON, and holds its
// connections until a second line, so that the calling program can examine the proxy at exactly
// these moments. plan.h has its options.
#include <sys/epoll.h>
#include <unistd.h>

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
    const std::string authority = plan.host + ":" + std::to_string(plan.origin_port);
    connect_head_ = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n";
    const std::string common =
        " HTTP/1.1\r\nHost: " + authority + "\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n";
    switch (plan.mode) {
      case Mode::get:
      case Mode::idle_clients:
        head_ = "GET http://" + authority + plan.path + common + "\r\n";
        operation_ = {.head = head_};
        for (uint32_t i = 0; plan.paths > 1 && i < plan.paths; ++i)
          heads_.push_back("GET http://" + authority + '/' + std::to_string(i) + plan.path +
                           common + "\r\n");
        break;
      case Mode::upload:
        head_ = "POST http://" + authority + "/upload" + common +
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
    for (int attempts = 0; !client.is_open() || client.spent() || plan_.mode == Mode::connect;
         ++attempts) {
      if (client.open(epoll_, plan_.proxy_port)) break;
      if (attempts == 3) fail("load: connect");
      usleep(1000);
    }
    if (!plan_.tunnels() || plan_.direct) client.in_tunnel = true;
    client.begin(client.in_tunnel ? operation_ : Operation{.head = connect_head_});
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
    if (!client.in_tunnel) {
      client.in_tunnel = true;
      client.begin(operation_);
      return drive(client, 0);
    }
    histogram_.add(now_ns() - client.began_ns);
    ++done_;
    --running_;
    if (plan_.mode == Mode::connect) client.end();
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
  std::string head_, connect_head_;
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
