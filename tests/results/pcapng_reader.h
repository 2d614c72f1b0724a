// SPDX-License-Identifier: GPL-2.0-only
//
// Reads a pcapng file of this machine's byte order for tests, from the specification alone: blocks and their
// options as they lie there. Throws std::runtime_error at anything that is not well-formed.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace longhaul::results::testing {

struct PcapngBlock {
  std::uint32_t type = 0;
  std::string fixed;                             // the fields before options and packet data
  std::string packet;                            // of an enhanced packet
  std::map<std::uint16_t, std::string> options;  // each at most once

  template <typename T>
  static T number(std::string_view bytes, std::size_t at) {
    T value{};
    if (at + sizeof(T) > bytes.size()) throw std::runtime_error("field outside of its block");
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    return value;
  }
  std::uint32_t word(std::size_t at) const { return number<std::uint32_t>(fixed, at); }
  std::uint64_t time(std::size_t at) const { return std::uint64_t{word(at)} << 32 | word(at + 4); }
  std::uint64_t option64(std::uint16_t code) const { return number<std::uint64_t>(options.at(code), 0); }
  std::uint64_t option_time(std::uint16_t code) const {
    const std::string& bytes = options.at(code);
    return std::uint64_t{number<std::uint32_t>(bytes, 0)} << 32 | number<std::uint32_t>(bytes, 4);
  }
};

class PcapngReader {
 public:
  static std::vector<PcapngBlock> blocks(std::string_view file) {
    std::vector<PcapngBlock> result;
    while (!file.empty()) {
      const auto length = PcapngBlock::number<std::uint32_t>(file, 4);
      if (length < 12 || length % 4 != 0 || length > file.size())
        throw std::runtime_error("bad block length");
      if (PcapngBlock::number<std::uint32_t>(file, length - 4) != length)
        throw std::runtime_error("block lengths differ");
      result.push_back(
          block(PcapngBlock::number<std::uint32_t>(file, 0), std::string(file.substr(8, length - 12))));
      file.remove_prefix(length);
    }
    return result;
  }

 private:
  static std::size_t padded(std::size_t bytes) { return (bytes + 3) / 4 * 4; }

  static PcapngBlock block(std::uint32_t type, const std::string& body) {
    static const std::map<std::uint32_t, std::size_t> kFixed{{0x0a0d0d0a, 16}, {1, 8}, {5, 12}, {6, 20}};
    PcapngBlock result;
    result.type = type;
    std::size_t at = kFixed.at(type);
    result.fixed = body.substr(0, at);
    if (type == 6) {
      result.packet = body.substr(at, result.word(12));
      if (result.packet.size() != result.word(12)) throw std::runtime_error("packet outside of its block");
      at += padded(result.packet.size());
    }
    for (bool ended = false; at < body.size();) {
      const auto code = PcapngBlock::number<std::uint16_t>(body, at);
      const auto size = PcapngBlock::number<std::uint16_t>(body, at + 2);
      if (ended || at + 4 + padded(size) > body.size()) throw std::runtime_error("bad option");
      ended = code == 0;
      if (!ended && !result.options.emplace(code, body.substr(at + 4, size)).second)
        throw std::runtime_error("an option twice");
      at += 4 + padded(size);
      if (at == body.size() && !ended) throw std::runtime_error("no end of options");
    }
    return result;
  }
};

}  // namespace longhaul::results::testing
