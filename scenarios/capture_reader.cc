// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/capture_reader.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "emulator/hooks/hook_abi.h"

namespace longhaul::scenario {
namespace {

struct ClosePcap {
  void operator()(pcap_t* pcap) const { pcap_close(pcap); }
};
using Pcap = std::unique_ptr<pcap_t, ClosePcap>;

Pcap open(const std::filesystem::path& file) {
  char why[PCAP_ERRBUF_SIZE] = "";
  Pcap pcap(pcap_open_offline_with_tstamp_precision(file.c_str(), PCAP_TSTAMP_PRECISION_NANO, why));
  if (!pcap) throw std::runtime_error(why);
  if (const int type = pcap_datalink(pcap.get()); type != DLT_EN10MB) {
    const char* name = pcap_datalink_val_to_name(type);
    throw std::runtime_error(fmt::format(
        "its frames are of link type {}, allowed: Ethernet (EN10MB): capture on one interface, not on `any`",
        name != nullptr ? name : std::to_string(type)));
  }
  return pcap;
}

// Seconds and nanoseconds, as libpcap was asked for them.
struct Stamp {
  std::int64_t seconds = 0, nanoseconds = 0;
};

// Picoseconds of 64 bits hold some hundred days.
Duration between(Stamp first, Stamp now) {
  constexpr std::int64_t kMostSeconds = 90 * 86'400, kSecond = 1'000'000'000, kEver = std::int64_t{1} << 40;
  if (now.seconds < 0 || now.seconds > kEver || std::abs(now.seconds - first.seconds) > kMostSeconds) {
    throw std::runtime_error(
        fmt::format("it came {} s after 1970 and the first one {} s, allowed: 90 days apart", now.seconds,
                    first.seconds));
  }
  const std::int64_t ns = (now.seconds - first.seconds) * kSecond + now.nanoseconds - first.nanoseconds;
  return Duration::nanoseconds(std::max<std::int64_t>(ns, 0));
}

std::vector<CapturedFrame> read(pcap_t* pcap) {
  std::vector<CapturedFrame> frames;
  Stamp first;
  try {
    for (;;) {
      pcap_pkthdr* header = nullptr;
      const u_char* data = nullptr;
      const int got = pcap_next_ex(pcap, &header, &data);
      if (got == PCAP_ERROR_BREAK) return frames;
      if (got != 1) throw std::runtime_error(pcap_geterr(pcap));
      const Stamp now{header->ts.tv_sec, header->ts.tv_usec};
      if (frames.empty()) first = now;
      const Instant earliest = frames.empty() ? Instant() : frames.back().at;
      const auto* bytes = reinterpret_cast<const std::byte*>(data);
      frames.push_back(
          {std::max(Instant() + between(first, now), earliest),
           header->len,
           {bytes, bytes + std::min<std::size_t>({header->caplen, header->len, LH_HEAD_BYTES})}});
    }
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("frame {}: {}", frames.size() + 1, error.what()));
  }
}

}  // namespace

std::vector<CapturedFrame> read_capture(const std::filesystem::path& file) {
  try {
    std::vector<CapturedFrame> frames = read(open(file).get());
    if (frames.empty()) throw std::runtime_error("there is no frame in it");
    return frames;
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("cannot read capture {}: {}", file.string(), error.what()));
  }
}

}  // namespace longhaul::scenario
