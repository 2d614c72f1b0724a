// SPDX-License-Identifier: GPL-2.0-only
#include "nic/xdp_sender.h"

#include <rte_mbuf.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace longhaul::nic {

std::uint16_t XdpSender::send(std::span<rte_mbuf*> burst) {
  socket_.reap();
  if (link_.load(std::memory_order_relaxed) == Link::kDown) wake();  // it may be up again
  const Link link = link_.load(std::memory_order_relaxed);
  if (link == Link::kGone) return discard(burst, counters_.interface_gone);
  if (link == Link::kDown) return discard(burst, counters_.interface_down);
  std::uint16_t taken = 0;
  for (rte_mbuf* mbuf : burst) {
    if (fits(*mbuf) && !put(*mbuf)) {
      submit();
      wake();
      if (link_.load(std::memory_order_relaxed) != Link::kUp || !put(*mbuf)) break;
    }
    ++taken;
  }
  submit();
  if (unsent()) wake();
  if (taken != 0) rte_pktmbuf_free_bulk(burst.data(), taken);
  return taken;
}

// Whether a frame can be sent at all; one that cannot is counted.
bool XdpSender::fits(const rte_mbuf& mbuf) {
  if (mbuf.pkt_len < kEthernetHeader) return counters_.runt.add(), false;
  if (mbuf.pkt_len > largest_frame_) return counters_.oversized.add(), false;
  return true;
}

// Copies a whole frame into chunks and the transmit ring; false when there is no room for all of it.
bool XdpSender::put(const rte_mbuf& mbuf) {
  const std::uint32_t length = mbuf.pkt_len;
  const std::uint32_t needed = (length + kXdpChunk - 1) / kXdpChunk;
  std::uint32_t first = 0;
  if (socket_.free_chunks.size() < needed || xsk_ring_prod__reserve(&socket_.tx, needed, &first) != needed)
    return false;
  for (std::uint32_t i = 0; i < needed; ++i) {
    const std::uint32_t offset = i * kXdpChunk;
    const std::uint64_t address = socket_.free_chunks.back();
    socket_.free_chunks.pop_back();
    xdp_desc* piece = xsk_ring_prod__tx_desc(&socket_.tx, first + i);
    piece->addr = address;
    piece->len = std::min(kXdpChunk, length - offset);
    piece->options = i + 1 < needed ? kXdpContinues : 0;
    // A frame in several segments is gathered on the way.
    const void* from = rte_pktmbuf_read(&mbuf, offset, piece->len, socket_.at(address));
    if (from != socket_.at(address)) std::memcpy(socket_.at(address), from, piece->len);
  }
  written_ += needed;
  counters_.frames.add();
  counters_.bytes.add(length);
  return true;
}

void XdpSender::submit() {
  if (written_ == 0) return;
  xsk_ring_prod__submit(&socket_.tx, written_);
  written_ = 0;
}

bool XdpSender::unsent() const {
  return socket_.tx.cached_prod != __atomic_load_n(socket_.tx.consumer, __ATOMIC_ACQUIRE) &&
         link_.load(std::memory_order_relaxed) != Link::kGone;
}

std::uint64_t XdpSender::unsent_frames() const {
  std::uint64_t frames = 0;
  const auto* ring = static_cast<const xdp_desc*>(socket_.tx.ring);
  for (std::uint32_t i = __atomic_load_n(socket_.tx.consumer, __ATOMIC_ACQUIRE); i != socket_.tx.cached_prod;
       ++i)
    frames += (ring[i & socket_.tx.mask].options & kXdpContinues) == 0;
  return frames;
}

// Has the kernel send what is in the ring. It stops by itself after its budget, at a frame that the other end
// refused, and when nothing moves: then the rest has time until the next turn.
void XdpSender::wake() {
  if (!xsk_ring_prod__needs_wakeup(&socket_.tx)) return;
  for (bool moved = true; moved;) {
    const std::uint32_t before = __atomic_load_n(socket_.tx.consumer, __ATOMIC_ACQUIRE);
    if (::sendto(socket_.fd(), nullptr, 0, MSG_DONTWAIT, nullptr, 0) >= 0) {
      link_.store(Link::kUp, std::memory_order_relaxed);
      break;
    }
    const int error = errno;
    if (error == EBUSY) {  // one frame less to send
      counters_.no_carrier.add();
      continue;
    }
    if (error != EAGAIN && error != EINTR) return note_failure(error);
    const bool reaped = socket_.reap() != 0;
    moved = reaped || before != __atomic_load_n(socket_.tx.consumer, __ATOMIC_ACQUIRE);
  }
  socket_.reap();
}

void XdpSender::note_failure(int error) {
  if (error == ENETDOWN) {
    if (link_.load(std::memory_order_relaxed) == Link::kUp) {
      counters_.interface_down.add(unsent_frames());
      link_.store(Link::kDown, std::memory_order_relaxed);
    }
  } else if (error == ENXIO || error == ENODEV) {
    if (link_.load(std::memory_order_relaxed) == Link::kUp) counters_.interface_gone.add(unsent_frames());
    link_.store(Link::kGone, std::memory_order_relaxed);
  }
}

std::uint16_t XdpSender::discard(std::span<rte_mbuf*> burst, SingleWriterCounter& cause) {
  cause.add(burst.size());
  if (!burst.empty()) rte_pktmbuf_free_bulk(burst.data(), static_cast<unsigned>(burst.size()));
  return static_cast<std::uint16_t>(burst.size());
}

}  // namespace longhaul::nic
