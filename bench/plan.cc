#include "plan.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "sockets.h"

namespace weir::bench {
namespace {

constexpr std::pair<std::string_view, Mode> kModes[] = {
    {"get", Mode::get},
    {"handshakes", Mode::handshakes},
    {"upload", Mode::upload},
    {"pingpong", Mode::pingpong},
    {"bulk", Mode::bulk},
    {"connect", Mode::connect},
    {"idle_clients", Mode::idle_clients},
    {"idle_tunnels", Mode::idle_tunnels},
};

[[noreturn]] void usage(std::string_view word) {
  std::fprintf(
      stderr,
      "load: can't use %.*s\nusage: load "
      "mode=get|handshakes|upload|pingpong|bulk|connect|idle_clients|idle_tunnels proxy=PORT "
      "origin=PORT\n"
      "  [host=NAME] [path=/1k] [paths=N] [size=BYTES] [connections=N] [operations=N] [warmup=N] "
      "[milliseconds=N] "
      "[direct=1]\n"
      "  [tls=FILE_OF_AUTHORITIES] [each_named=1] [held_back=BYTES]\n",
      static_cast<int>(word.size()), word.data());
  std::exit(2);
}

}  // namespace

Plan read_plan(int argc, char** argv) {
  Plan plan;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos) usage(word);
    const std::string_view name = word.substr(0, equals), value = word.substr(equals + 1);
    if (name == "mode") {
      const auto* found = std::begin(kModes);
      while (found != std::end(kModes) && found->first != value) ++found;
      if (found == std::end(kModes)) usage(word);
      plan.mode = found->second;
      continue;
    }
    if (name == "path") {
      plan.path = value;
      continue;
    }
    if (name == "host") {
      plan.host = value;
      continue;
    }
    if (name == "tls") {
      plan.authorities = value;
      continue;
    }
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number > 1'000'000'000'000)
      usage(word);
    if (name == "proxy" && number <= 65535) {
      plan.proxy_port = static_cast<uint16_t>(number);
    } else if (name == "origin" && number <= 65535) {
      plan.origin_port = static_cast<uint16_t>(number);
    } else if (name == "size") {
      plan.size = number;
    } else if (name == "connections" && number >= 1 && number < 20'000) {
      plan.connections = static_cast<uint32_t>(number);
    } else if (name == "paths" && number >= 1 && number <= 100'000) {
      plan.paths = static_cast<uint32_t>(number);
    } else if (name == "operations") {
      plan.operations = number;
    } else if (name == "warmup") {
      plan.warmup = number;
    } else if (name == "milliseconds") {
      plan.milliseconds = number;
    } else if (name == "direct") {
      plan.direct = number != 0;
    } else if (name == "each_named") {
      plan.each_named = number != 0;
    } else if (name == "held_back") {
      plan.held_back = number;
    } else {
      usage(word);
    }
  }
  return plan;
}

}  // namespace weir::bench
