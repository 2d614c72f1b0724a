// SPDX-License-Identifier: GPL-2.0-only
//
// The TCX programs as functions of a frame: through BPF_PROG_TEST_RUN, frames in, entries of the maps out.
#include "nic/probes/probe_programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nic/probes/flow_id.h"
#include "tests/nic/probes/probe_frames.h"

namespace longhaul::nic {
namespace {

// A run of both programs of one host, whose maps start empty.
class Probe {
 public:
  explicit Probe(std::uint32_t stamp_every = 0, std::uint32_t flows = 16, std::uint64_t gap = 1)
      : programs_({flows, 1, 4096, 2}, {.burst_gap_ns = gap,
                                        .host = 0,
                                        .stamp_every = stamp_every,
                                        .rtt_every = 0,
                                        .retransmission_tells_error = 0}),
        ring_(ring_buffer__new(programs_.records(), &Probe::take, this, nullptr), ring_buffer__free) {}

  int run(const Frame& frame, int program, std::uint32_t gso_segments = 0, std::uint32_t gso_size = 0) {
    __sk_buff context{};
    context.gso_segs = gso_segments;
    context.gso_size = gso_size;
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.data_in = frame.data();
    options.data_size_in = static_cast<std::uint32_t>(frame.size());
    options.ctx_in = &context;
    options.ctx_size_in = sizeof context;
    EXPECT_EQ(bpf_prog_test_run_opts(program, &options), 0) << std::strerror(errno);
    return static_cast<int>(options.retval);
  }
  int sent(const Frame& frame, std::uint32_t segments = 0, std::uint32_t size = 0) {
    return run(frame, programs_.egress(0), segments, size);
  }
  int received(const Frame& frame) { return run(frame, programs_.ingress(1)); }

