#include "match/network_table.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "match/address_class.h"

namespace weir::match {
namespace {

using Wide = unsigned __int128;

/// Of addresses that are in no network.
constexpr uint32_t kNowhere = UINT32_MAX;

struct Header {
  uint32_t v4 = 0, v6 = 0;
  std::array<uint32_t, 2> unused{};
};
static_assert(sizeof(Header) == kSectionAlignment);

Wide number_of(const base::IpAddress& address) {
  Wide number = 0;
  for (size_t i = 0; i < address.size(); ++i) number = number << 8 | address.bytes()[i];
  return number;
}

template <class Address>
size_t bytes_of(size_t count) {
  return aligned(count * sizeof(Address)) + aligned(count * sizeof(uint32_t));
}

}  // namespace

bool NetworkTableBuilder::add(const base::Cidr& network, uint32_t source) {
  if (v4_.size() + v6_.size() >= most_) return false;
  const base::IpAddress& address = network.address();
  const auto host_bits = static_cast<unsigned>(address.size() * 8 - network.prefix());
  const Wide first = number_of(address);
  const Wide others = host_bits == 128 ? ~Wide{0} : (Wide{1} << host_bits) - 1;
  (address.is_v4() ? v4_ : v6_).push_back({first, first | others, source});
  return true;
}

/// Networks contain each other or have nothing in common, so a stack has those that are open.
std::vector<NetworkTableBuilder::Step> NetworkTableBuilder::steps_of(
    std::vector<Network>& networks) {
  std::ranges::sort(networks, [](const Network& a, const Network& b) {
    return std::tie(a.first, b.last, a.source) < std::tie(b.first, a.last, b.source);
  });
  std::vector<Step> steps;
  const auto step = [&](Wide first, uint32_t source) {
    if (!steps.empty() && steps.back().first == first) steps.pop_back();
    if (steps.empty() || steps.back().source != source) steps.push_back({first, source});
  };
  std::vector<const Network*> open;
  const auto close_before = [&](Wide first) {
    while (!open.empty() && open.back()->last < first) {
      const Wide last = open.back()->last;
      open.pop_back();
      step(last + 1, open.empty() ? kNowhere : open.back()->source);
    }
  };
  for (const Network& network : networks) {
    close_before(network.first);
    const bool again =
        !open.empty() && open.back()->first == network.first && open.back()->last == network.last;
    if (again) continue;
    step(network.first, network.source);
    open.push_back(&network);
  }
  // What reaches the last address of all has nothing behind it.
  while (!open.empty() && open.back()->last != ~Wide{0}) close_before(open.back()->last + 1);
  return steps;
}

template <class Address>
void NetworkTableBuilder::write_steps(const std::vector<Step>& steps, ImageWriter& to) {
  for (const Step& each : steps) to.append_value(static_cast<Address>(each.first));
  to.end_section();
  for (const Step& each : steps) to.append_value(each.source);
  to.end_section();
}

void NetworkTableBuilder::write(ImageWriter& to) && {
  std::vector<Step> v4 = steps_of(v4_);
  // The step behind 255.255.255.255.
  if (!v4.empty() && v4.back().first >> 32 != 0) v4.pop_back();
  const std::vector<Step> v6 = steps_of(v6_);
  to.append_value(Header{static_cast<uint32_t>(v4.size()), static_cast<uint32_t>(v6.size())});
  write_steps<uint32_t>(v4, to);
  write_steps<Wide>(v6, to);
}

std::optional<NetworkTable> NetworkTable::over(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(Header)) return std::nullopt;
  const auto header = load<Header>(bytes, 0);
  const size_t v4 = bytes_of<uint32_t>(header.v4);
  if (bytes.size() != sizeof(Header) + v4 + bytes_of<Wide>(header.v6)) return std::nullopt;
  NetworkTable table;
  table.v4_ = {bytes.subspan(sizeof(Header), v4), header.v4};
  table.v6_ = {bytes.subspan(sizeof(Header) + v4), header.v6};
  return table;
}

template <class Address>
std::optional<uint32_t> NetworkTable::find_in(const Steps& steps, Address address) {
  // How many steps are at or before the address.
  size_t low = 0, high = steps.count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (load<Address>(steps.bytes, middle * sizeof(Address)) <= address)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0) return std::nullopt;
  const size_t sources = aligned(steps.count * sizeof(Address));
  const auto source = load<uint32_t>(steps.bytes, sources + (low - 1) * sizeof(uint32_t));
  return source == kNowhere ? std::nullopt : std::optional(source);
}

std::optional<uint32_t> NetworkTable::find_itself(const base::IpAddress& address) const {
  const Wide number = number_of(address);
  return address.is_v4() ? find_in<uint32_t>(v4_, static_cast<uint32_t>(number))
                         : find_in<Wide>(v6_, number);
}

std::optional<uint32_t> NetworkTable::find(const base::IpAddress& address) const {
  if (empty()) return std::nullopt;
  auto found = find_itself(address);
  if (found || !stands_for_v4_alone(address)) return found;
  for (const base::IpAddress& reading : base::embedded_v4_readings(address)) {
    found = find_itself(reading);
    if (!found) break;
  }
  return found;
}

}  // namespace weir::match
