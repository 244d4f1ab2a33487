// An immutable set of networks over the bytes of an image.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ip.h"
#include "match/image_writer.h"

namespace weir::match {

/// Makes the bytes of a NetworkTable. Use it once.
class NetworkTableBuilder {
 public:
  /// The most networks.
  static constexpr size_t kMost = 4'000'000;

  explicit NetworkTableBuilder(size_t most = kMost) : most_(most) {}
  /// False if there are too many. A network that is added again keeps its lowest source.
  bool add(const base::Cidr& network, uint32_t source);
  /// Writes as many bytes as NetworkTable::over() wants, and fills up the section.
  void write(ImageWriter& to) &&;

 private:
  struct Network {
    unsigned __int128 first, last;
    uint32_t source;
  };
  /// From here on, up to the next one, addresses have this source.
  struct Step {
    unsigned __int128 first;
    uint32_t source;
  };
  static std::vector<Step> steps_of(std::vector<Network>& networks);
  template <class Address>
  static void write_steps(const std::vector<Step>& steps, ImageWriter& to);

  const size_t most_;
  std::vector<Network> v4_, v6_;
};

/// Does not own the bytes. Any thread, any number at once.
class NetworkTable {
 public:
  NetworkTable() = default;
  /// nullopt if the counts in `bytes` do not fit it. Takes no time that depends on the size.
  static std::optional<NetworkTable> over(std::span<const std::byte> bytes);

  /// The source of the smallest network that has the address. An address that only stands for an
  /// IPv4 one is in that one's networks too, if all readings of it are.
  std::optional<uint32_t> find(const base::IpAddress& address) const;
  bool empty() const { return v4_.count == 0 && v6_.count == 0; }

 private:
  /// Sorted steps: `count` first addresses, then their sources.
  struct Steps {
    std::span<const std::byte> bytes;
    size_t count = 0;
  };
  template <class Address>
  static std::optional<uint32_t> find_in(const Steps& steps, Address address);
  std::optional<uint32_t> find_itself(const base::IpAddress& address) const;

  Steps v4_, v6_;
};

}  // namespace weir::match
