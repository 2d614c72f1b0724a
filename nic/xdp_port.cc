// SPDX-License-Identifier: GPL-2.0-only
#include "nic/xdp_port.h"

#include <fmt/format.h>
#include <net/if.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "nic/file_descriptor.h"
#include "nic/packet_pool.h"
#include "nic/single_writer_counter.h"
#include "nic/xdp_interface.h"
#include "nic/xdp_program.h"
#include "nic/xdp_sender.h"
#include "nic/xdp_socket.h"

namespace longhaul::nic {
namespace {

constexpr std::string_view kPrefix = "xdp,";
constexpr std::uint32_t kOverhead = 14 + 4;  // header and a VLAN tag
constexpr unsigned kBuffers = 8'192;         // of frames that wait for other ports, and bursts in hand

std::uint16_t buffer_room(std::uint32_t mtu) {
  const std::uint32_t room = RTE_PKTMBUF_HEADROOM + mtu + kOverhead;
  if (room > UINT16_MAX) throw std::runtime_error(fmt::format("an MTU of {} B is too large", mtu));
  return static_cast<std::uint16_t>(room);
}

struct XdpDevice {
  std::string interface;
  SteeringFilter filter;
};

bool takes_vlans(const SteeringFilter& filter) {
  return std::ranges::any_of(filter.terms(),
                             [](const SteeringTerm& term) { return term.rule.kind == STEERING_VLAN; });
}

// What the device names: an interface that is fit for a port, and what of it is taken.
XdpDevice parse(const std::string& device) {
  constexpr std::string_view kInterface = "iface=", kSteer = ",steer=";
  const std::string rest = device.substr(kPrefix.size());
  const std::size_t steer = std::min(rest.find(kSteer), rest.size());
  const std::string name = rest.starts_with(kInterface) && steer > kInterface.size()
                               ? rest.substr(kInterface.size(), steer - kInterface.size())
                               : "";
  XdpDevice parsed{name, {}};
  if (name.empty() || name.find(',') != std::string::npos)
    throw std::runtime_error(fmt::format(
        "port {}: `xdp,iface=NAME` is needed, and may be followed by `,steer=TERM+TERM`", device));
  try {
    if (steer < rest.size()) parsed.filter = SteeringFilter::of_text(rest.substr(steer + kSteer.size()));
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(fmt::format("port {}: {}", device, error.what()));
  }
  return parsed;
}

XdpDevice fit_device(const std::string& device) {
  XdpDevice parsed = parse(device);
  if (::if_nametoindex(parsed.interface.c_str()) == 0)
    throw std::runtime_error(fmt::format("port {}: {}", device, std::strerror(errno)));
  check_one_queue(parsed.interface);
  if (takes_vlans(parsed.filter)) check_tags_stay(parsed.interface);
  return parsed;
}

class XdpPort final : public Port {
 public:
  XdpPort(const PortSpec& spec, const XdpDevice& device);

  std::uint16_t receive(std::span<rte_mbuf*> burst) override;
  std::uint16_t transmit(std::span<rte_mbuf*> burst) override { return sender_.send(burst); }
  rte_mbuf* allocate() override { return rte_pktmbuf_alloc(pool_.get()); }
  bool allocate_bulk(std::span<rte_mbuf*> empty) override {
    return rte_pktmbuf_alloc_bulk(pool_.get(), empty.data(), static_cast<unsigned>(empty.size())) == 0;
  }
  PortStatistics statistics() const override;

 private:
  rte_mbuf* take(std::uint32_t first, std::uint32_t descriptors);

