// SPDX-License-Identifier: GPL-2.0-only
//
// A port without a driver: frames come from it as fast as they are taken, or at a rate with a ring as deep as
// a network card's before them, and what is sent to it is counted and freed. Its buffers' payload is never
// touched, so what is measured over it is the data plane. Threads as nic/port.h has them; the rate may be
// changed by any.
#pragma once

#include <fmt/format.h>
#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <array>
#include <atomic>
#include <cstring>

#include "nic/packet_pool.h"
#include "nic/port.h"

namespace longhaul::test {

class GeneratorPort final : public nic::Port {
 public:
  struct Config {
    unsigned index = 0;  // keeps names apart; also the last byte of the source address
    unsigned to = 0;     // the last byte of the destination address
    std::uint16_t size = 64;
    double frames_per_second = 0;  // 0: as fast as they are taken
  };
  static constexpr unsigned kRing = 4'096, kBuffers = 32'768;

  GeneratorPort(const Config& config, const nic::PortSpec& spec)
      : config_(config),
        pool_(nic::make_packet_pool(fmt::format("generator_{}", config.index), kBuffers + spec.held,
                                    static_cast<std::uint16_t>(spec.mtu + 18 + RTE_PKTMBUF_HEADROOM),
                                    SOCKET_ID_ANY)) {
    set_rate(config.frames_per_second);
  }

  // Frames per second from now on; 0: as fast as they are taken. A negative one: none.
  void set_rate(double frames_per_second) {
    rate_.store(frames_per_second, std::memory_order_relaxed);
    changed_.store(true, std::memory_order_release);
  }

  std::uint16_t receive(std::span<rte_mbuf*> burst) override {
    const auto count = static_cast<unsigned>(std::min<std::uint64_t>(burst.size(), due(burst.size())));
    if (count == 0 || rte_pktmbuf_alloc_bulk(pool_.get(), burst.data(), count) != 0) return 0;
    const std::array<std::uint8_t, 14> header{2,    0,   0, 0, 0, static_cast<std::uint8_t>(config_.to),
                                              2,    0,   0, 0, 0, static_cast<std::uint8_t>(config_.index),
                                              0x88, 0xB5};
    for (unsigned i = 0; i < count; ++i) {
      burst[i]->data_len = config_.size;
      burst[i]->pkt_len = config_.size;
      std::memcpy(rte_pktmbuf_mtod(burst[i], char*), header.data(), header.size());
    }
    taken_ += count;
    return static_cast<std::uint16_t>(count);
  }
  std::uint16_t transmit(std::span<rte_mbuf*> burst) override {
    rte_pktmbuf_free_bulk(burst.data(), static_cast<unsigned>(burst.size()));
    return static_cast<std::uint16_t>(burst.size());
  }
  rte_mbuf* allocate() override { return rte_pktmbuf_alloc(pool_.get()); }
  bool allocate_bulk(std::span<rte_mbuf*> empty) override {
    return rte_pktmbuf_alloc_bulk(pool_.get(), empty.data(), static_cast<unsigned>(empty.size())) == 0;
  }
  nic::PortStatistics statistics() const override {
    nic::PortStatistics statistics;
    statistics.losses = {{"rx_missed", missed_.load(std::memory_order_relaxed)}};
    return statistics;
  }
  // Frames that the rate asked for and nobody took in time.
  std::uint64_t missed() const { return missed_.load(std::memory_order_relaxed); }

 private:
  // Frames that wait in the ring.
  std::uint64_t due(std::size_t wanted) {
    if (changed_.exchange(false, std::memory_order_acquire)) start_ = rte_rdtsc(), taken_ = 0, lost_ = 0;
    const double rate = rate_.load(std::memory_order_relaxed);
    if (rate == 0) return wanted;
    if (rate < 0) return 0;
    const double elapsed = static_cast<double>(rte_rdtsc() - start_) / static_cast<double>(rte_get_tsc_hz());
    const auto offered = static_cast<std::uint64_t>(elapsed * rate);
    const std::uint64_t waiting = offered - taken_ - lost_;
    if (waiting <= kRing) return waiting;
    lost_ += waiting - kRing;
    missed_.store(missed_.load(std::memory_order_relaxed) + waiting - kRing, std::memory_order_relaxed);
    return kRing;
  }

  Config config_;
  nic::PacketPool pool_;
  std::atomic<double> rate_{0};
  std::atomic<bool> changed_{true};
  std::atomic<std::uint64_t> missed_{0};
  std::uint64_t start_ = 0, taken_ = 0, lost_ = 0;  // since the rate was set
};

}  // namespace longhaul::test
