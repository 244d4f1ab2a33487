// What the load generator is asked to do, from its command line.
#pragma once
#include <cstdint>
#include <string>

namespace weir::bench {

enum class Mode { get, handshakes, upload, pingpong, bulk, connect, idle_clients, idle_tunnels };

struct Plan {
  Mode mode = Mode::get;
  uint16_t proxy_port = 0;
  uint16_t origin_port = 0;
  std::string host = "127.0.0.1";  // As requests name the origin.
  std::string path = "/1k";
  uint32_t paths = 1;  // So many different ones, which all end so: /7/1k.
  uint64_t size = 64;  // Of an upload, of a transfer in a tunnel, of a ping: bytes.
  uint32_t connections = 1;
  uint64_t operations = 1;       // Measured ones, at most.
  uint64_t warmup = 0;           // Before them.
  uint64_t milliseconds = 2000;  // No operation begins after that.
  bool direct = false;  // A tunnel needs no CONNECT: the proxy leads to the origin whatever comes.
  std::string authorities;  // If not empty, requests are in TLS; a file that says whom to believe.
  bool each_named = false;  // Each connection asks for another host, a sibling of `host`.
  uint64_t held_back = 0;   // So many bytes of each response never come.

  bool tunnels() const {
    return mode == Mode::pingpong || mode == Mode::bulk || mode == Mode::connect ||
           mode == Mode::idle_tunnels;
  }
  bool secure() const { return !authorities.empty(); }
  bool connects() const { return (tunnels() || secure()) && !direct; }
  /// Each operation has a connection of its own.
  bool renews() const { return mode == Mode::connect || mode == Mode::handshakes; }
  bool holds() const { return mode == Mode::idle_clients || mode == Mode::idle_tunnels; }
};

/// NAME=VALUE words; ends the program with a complaint where one is wrong.
Plan read_plan(int argc, char** argv);

}  // namespace weir::bench