  std::string interface_;
  unsigned index_;
  std::uint32_t largest_frame_;
  PacketPool pool_;
  UniqueFd promiscuous_;
  XdpSocket socket_;
  XdpSender sender_;
  XdpProgram program_;  // goes first, so that nothing is on its way to the socket when that goes
  SingleWriterCounter frames_, bytes_, no_buffer_, runt_, oversized_;  // received
};

XdpPort::XdpPort(const PortSpec& spec, const XdpDevice& device)
    : interface_(device.interface),
      index_(::if_nametoindex(interface_.c_str())),
      largest_frame_(spec.mtu + kOverhead),
      pool_(make_packet_pool(spec.device, kBuffers + spec.held, buffer_room(spec.mtu),
                             static_cast<int>(rte_socket_id()))),
      promiscuous_(make_promiscuous(interface_)),
      socket_(interface_, largest_frame_),
      sender_(socket_, largest_frame_),
      program_(interface_, socket_.fd(), device.filter) {}

std::uint16_t XdpPort::receive(std::span<rte_mbuf*> burst) {
  sender_.catch_up();
  std::uint32_t first = 0;
  const std::uint32_t available = xsk_ring_cons__peek(&socket_.rx, kXdpRing, &first);
  if (available == 0) return 0;
  std::uint32_t used = 0;
  std::uint16_t count = 0;
  while (used < available && count < burst.size()) {
    // The kernel publishes whole frames only.
    std::uint32_t descriptors = 1;
    while ((xsk_ring_cons__rx_desc(&socket_.rx, first + used + descriptors - 1)->options & kXdpContinues) !=
               0 &&
           used + descriptors < available)
      ++descriptors;
    if (rte_mbuf* mbuf = take(first + used, descriptors); mbuf != nullptr) burst[count++] = mbuf;
    used += descriptors;
  }
  xsk_ring_cons__cancel(&socket_.rx, available - used);
  xsk_ring_cons__release(&socket_.rx, used);
  xsk_ring_prod__submit(&socket_.fill, used);
  frames_.add(count);
  return count;
}

// Copies a frame out of its chunks, which go back to the fill ring; nullptr when it had to be dropped.
rte_mbuf* XdpPort::take(std::uint32_t first, std::uint32_t descriptors) {
  std::uint32_t length = 0;
  for (std::uint32_t i = 0; i < descriptors; ++i)
    length += xsk_ring_cons__rx_desc(&socket_.rx, first + i)->len;
  rte_mbuf* mbuf = nullptr;
  if (length > largest_frame_) {
    oversized_.add();
  } else if (length < kEthernetHeader) {
    runt_.add();
  } else if (mbuf = allocate(); mbuf == nullptr) {
    no_buffer_.add();
  } else {
    mbuf->data_len = static_cast<std::uint16_t>(length);
    mbuf->pkt_len = length;
    bytes_.add(length);
  }
  std::byte* to = mbuf != nullptr ? rte_pktmbuf_mtod(mbuf, std::byte*) : nullptr;
  for (std::uint32_t i = 0; i < descriptors; ++i) {
    const xdp_desc* piece = xsk_ring_cons__rx_desc(&socket_.rx, first + i);
    if (to != nullptr) {
      std::memcpy(to, socket_.at(piece->addr), piece->len);
      to += piece->len;
    }
    // There is always room: the ring has one entry for each chunk.
    std::uint32_t free = 0;
    xsk_ring_prod__reserve(&socket_.fill, 1, &free);
    *xsk_ring_prod__fill_addr(&socket_.fill, free) = piece->addr & ~std::uint64_t{kXdpChunk - 1};
  }
  return mbuf;
}

PortStatistics XdpPort::statistics() const {
  xdp_statistics kernel{};
  socklen_t size = sizeof kernel;
  if (::getsockopt(socket_.fd(), SOL_XDP, XDP_STATISTICS, &kernel, &size) != 0)
    throw std::runtime_error(
        fmt::format("cannot read the statistics of {}: {}", interface_, std::strerror(errno)));
  const XdpSender::Counters& sent = sender_.counters();
  PortStatistics result;
  result.rx_frames = frames_.read();
  result.rx_bytes = bytes_.read();
  result.tx_frames = sent.frames.read();
  result.tx_bytes = sent.bytes.read();
  result.losses = {{"rx_ring_full", kernel.rx_ring_full},
                   {"rx_dropped", kernel.rx_dropped},
                   {"rx_invalid_descriptors", kernel.rx_invalid_descs},
                   {"tx_invalid_descriptors", kernel.tx_invalid_descs},
                   {"rx_no_buffer", no_buffer_.read()},
                   {"rx_runt", runt_.read()},
                   {"rx_oversized", oversized_.read()},
                   {"tx_runt", sent.runt.read()},
                   {"tx_oversized", sent.oversized.read()},
                   {"tx_no_carrier", sent.no_carrier.read()},
                   {"tx_interface_down", sent.interface_down.read()},
                   {"tx_interface_gone", sent.interface_gone.read()}};
  result.steering = program_.steering();
  char name[IF_NAMESIZE];
  result.gone = sender_.gone() || ::if_indextoname(index_, name) == nullptr;
  return result;
}

}  // namespace

bool is_xdp_device(const std::string& device) {
  return device.starts_with(kPrefix);
}

std::unique_ptr<Port> open_xdp_port(const PortSpec& spec) {
  return std::make_unique<XdpPort>(spec, fit_device(spec.device));
}

std::uint64_t xdp_pool_memory(const PortSpec& spec) {
  return pool_memory(kBuffers + spec.held, buffer_room(spec.mtu));
}

std::uint64_t xdp_ring_memory() {
  return XdpSocket::memory();
}

}  // namespace longhaul::nic
