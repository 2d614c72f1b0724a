// SPDX-License-Identifier: GPL-2.0-only
#include "nic/ethdev_port.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "nic/packet_pool.h"

namespace longhaul::nic {
namespace {

constexpr std::uint16_t kRxDescriptors = 4'096;
constexpr std::uint16_t kTxDescriptors = 4'096;
constexpr std::uint16_t kReceiveQueues = 4;       // of a network card
constexpr unsigned kBuffers = 16'384;             // fill ring, receive ring, transmit ring and bursts in hand
constexpr std::uint32_t kDefaultRoomMtu = 1'750;  // 2,048 B of DPDK's AF_XDP less 256 B, with a VLAN tag

constexpr std::uint64_t kSpreadBy = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;

bool is_network_card(const std::string& device) {
  return !device.starts_with("net_");
}

// What receive_queues() gives at most.
std::uint16_t queues_wanted(const PortSpec& spec) {
  if (spec.rx_queues != 0) return spec.rx_queues;
  return is_network_card(spec.device) ? kReceiveQueues : std::uint16_t{1};
}

// Each further receive queue keeps a ring of its own filled.
unsigned buffers_for(const PortSpec& spec, std::uint16_t rx_queues) {
  return kBuffers + (rx_queues - 1u) * kRxDescriptors + spec.held;
}

// AF_PACKET copies each frame from a slot of its ring, so a buffer must hold a whole slot.
std::uint32_t af_packet_slot(std::uint32_t mtu) {
  const std::uint32_t frame = mtu + 18 + 128;  // tpacket header and alignment
  return frame <= 2'048 ? 2'048 : frame <= 4'096 ? 4'096 : frame <= 8'192 ? 8'192 : 16'384;
}

std::uint16_t buffer_room(std::uint32_t mtu) {
  if (mtu <= kDefaultRoomMtu) return RTE_MBUF_DEFAULT_BUF_SIZE;
  return static_cast<std::uint16_t>(af_packet_slot(mtu) + 128 + RTE_PKTMBUF_HEADROOM);
}

int check(int result, const std::string& device, const char* what) {
  if (result < 0) {
    throw std::runtime_error(fmt::format("port {}: cannot {}: {}", device, what, rte_strerror(-result)));
  }
  return result;
}

std::string ethdev_name(const std::string& device) {
  return device.substr(0, device.find(','));
}

bool is_memif_client(const std::string& device) {
  return device.starts_with("net_memif") && device.find("role=client") != std::string::npos;
}

class EthdevPort : public Port {
 public:
  explicit EthdevPort(const PortSpec& spec);
  ~EthdevPort() override;

  // One burst of one queue, that of the next which has frames, so that no queue starves another and an empty
  // one hides none. The card keeps a flow in its queue, which keeps the flow's order; only IP fragments,
  // which have no ports to go by, may be in another queue than the rest of their flow.
  std::uint16_t receive(std::span<rte_mbuf*> burst) override {
    if (rx_queues_ == 1) return receive_from(0, burst);
    for (std::uint16_t asked = 0; asked < rx_queues_; ++asked) {
      const std::uint16_t queue = next_queue_++;
      if (next_queue_ == rx_queues_) next_queue_ = 0;
      if (const std::uint16_t count = receive_from(queue, burst); count != 0) return count;
    }
    return 0;
  }
  std::uint16_t transmit(std::span<rte_mbuf*> burst) override {
    return rte_eth_tx_burst(id_, 0, burst.data(), static_cast<std::uint16_t>(burst.size()));
  }
  rte_mbuf* allocate() override { return rte_pktmbuf_alloc(pool_.get()); }
  bool allocate_bulk(std::span<rte_mbuf*> empty) override {
    return rte_pktmbuf_alloc_bulk(pool_.get(), empty.data(), static_cast<unsigned>(empty.size())) == 0;
  }
  PortStatistics statistics() const override;

 protected:
  std::uint16_t id() const { return id_; }

