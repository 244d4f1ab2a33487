// What the programs of the benchmark share: sockets on loopback, a clock, the origin's language for
// tunnels.
#pragma once
#include <cstddef>
#include <cstdint>

namespace weir::bench {

/// The first byte of a connection to the origin that is no HTTP says what it is for. An echo gives
/// every byte back, this one too.
inline constexpr char kEcho = 1;
/// A source: this byte and a number of bytes in 8 bytes of the machine's order; that many come
/// back; again and again.
inline constexpr char kSource = 2;
inline constexpr size_t kCommandBytes = 9;

/// Prints why, with errno's text, and ends the program.
[[noreturn]] void fail(const char* what);

/// Listens on 127.0.0.1; port 0 takes a free one. Not blocking. Ends the program where it can't.
int listen_on(uint16_t port);
uint16_t port_of(int descriptor);

/// The next connection, not blocking and without Nagle's delay; -1 where there is none.
int accept_from(int listener);
/// Begins to connect to a port of 127.0.0.1; -1 where that failed at once.
int connect_to(uint16_t port);

/// All events, edge-triggered, with `data` as the event's pointer.
void watch(int epoll, int descriptor, void* data);

/// Adds a listener with a null pointer, and prints its port: from then on it is served.
void announce(int epoll, int listener);

uint64_t now_ns();

/// Takes the port as a number from 0 to 65535, or ends the program.
uint16_t port_from(const char* text);

/// As many descriptors as the machine lets this process have, but fewer than 20,000.
void raise_descriptor_limit();

}  // namespace weir::bench
