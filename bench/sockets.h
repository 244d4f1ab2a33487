// Functions that the programs of the benchmark share: sockets on loopback, a clock, the origin's
// protocol for tunnels.
#pragma once
#include <cstddef>
#include <cstdint>

namespace weir::bench {

/// If a connection to the origin is not HTTP, its first byte says what it is for. An echo sends
/// every byte back, including this one.
inline constexpr char kEcho = 1;
/// A source: the client sends this byte and a count of 8 bytes in the machine's byte order; the
/// origin sends that many bytes. This repeats.
inline constexpr char kSource = 2;
inline constexpr size_t kCommandBytes = 9;

/// Prints why, with errno's text, and ends the program.
[[noreturn]] void fail(const char* what);

/// Listens on 127.0.0.1, non-blocking; port 0 takes a free port. Ends the program if it can't.
int listen_on(uint16_t port);
uint16_t port_of(int descriptor);

/// The next connection, non-blocking and without Nagle's delay; -1 if there is none.
int accept_from(int listener);
/// Begins to connect to a port of 127.0.0.1; -1 if that failed at once.
int connect_to(uint16_t port);

/// Watches for all events, edge-triggered, with `data` as the event's pointer.
void watch(int epoll, int descriptor, void* data);

/// Watches a listener with a null pointer, and prints its port.
void announce(int epoll, int listener);

uint64_t now_ns();

/// Parses a port, a number from 0 to 65535, or ends the program.
uint16_t port_from(const char* text);

/// Raises the limit of descriptors as far as the machine allows, but to less than 20,000.
void raise_descriptor_limit();

}  // namespace weir::bench