 private:
  std::uint16_t receive_from(std::uint16_t queue, std::span<rte_mbuf*> burst) {
    return rte_eth_rx_burst(id_, queue, burst.data(), static_cast<std::uint16_t>(burst.size()));
  }
  void start(const PortSpec& spec);
  void configure(const PortSpec& spec);
  void set_up_queues();
  void connect();

  std::string device_;
  std::uint16_t id_ = 0;
  std::uint16_t rx_queues_ = 1;
  std::uint16_t next_queue_ = 0;
  PacketPool pool_;
};

EthdevPort::EthdevPort(const PortSpec& spec) : device_(spec.device) {
  constexpr std::uint32_t kLargestTapMtu = 1'500;  // DPDK's TAP driver never lets go of a larger frame
  if (device_.starts_with("net_tap") && spec.mtu > kLargestTapMtu) {
    throw std::runtime_error(fmt::format("port {}: DPDK's TAP driver takes an MTU up to {}, not {}", device_,
                                         kLargestTapMtu, spec.mtu));
  }
  check(rte_eth_dev_get_port_by_name(ethdev_name(device_).c_str(), &id_), device_, "find it");
  try {
    start(spec);
  } catch (...) {
    rte_eth_dev_close(id_);  // before its buffers go
    throw;
  }
}

void EthdevPort::start(const PortSpec& spec) {
  configure(spec);
  pool_ = make_packet_pool(device_, buffers_for(spec, rx_queues_), buffer_room(spec.mtu),
                           rte_eth_dev_socket_id(id_));
  if (device_.starts_with("net_af_xdp") && pool_->nb_mem_chunks != 1) {
    throw std::runtime_error(
        fmt::format("port {}: its packet buffers lie in {} pieces of memory; reserve more hugepages, or none",
                    device_, pool_->nb_mem_chunks));
  }
  set_up_queues();
  if (is_memif_client(device_)) {
    connect();
  } else {
    check(rte_eth_dev_start(id_), device_, "start it");
  }
  const int promiscuous = rte_eth_promiscuous_enable(id_);
  if (promiscuous != 0 && promiscuous != -ENOTSUP) check(promiscuous, device_, "enable promiscuous mode");
}

void EthdevPort::configure(const PortSpec& spec) {
  rte_eth_dev_info info{};
  check(rte_eth_dev_info_get(id_, &info), device_, "ask what it can do");
  const std::uint64_t spread_by = kSpreadBy & info.flow_type_rss_offloads;
  rx_queues_ = receive_queues(spec, info.max_rx_queues, spread_by != 0);
  rte_eth_conf configuration{};
  if (rx_queues_ > 1 && spread_by != 0) {
    configuration.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    configuration.rx_adv_conf.rss_conf.rss_hf = spread_by;
  }
  check(rte_eth_dev_configure(id_, rx_queues_, 1, &configuration), device_, "configure it");
  // A network card has to be told. The virtual devices take frames of any size, and the MTU of an interface
  // below them belongs to whoever made it.
  if (is_network_card(device_))
    check(rte_eth_dev_set_mtu(id_, static_cast<std::uint16_t>(spec.mtu)), device_, "set its MTU");
}

void EthdevPort::set_up_queues() {
  std::uint16_t rx = kRxDescriptors, tx = kTxDescriptors;
  check(rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx, &tx), device_, "size its rings");
  for (std::uint16_t queue = 0; queue < rx_queues_; ++queue) {
    check(rte_eth_rx_queue_setup(id_, queue, rx, SOCKET_ID_ANY, nullptr, pool_.get()), device_,
          "set up a receive queue");
  }
  check(rte_eth_tx_queue_setup(id_, 0, tx, SOCKET_ID_ANY, nullptr), device_, "set up its transmit queue");
}

// DPDK's memif client asks once. Where the server is not there yet, or has made its socket but not started
// its port, it is turned away and would stay so.
void EthdevPort::connect() {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kPatience{5'000}, kAnswer{200}, kPause{1};
  for (const auto give_up = Clock::now() + kPatience; Clock::now() < give_up;) {
    const bool asked = rte_eth_dev_start(id_) == 0;
    for (const auto ask_again = Clock::now() + kAnswer; Clock::now() < ask_again;) {
      rte_eth_link link{};
      if (asked && rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP) return;
      std::this_thread::sleep_for(kPause);
    }
    if (asked) rte_eth_dev_stop(id_);
  }
  throw std::runtime_error(fmt::format(
      "port {}: no memif server answered within {} ms; start the server first", device_, kPatience.count()));
}

EthdevPort::~EthdevPort() {
  rte_eth_dev_stop(id_);
  rte_eth_dev_close(id_);
}

PortStatistics EthdevPort::statistics() const {
  rte_eth_stats stats{};
  check(rte_eth_stats_get(id_, &stats), device_, "read its statistics");
  PortStatistics result;
  result.rx_frames = stats.ipackets;
  result.rx_bytes = stats.ibytes;
  result.tx_frames = stats.opackets;
  result.tx_bytes = stats.obytes;
  result.losses = {{"rx_missed", stats.imissed},
                   {"rx_errors", stats.ierrors},
                   {"rx_no_buffer", stats.rx_nombuf},
                   {"tx_errors", stats.oerrors}};
  return result;
}

// DPDK's null device receives as fast as it is asked, and leaves the frames blank. Here those of an even port
// are for the next, and the other way round, so that two make a traffic generator for what lies between.
class NullPort final : public EthdevPort {
 public:
  explicit NullPort(const PortSpec& spec) : EthdevPort(spec) {
    const auto own = static_cast<std::uint8_t>(id()), other = static_cast<std::uint8_t>(id() ^ 1);
    // Locally administered addresses; IEEE 802's EtherType for experiments.
    header_ = {2, 0x4C, 0x4E, 0, 0, other, 2, 0x4C, 0x4E, 0, 0, own, 0x88, 0xB5};
  }

  std::uint16_t receive(std::span<rte_mbuf*> burst) override {
    const std::uint16_t count = EthdevPort::receive(burst);
    for (rte_mbuf* mbuf : burst.first(count))
      std::memcpy(rte_pktmbuf_mtod(mbuf, void*), header_.data(), header_.size());
    return count;
  }

 private:
  std::array<std::uint8_t, 14> header_{};
};

}  // namespace

std::unique_ptr<Port> open_ethdev_port(const PortSpec& spec) {
  if (spec.device.starts_with("net_null")) return std::make_unique<NullPort>(spec);
  return std::make_unique<EthdevPort>(spec);
}

std::uint16_t receive_queues(const PortSpec& spec, std::uint16_t most, bool can_spread) {
  if (spec.rx_queues > most) {
    throw std::runtime_error(
        fmt::format("port {}: takes up to {} receive queues, not {}", spec.device, most, spec.rx_queues));
  }
  if (spec.rx_queues != 0) return spec.rx_queues;
  return can_spread ? std::clamp<std::uint16_t>(most, 1, queues_wanted(spec)) : std::uint16_t{1};
}

std::uint64_t ethdev_memory(const PortSpec& spec) {
  return pool_memory(buffers_for(spec, queues_wanted(spec)), buffer_room(spec.mtu));
}

std::string af_packet_device(const std::string& interface, std::uint32_t mtu, unsigned index) {
  constexpr std::uint32_t kRingBytes = 16 * 1024 * 1024;  // each way; 130 ms at 1 Gbit/s
  const std::uint32_t slot = af_packet_slot(mtu);
  return fmt::format("net_af_packet{},iface={},blocksz=65536,framesz={},framecnt={},qdisc_bypass=1", index,
                     interface, slot, kRingBytes / slot);
}

std::string af_xdp_device(const std::string& interface, std::uint32_t mtu, unsigned index) {
  if (mtu > kDefaultRoomMtu) {
    throw std::invalid_argument(
        fmt::format("port {}: DPDK's AF_XDP driver takes an MTU up to {}, not {}; take `port: xdp`",
                    interface, kDefaultRoomMtu, mtu));
  }
  // busy_budget=0: no syscall per poll; the loop sleeps when idle instead.
  return fmt::format("net_af_xdp{},iface={},busy_budget=0", index, interface);
}

}  // namespace longhaul::nic
