// For tests only: writes databases in MaxMind's format (MaxMind DB File Format Specification 2.0).
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip.h"

namespace weir::match {

/// A database is a binary tree over the bits of addresses, whose leaves point to records. Networks
/// that are added later are cut out of those that have them.
class FakeCountryFile {
 public:
  std::string type = "Test-Country";
  /// 24, 28 or 32 bits.
  unsigned record_size = 28;
  unsigned ip_version = 6;

  /// Values of a record, as they stand in the file.
  static std::string text(std::string_view value) { return control(2, value.size()).append(value); }
  static std::string number(unsigned type, uint64_t value) {
    std::string bytes;
    for (; value > 0; value >>= 8) bytes.insert(bytes.begin(), static_cast<char>(value & 0xff));
    return control(type, bytes.size()) + bytes;
  }
  static std::string map(std::initializer_list<std::pair<std::string_view, std::string>> members) {
    std::string bytes = control(7, members.size());
    for (const auto& [key, value] : members) bytes += text(key) + value;
    return bytes;
  }
  static std::string list(std::initializer_list<std::string> values) {
    std::string bytes = control(11, values.size());
    for (const std::string& value : values) bytes += value;
    return bytes;
  }
  /// As MaxMind's own databases have it.
  static std::string country(std::string_view code) {
    return map(
        {{"continent", map({{"code", text("XX")}})}, {"country", map({{"iso_code", text(code)}})}});
  }

  void add(std::string_view network, const std::string& record) {
    const base::Cidr cidr = base::Cidr::parse(network).value();
    const bool v4_in_v6 = cidr.address().is_v4() && ip_version == 6;
    std::string bits(v4_in_v6 ? 96 : 0, '0');
    for (unsigned i = 0; i < cidr.prefix(); ++i)
      bits += (cidr.address().bytes()[i / 8] >> (7 - i % 8) & 1) != 0 ? '1' : '0';
    const int64_t offset = static_cast<int64_t>(data_.size());
    data_ += record;
    put(bits, -2 - offset);
  }

  std::string bytes() const {
    std::string out;
    for (const Node& node : nodes_)
      out += node_bytes(word(node.branches[0]), word(node.branches[1]));
    out.append(16, '\0').append(data_).append("\xab\xcd\xefMaxMind.com");
    return out + map({{"node_count", number(6, nodes_.size())},
                      {"record_size", number(5, record_size)},
                      {"ip_version", number(5, ip_version)},
                      {"database_type", text(type)},
                      {"languages", list({text("en")})},
                      {"binary_format_major_version", number(5, 2)},
                      {"binary_format_minor_version", number(5, 0)},
                      {"build_epoch", number(9, 1'700'000'000)},
                      {"description", map({{"en", text("For tests")}})}});
  }

 private:
  /// A branch leads to a node, to nothing (-1), or to a record (-2 minus its offset).
  struct Node {
    int64_t branches[2] = {-1, -1};
  };

  static std::string control(unsigned type, size_t size) {
    std::string out;
    const size_t shown = size < 29 ? size : 29;
    out += static_cast<char>((type < 8 ? type << 5 : 0) | shown);
    if (type >= 8) out += static_cast<char>(type - 7);
    if (size >= 29) out += static_cast<char>(size - 29);
    return out;
  }

  void put(std::string_view bits, int64_t leaf) {
    size_t at = 0;
    for (; bits.size() > 1; bits.remove_prefix(1)) {
      const size_t bit = bits.front() == '1';
      if (nodes_[at].branches[bit] < 0) {
        // What a wider network has holds below it, too.
        const int64_t wider = nodes_[at].branches[bit];
        nodes_[at].branches[bit] = static_cast<int64_t>(nodes_.size());
        nodes_.push_back({{wider, wider}});
      }
      at = static_cast<size_t>(nodes_[at].branches[bit]);
    }
    nodes_[at].branches[bits.front() == '1'] = leaf;
  }

  uint32_t word(int64_t branch) const {
    const auto count = static_cast<int64_t>(nodes_.size());
    return static_cast<uint32_t>(branch >= 0 ? branch
                                             : count + (branch == -1 ? 0 : 16 - 2 - branch));
  }

  std::string node_bytes(uint32_t left, uint32_t right) const {
    std::string out;
    const auto put_bytes = [&](uint32_t value, int from) {
      for (int shift = from; shift >= 0; shift -= 8)
        out += static_cast<char>(value >> shift & 0xff);
    };
    if (record_size == 28) {
      put_bytes(left, 16);
      out += static_cast<char>((left >> 24 & 0xf) << 4 | (right >> 24 & 0xf));
      put_bytes(right, 16);
    } else {
      put_bytes(left, record_size == 24 ? 16 : 24);
      put_bytes(right, record_size == 24 ? 16 : 24);
    }
    return out;
  }

  std::vector<Node> nodes_{Node()};
  std::string data_;
};

}  // namespace weir::match
