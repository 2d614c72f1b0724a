// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/capture.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace longhaul::dataplane {

namespace {

void increment(std::atomic<std::uint64_t>& counter) {  // one writer: no locked instruction
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

void Capture::FreeFilter::operator()(bpf_program* filter) const {
  pcap_freecode(filter);
  delete filter;
}

std::unique_ptr<bpf_program, Capture::FreeFilter> Capture::compile(const Config& config) {
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> ethernet(pcap_open_dead(DLT_EN10MB, kLargestSnap),
                                                            pcap_close);
  if (ethernet == nullptr)
    throw std::runtime_error(fmt::format("capture filter \"{}\": libpcap has no memory", config.filter));
  bpf_program program{};
  if (pcap_compile(ethernet.get(), &program, config.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    throw std::runtime_error(
        fmt::format("capture filter \"{}\": {}", config.filter, pcap_geterr(ethernet.get())));
  }
  std::unique_ptr<bpf_program, FreeFilter> filter(new bpf_program(program));
  const bool accepts_all = program.bf_len == 1 && program.bf_insns[0].code == (BPF_RET | BPF_K);
  if (accepts_all) filter.reset();
  return filter;
}

std::uint64_t Capture::memory_needed(const Config& config) {
  return config.slots * (sizeof(Head) + std::uint64_t{config.snap});
}

Capture::Capture(const Config& config) : filter_(compile(config)), snap_(config.snap) {
  if (config.snap == 0 || config.snap > kLargestSnap) {
    throw std::runtime_error(
        fmt::format("capture of {} bytes of each frame: 1 to {} are allowed", config.snap, kLargestSnap));
  }
  if (config.slots == 0) throw std::runtime_error("capture with room for 0 records: at least 1 is needed");
  ring_.resize(memory_needed(config));
}

Capture::~Capture() = default;

bool Capture::wants(std::span<const std::byte> frame) const {
  if (filter_ == nullptr) return true;
  const auto size = static_cast<unsigned>(frame.size());
  return bpf_filter(filter_->bf_insns, reinterpret_cast<const unsigned char*>(frame.data()), size, size) != 0;
}

// The head goes from registers to the ring in whole words: put together in memory field by field and copied
// from there, each copy would wait for the narrow writes before it, which tripled the time of a record.
inline bool Capture::put(CapturePoint point, core::DropCause cause, std::uint32_t number,
                         std::span<const std::byte> frame, Instant at) {
  const std::size_t kept = std::min(frame.size(), snap_), needed = sizeof(Head) + kept;
  const std::uint64_t end = tail_.load(std::memory_order_relaxed) + needed;
  if (end - head_seen_ > ring_.size()) {
    head_seen_ = head_.load(std::memory_order_acquire);
    if (end - head_seen_ > ring_.size()) return false;
  }
  const std::uint64_t when = static_cast<std::uint64_t>(at.ps());
  const std::uint64_t which = std::uint64_t{number} << 32 | frame.size();
  const std::uint64_t what = kept << 32 | std::uint64_t(point) << 8 | std::uint64_t(cause);
  if (needed < ring_.size() - write_at_) [[likely]] {
    std::byte* const to = &ring_[write_at_];
    std::memcpy(to, &when, sizeof(when));
    std::memcpy(to + 8, &which, sizeof(which));
    std::memcpy(to + 16, &what, sizeof(what));
    if (kept != 0) std::memcpy(to + sizeof(Head), frame.data(), kept);
    write_at_ += needed;
  } else {
    const Head head{when, which, what};
    append_wrapping(head.data(), sizeof(head));
    append_wrapping(frame.data(), kept);
  }
  tail_.store(end, std::memory_order_release);
  return true;
}

void Capture::append_wrapping(const void* from, std::size_t count) {
  const auto* bytes = static_cast<const std::byte*>(from);
  const std::size_t first = std::min(count, ring_.size() - write_at_);
  if (first != 0) std::memcpy(&ring_[write_at_], bytes, first);
  if (count != first) std::memcpy(ring_.data(), bytes + first, count - first);
  write_at_ += count;
  if (write_at_ >= ring_.size()) write_at_ -= ring_.size();
}

std::uint32_t Capture::offered(std::span<const std::byte> frame, Instant at, bool is_wanted) {
  if (!is_wanted && !wants(frame)) {
    increment(filtered_out_);
    return 0;
  }
  const std::uint32_t number =
      last_number_ == std::numeric_limits<std::uint32_t>::max() ? 1 : last_number_ + 1;
  if (!put(CapturePoint::kIngress, {}, number, frame, at)) {
    increment(missed_);
    return 0;
  }
  increment(captured_);
  return last_number_ = number;
}

void Capture::put_release(std::uint32_t number, std::span<const std::byte> frame, Instant due) {
  increment(put(CapturePoint::kRelease, {}, number, frame, due) ? releases_ : releases_missed_);
}

void Capture::put_drop(std::uint32_t number, std::span<const std::byte> frame, core::DropCause cause,
                       Instant at) {
  increment(put(CapturePoint::kDrop, cause, number, frame, at) ? drops_ : drops_missed_);
}

void Capture::extract(void* to, std::size_t count) {
  auto* bytes = static_cast<std::byte*>(to);
  const std::size_t first = std::min(count, ring_.size() - read_at_);
  if (first != 0) std::memcpy(bytes, &ring_[read_at_], first);
  if (count != first) std::memcpy(bytes + first, ring_.data(), count - first);
  read_at_ += count;
  if (read_at_ >= ring_.size()) read_at_ -= ring_.size();
}

bool Capture::next(CaptureRecord& record) {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  if (head == tail_seen_) {
    tail_seen_ = tail_.load(std::memory_order_acquire);
    if (head == tail_seen_) return false;
  }
  Head about{};
  extract(about.data(), sizeof(about));
  const auto [when, which, what] = about;
  record.at = Instant::at(Duration::picoseconds(static_cast<std::int64_t>(when)));
  record.number = static_cast<std::uint32_t>(which >> 32);
  record.size = static_cast<std::uint32_t>(which);
  record.point = static_cast<CapturePoint>(what >> 8 & 0xff);
  record.cause = static_cast<core::DropCause>(what & 0xff);
  record.bytes.resize(what >> 32);
  extract(record.bytes.data(), record.bytes.size());
  head_.store(head + sizeof(Head) + record.bytes.size(), std::memory_order_release);
  return true;
}

CaptureCounters Capture::counters() const {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  CaptureCounters result{.filtered_out = filtered_out_.load(kRelaxed),
                         .captured = captured_.load(kRelaxed),
                         .missed = missed_.load(kRelaxed),
                         .releases = releases_.load(kRelaxed),
                         .releases_missed = releases_missed_.load(kRelaxed),
                         .drops = drops_.load(kRelaxed),
                         .drops_missed = drops_missed_.load(kRelaxed)};
  result.seen = result.filtered_out + result.captured + result.missed;
  return result;
}

}  // namespace longhaul::dataplane