  struct Entry {
    probe_flow_key key;
    probe_flow flow;
    std::string text() const { return flow_id_of(key).text(); }
  };
  std::vector<Entry> flows() const {
    std::vector<Entry> all;
    Entry entry{};
    const probe_flow_key* before = nullptr;
    for (probe_flow_key key{}; bpf_map_get_next_key(programs_.flows(), before, &entry.key) == 0;) {
      EXPECT_EQ(bpf_map_lookup_elem(programs_.flows(), &entry.key, &entry.flow), 0);
      all.push_back(entry);
      key = entry.key;
      before = &key;
    }
    return all;
  }
  probe_totals totals(std::uint32_t slot = PROBE_EGRESS) const {
    std::vector<probe_totals> cpus(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    EXPECT_EQ(bpf_map_lookup_elem(programs_.totals(), &slot, cpus.data()), 0);
    probe_totals sum{};
    for (const probe_totals& cpu : cpus) {
      sum.frames += cpu.frames;
      sum.bytes += cpu.bytes;
      sum.other_frames += cpu.other_frames;
      sum.malformed_frames += cpu.malformed_frames;
      sum.no_room_frames += cpu.no_room_frames;
    }
    return sum;
  }
  probe_losses losses() const {
    const std::uint32_t only = 0;
    probe_losses lost{};
    EXPECT_EQ(bpf_map_lookup_elem(programs_.losses(), &only, &lost), 0);
    return lost;
  }
  std::vector<probe_stamp> stamps() {
    ring_buffer__consume(ring_.get());
    return std::exchange(stamps_, {});
  }

 private:
  static int take(void* self, void* data, std::size_t) {
    static_cast<Probe*>(self)->stamps_.push_back(*static_cast<const probe_stamp*>(data));
    return 0;
  }

  ProbePrograms programs_;
  std::vector<probe_stamp> stamps_;
  std::unique_ptr<ring_buffer, void (*)(ring_buffer*)> ring_;
};

constexpr const char* kTcp = "tcp 10.0.0.1:40000 > 10.0.0.2:5001";
constexpr const char* kTcp6 = "tcp [fd00::1]:40000 > [fd00::2]:5001";
constexpr const char* kUdp = "udp 10.0.0.1:40001 > 10.0.0.2:7";
constexpr const char* kOther = "";
constexpr const char* kMalformed = "malformed";

struct Case {
  const char* name;
  Frame frame;
  std::string flow;  // kOther: no flow; kMalformed: counted as such
};

// A test run refuses an IP frame with less than an IP header, unless a VLAN tag hides it.
std::vector<Case> cases() {
  const Frame ipv4_tcp = ethernet(0x0800, ipv4(6, tcp(10)));
  const Frame roce = udp(4791, bth() + bytes(20));
  const Frame options = Frame{6, 0, 1, 4, 0, 0, 0, 0} + tcp(4);             // hop-by-hop
  const Frame routing = Frame{60, 1} + Frame(14) + Frame{6, 0} + Frame(6);  // routing, destination options
  Frame long_header = ipv4(6, Frame(4) + tcp(3));
  long_header[0] = 0x46;
  Frame short_header = ipv4_tcp, wrong_version = ipv4_tcp, total_too_long = ipv4_tcp, short_tcp = ipv4_tcp,
        long_tcp = ipv4_tcp;
  short_header[14] = 0x44;
  wrong_version[14] = 0x65;
  total_too_long[16] = 9;
  short_tcp[14 + 20 + 12] = 0x40;
  long_tcp[14 + 20 + 12] = 0xf0;
  Frame long_udp = ethernet(0x0800, ipv4(17, udp(7, bytes(10))));
  long_udp[14 + 20 + 5] = 200;
  return {
      {"IPv4 TCP", ipv4_tcp, kTcp},
      {"IPv4 TCP without payload", ethernet(0x0800, ipv4(6, tcp(0))), kTcp},
      {"IPv4 TCP padded", ethernet(0x0800, ipv4(6, tcp(0)) + Frame(6)), kTcp},
      {"IPv4 UDP", ethernet(0x0800, ipv4(17, udp(7, bytes(5)))), kUdp},
      {"IPv4 UDP without payload", ethernet(0x0800, ipv4(17, udp(7, {}))), kUdp},
      {"IPv4 with options", ethernet(0x0800, long_header), kTcp},
      {"IPv6 TCP", ethernet(0x86dd, ipv6(6, tcp(10))), kTcp6},
      {"IPv6 UDP", ethernet(0x86dd, ipv6(17, udp(7, bytes(40)))), "udp [fd00::1]:40001 > [fd00::2]:7"},
      {"IPv6 with hop-by-hop options", ethernet(0x86dd, ipv6(0, options)), kTcp6},
      {"IPv6 with two extension headers", ethernet(0x86dd, ipv6(43, routing + tcp(4))), kTcp6},
      {"IPv6 fragment", ethernet(0x86dd, ipv6(44, Frame{6, 0, 0, 1, 1, 2, 3, 4} + tcp(4))),
       "tcp [fd00::1]:0 > [fd00::2]:0"},
      {"IPv6 later fragment", ethernet(0x86dd, ipv6(44, Frame{6, 0, 1, 0, 1, 2, 3, 4} + bytes(9))),
       "tcp [fd00::1]:0 > [fd00::2]:0"},
      {"RoCE over IPv4", ethernet(0x0800, ipv4(17, roce)), "roce 10.0.0.1 > 10.0.0.2 qp 273"},
      {"RoCE over IPv6", ethernet(0x86dd, ipv6(17, roce)), "roce fd00::1 > fd00::2 qp 273"},
      {"RoCE's port without a whole BTH", ethernet(0x0800, ipv4(17, udp(4791, bytes(11)))),
       "roce 10.0.0.1 > 10.0.0.2 qp 0"},
      {"one VLAN tag", ethernet(0x8100, vlan(0x0800, ipv4(6, tcp(10)))), kTcp},
      {"two VLAN tags", ethernet(0x88a8, vlan(0x8100, vlan(0x0800, ipv4(6, tcp(10))))), kTcp},
      {"three VLAN tags", ethernet(0x8100, vlan(0x8100, vlan(0x8100, vlan(0x0800, ipv4(6, tcp(10)))))),
       kOther},
      {"first fragment", ethernet(0x0800, ipv4(17, udp(7, bytes(40)), 0x2000)),
       "udp 10.0.0.1:0 > 10.0.0.2:0"},
      {"later fragment", ethernet(0x0800, ipv4(17, bytes(40), 0x0006)), "udp 10.0.0.1:0 > 10.0.0.2:0"},
      {"ICMP", ethernet(0x0800, ipv4(1, bytes(8))), kOther},
      {"ARP", ethernet(0x0806, bytes(28)), kOther},
      {"an Ethernet header only", ethernet(0x88b5, {}), kOther},
      {"VLAN cut off", ethernet(0x8100, {0, 7}), kMalformed},
      {"IPv4 cut off", ethernet(0x8100, vlan(0x0800, cut(ipv4(6, tcp(0)), 19))), kMalformed},
      {"TCP cut off", ethernet(0x0800, ipv4(6, cut(tcp(0), 19))), kMalformed},
      {"UDP cut off", ethernet(0x0800, ipv4(17, bytes(7))), kMalformed},
      {"IPv6 cut off", ethernet(0x8100, vlan(0x86dd, cut(ipv6(6, tcp(0)), 39))), kMalformed},
      {"IPv6 extension header cut off", ethernet(0x86dd, ipv6(0, {6, 0, 1})), kMalformed},
      {"IPv6 extension header longer than the packet", ethernet(0x86dd, ipv6(0, Frame{6, 9} + bytes(30))),
       kMalformed},
      {"IPv4 header length below 20", short_header, kMalformed},
      {"version 6 in an IPv4 frame", wrong_version, kMalformed},
      {"IPv4 longer than the frame", total_too_long, kMalformed},
      {"TCP header length below 20", short_tcp, kMalformed},
      {"TCP header longer than the packet", long_tcp, kMalformed},
      {"UDP longer than the packet", long_udp, kMalformed},
  };
}

TEST(ProbePrograms, TellFlowsApart) {
  for (const Case& test : cases()) {
    SCOPED_TRACE(test.name);
    Probe probe;
    EXPECT_EQ(probe.sent(test.frame), -1);  // TCX_NEXT
    const auto flows = probe.flows();
    const probe_totals totals = probe.totals();
    EXPECT_EQ(totals.frames, 1U);
    EXPECT_EQ(totals.bytes, test.frame.size());
    const bool expected = test.flow != kOther && test.flow != kMalformed;
    EXPECT_EQ(totals.other_frames, test.flow == kOther ? 1U : 0U);
    EXPECT_EQ(totals.malformed_frames, test.flow == kMalformed ? 1U : 0U);
    ASSERT_EQ(flows.size(), expected ? 1U : 0U);
    if (!expected) continue;
    EXPECT_EQ(flows[0].text(), test.flow);
    EXPECT_EQ(flows[0].flow.frames, 1U);
    EXPECT_EQ(flows[0].flow.bytes, test.frame.size());
    EXPECT_EQ(flows[0].flow.bursts, 1U);
    EXPECT_EQ(flows[0].key.host, 0U);
    EXPECT_EQ(flows[0].key.direction, PROBE_EGRESS);
  }
}

TEST(ProbePrograms, EveryTruncationIsCountedOnce) {
  Probe probe;
  const Frame whole =
      ethernet(0x8100, vlan(0x86dd, ipv6(43, Frame{17, 0} + Frame(6) + udp(4791, bth() + bytes(8)))));
  std::uint64_t sizes = 0;
  for (std::size_t size = 14; size <= whole.size(); ++size, ++sizes) probe.sent(cut(whole, size));
  const probe_totals totals = probe.totals();
  EXPECT_EQ(totals.frames, sizes);
  EXPECT_EQ(totals.malformed_frames, sizes - 1);  // IPv6 tells its length: only the whole one is right
  ASSERT_EQ(probe.flows().size(), 1U);
  EXPECT_EQ(probe.flows()[0].flow.frames, 1U);
}

TEST(ProbePrograms, HostsAndDirectionsAreApart) {
  Probe probe;
  const Frame frame = ethernet(0x0800, ipv4(6, tcp(10)));
  probe.sent(frame);
  probe.received(frame);
  probe.received(frame);
  EXPECT_EQ(probe.totals(2 * 0 + PROBE_EGRESS).frames, 1U);
  EXPECT_EQ(probe.totals(2 * 1 + PROBE_INGRESS).frames, 2U);
  ASSERT_EQ(probe.flows().size(), 2U);
  for (const auto& entry : probe.flows()) {
    EXPECT_EQ(entry.key.host, entry.key.direction == PROBE_EGRESS ? 0U : 1U);
    EXPECT_EQ(entry.flow.frames, entry.key.direction == PROBE_EGRESS ? 1U : 2U);
  }
}

TEST(ProbePrograms, ABundleCountsAsItsFrames) {
  Probe probe;
  const Frame bundle = ethernet(0x0800, ipv4(6, tcp(2500)));  // 66 bytes of headers
  probe.sent(bundle, 3, 1000);
  ASSERT_EQ(probe.flows().size(), 1U);
  EXPECT_EQ(probe.flows()[0].flow.frames, 3U);
  EXPECT_EQ(probe.flows()[0].flow.bytes, 3 * 66U + 2500);
  EXPECT_EQ(probe.totals().frames, 3U);
  EXPECT_EQ(probe.totals().bytes, 3 * 66U + 2500);
  probe.sent(bundle, 0, 1000);  // the kernel did not count: we do
  EXPECT_EQ(probe.flows()[0].flow.frames, 6U);
}

TEST(ProbePrograms, GapsBeginBursts) {
  const Frame frame = ethernet(0x0800, ipv4(17, udp(7, bytes(5))));
  Probe always(0, 16, 1), never(0, 16, ~std::uint64_t{0});
  for (int i = 0; i < 10; ++i) {
    always.sent(frame);
    never.sent(frame);
  }
  const probe_flow each = always.flows().at(0).flow, one = never.flows().at(0).flow;
  EXPECT_EQ(each.bursts, 10U);
  EXPECT_EQ(one.bursts, 1U);
  EXPECT_GT(one.largest_gap_ns, 0U);
  EXPECT_LE(one.largest_gap_ns, one.last_ns - one.first_ns);
  EXPECT_GE(one.largest_gap_ns * 9, one.last_ns - one.first_ns);
}

TEST(ProbePrograms, FlowsWithoutRoomAreCounted) {
  Probe probe(0, 2);
  for (std::uint16_t port = 1; port <= 5; ++port) probe.sent(ethernet(0x0800, ipv4(17, udp(port, bytes(5)))));
  EXPECT_EQ(probe.flows().size(), 2U);
  EXPECT_EQ(probe.totals().no_room_frames, 3U);
  EXPECT_EQ(probe.totals().frames, 5U);
}

// The hash of what left equals that of what came, whatever the network may change on the way.
TEST(ProbePrograms, TheTwoEndsOfAFrameHaveOneHash) {
  Frame congested = bth(0x80), plain = bth();
  const Frame payload = bytes(40);
  struct Pair {
    const char* name;
    Frame sent, received;
  };
  Frame marked = ipv4(6, tcp(40), 0, 63);
  marked[1] = 3;  // congestion experienced
  for (const Pair& pair : std::vector<Pair>{
           {"TTL, ECN and a VLAN tag", ethernet(0x0800, ipv4(6, tcp(40))),
            ethernet(0x8100, vlan(0x0800, marked))},
           {"padding", ethernet(0x0800, ipv4(6, tcp(0))), ethernet(0x0800, ipv4(6, tcp(0)) + Frame(8))},
           {"BECN", ethernet(0x0800, ipv4(17, udp(4791, plain + payload))),
            ethernet(0x0800, ipv4(17, udp(4791, congested + payload)))},
           {"IPv6", ethernet(0x86dd, ipv6(17, udp(7, payload))), ethernet(0x86dd, ipv6(17, udp(7, payload)))},
       }) {
    SCOPED_TRACE(pair.name);
    Probe probe(1);
    probe.sent(pair.sent);
    probe.received(pair.received);
    const auto stamps = probe.stamps();
    ASSERT_EQ(stamps.size(), 2U);
    EXPECT_EQ(stamps[0].frame_hash, stamps[1].frame_hash);
    EXPECT_EQ(stamps[0].record.host, 0U);
    EXPECT_EQ(stamps[1].record.host, 1U);
    EXPECT_EQ(stamps[1].flow.direction, PROBE_INGRESS);
    EXPECT_LT(stamps[0].record.time_ns, stamps[1].record.time_ns);
  }
}

TEST(ProbePrograms, ABundleHasTheHashOfItsFirstFrame) {
  Probe probe(1);
  probe.sent(ethernet(0x0800, ipv4(6, tcp(2500))), 3, 1000);
  probe.received(ethernet(0x0800, ipv4(6, tcp(1000))));
  const auto stamps = probe.stamps();
  ASSERT_EQ(stamps.size(), 2U);
  EXPECT_EQ(stamps[0].frame_hash, stamps[1].frame_hash);
}

TEST(ProbePrograms, FramesThatDifferHaveHashesThatDiffer) {
  Probe probe(1);
  std::vector<Frame> frames;
  for (std::uint8_t sequence = 1; sequence < 9; ++sequence)
    frames.push_back(ethernet(0x0800, ipv4(6, tcp(40, sequence))));
  frames.push_back(ethernet(0x0800, ipv4(6, tcp(41, 1))));
  frames.push_back(ethernet(0x0800, ipv4(17, udp(7, bytes(40)))));
  frames.push_back(ethernet(0x0800, ipv4(17, udp(7, bytes(41)))));
  frames.push_back(ethernet(0x0800, ipv4(17, udp(7, Frame(40)))));
  for (const Frame& frame : frames) probe.sent(frame);
  std::vector<std::uint64_t> hashes;
  for (const probe_stamp& stamp : probe.stamps()) hashes.push_back(stamp.frame_hash);
  std::sort(hashes.begin(), hashes.end());
  EXPECT_EQ(hashes.size(), frames.size());
  EXPECT_EQ(std::unique(hashes.begin(), hashes.end()), hashes.end());
}

TEST(ProbePrograms, OneInNFramesIsStamped) {
  Probe probe(8, 4096);
  std::size_t stamped = 0;
  constexpr std::uint16_t kFrames = 2000;
  for (std::uint16_t port = 1; port <= kFrames; ++port) {
    probe.sent(ethernet(0x0800, ipv4(17, udp(port, bytes(20)))));
    if (port % 16 == 0) stamped += probe.stamps().size();
  }
  // 250 +- 15 for a fair choice; five times that around it.
  EXPECT_GT(stamped, 175U);
  EXPECT_LT(stamped, 325U);
}

TEST(ProbePrograms, StampsThatFindNoRoomAreCounted) {
  Probe probe(1);
  for (std::uint16_t port = 1; port <= 100; ++port)
    probe.sent(ethernet(0x0800, ipv4(17, udp(port, bytes(20)))));
  const std::size_t kept = probe.stamps().size();
  EXPECT_GT(kept, 0U);
  EXPECT_LT(kept, 100U);
  EXPECT_EQ(probe.losses().stamps, 100 - kept);
}

}  // namespace
}  // namespace longhaul::nic
