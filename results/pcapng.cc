// SPDX-License-Identifier: GPL-2.0-only
#include "results/pcapng.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace longhaul::results {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a, kInterfaceDescription = 1, kInterfaceStatistics = 5,
                        kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint16_t kEthernet = 1;

enum class Option : std::uint16_t {  // numbered anew by each type of block
  kEndOfOptions = 0,
  kComment = 1,
  kHardware = 2,
  kOperatingSystem = 3,
  kApplication = 4,
  kInterfaceName = 2,
  kInterfaceText = 3,
  kSpeed = 8,
  kTimeResolution = 9,
  kFilter = 11,
  kFcsLength = 13,
  kPacketFlags = 2,
  kPacketId = 5,
  kStartTime = 2,
  kEndTime = 3,
  kReceived = 4,
  kDropped = 5,
  kAccepted = 6,
  kDelivered = 8,
};

// Type, length, interface and time, six options of 8 B with their heads of 4 B, the end of options, length.
constexpr std::uint64_t kStatisticsBytes = 20 + 6 * 12 + 4 + 4;

// One block being appended to a buffer, in native byte order; finish() it.
class Block {
 public:
  Block(std::vector<std::byte>& buffer, std::uint32_t type) : buffer_(buffer), start_(buffer.size()) {
    field(type);
    field(std::uint32_t{0});  // its length, known at the end
  }

  template <typename T>
  void field(T value) {
    append(&value, sizeof(value));
  }
  void time(std::uint64_t value) {  // the upper half first, whatever the byte order
    field(static_cast<std::uint32_t>(value >> 32));
    field(static_cast<std::uint32_t>(value));
  }
  void padded(const void* bytes, std::size_t count) {
    append(bytes, count);
    buffer_.resize((buffer_.size() + 3) & ~std::size_t{3});  // blocks begin at multiples of 4
  }

  void option(Option code, std::string_view value) {
    field(static_cast<std::uint16_t>(code));
    field(static_cast<std::uint16_t>(value.size()));
    padded(value.data(), value.size());
  }
  template <typename T>
  void option_number(Option code, T value) {
    option(code, std::string_view(reinterpret_cast<const char*>(&value), sizeof(value)));
  }
  void option_time(Option code, std::uint64_t value) {
    option_number(code,
                  std::array{static_cast<std::uint32_t>(value >> 32), static_cast<std::uint32_t>(value)});
  }

  void finish() {
    const auto length = static_cast<std::uint32_t>(buffer_.size() - start_ + sizeof(std::uint32_t));
    field(length);
    std::memcpy(&buffer_[start_ + sizeof(std::uint32_t)], &length, sizeof(length));
  }
  void finish_options() {
    option(Option::kEndOfOptions, {});
    finish();
  }

 private:
  void append(const void* bytes, std::size_t count) {
    const auto* first = static_cast<const std::byte*>(bytes);
    buffer_.insert(buffer_.end(), first, first + count);
  }

  std::vector<std::byte>& buffer_;
  std::size_t start_;
};

[[noreturn]] void refuse(const std::filesystem::path& path, std::string_view reason) {
  throw std::runtime_error(fmt::format("cannot write {}: {}", path.string(), reason));
}

void append_section(std::vector<std::byte>& buffer, const std::string& application) {
  utsname machine{};
  ::uname(&machine);
  Block block(buffer, kSectionHeader);
  block.field(kByteOrderMagic);
  block.field(std::uint16_t{1});  // version 1.0
  block.field(std::uint16_t{0});
  block.field(std::int64_t{-1});  // of unknown length
  block.option(Option::kHardware, machine.machine);
  block.option(Option::kOperatingSystem, fmt::format("{} {}", machine.sysname, machine.release));
  block.option(Option::kApplication, application);
  block.finish_options();
}

void append_interface(std::vector<std::byte>& buffer, const PcapngWriter::Direction& direction,
                      std::uint32_t snap, std::string_view side, std::string_view text) {
  Block block(buffer, kInterfaceDescription);
  block.field(kEthernet);
  block.field(std::uint16_t{0});
  block.field(snap);
  block.option(Option::kInterfaceName,
               fmt::format("{} {} -> {} {}", direction.link, direction.from, direction.to, side));
  block.option(Option::kInterfaceText, text);
  if (direction.rate.bps() != 0) block.option_number(Option::kSpeed, direction.rate.bps());
  block.option_number(Option::kTimeResolution, std::uint8_t{9});  // 10^-9 s
  if (!direction.filter.empty()) {
    constexpr char kLibpcapExpression = 0;
    block.option(Option::kFilter, kLibpcapExpression + direction.filter);
  }
  block.option_number(Option::kFcsLength, std::uint8_t{0});
  block.finish_options();
}

constexpr std::uint32_t interface_of(std::size_t direction, CapturePoint point) {
  return static_cast<std::uint32_t>(2 * direction + (point == CapturePoint::kRelease ? 1 : 0));
}

struct PacketHead {  // of an enhanced packet, after type and length
  std::uint32_t interface, time_high, time_low, kept, size;
};
struct PacketOptions {
  Option flags_code = Option::kPacketFlags;
  std::uint16_t flags_size = 4;
  std::uint32_t flags;
  Option id_code = Option::kPacketId;
  std::uint16_t id_size = 8;
  std::array<std::uint32_t, 2> id;  // one number of 64 bits
};
static_assert(sizeof(PacketHead) == 20 && sizeof(PacketOptions) == 20);

void append_packet(std::vector<std::byte>& buffer, std::size_t direction, const CaptureRecord& record,
                   std::uint64_t timestamp) {
  constexpr std::uint32_t kInbound = 1, kOutbound = 2;
  const std::uint64_t id = std::uint64_t{direction} << 32 | record.number;
  Block block(buffer, kEnhancedPacket);
  block.field(PacketHead{interface_of(direction, record.point), static_cast<std::uint32_t>(timestamp >> 32),
                         static_cast<std::uint32_t>(timestamp),
                         static_cast<std::uint32_t>(record.bytes.size()), record.size});
  block.padded(record.bytes.data(), record.bytes.size());
  block.field(PacketOptions{.flags = record.point == CapturePoint::kRelease ? kOutbound : kInbound,
                            .id = std::bit_cast<std::array<std::uint32_t, 2>>(id)});
  if (record.point == CapturePoint::kDrop)
    block.option(Option::kComment, fmt::format("dropped: {}", core::name(record.cause)));
  block.finish_options();
}

struct Statistics {
  std::uint64_t received, dropped, accepted, delivered;
};

void append_statistics(std::vector<std::byte>& buffer, std::uint32_t interface, std::uint64_t start,
                       std::uint64_t now, const Statistics& statistics) {
  Block block(buffer, kInterfaceStatistics);
  block.field(interface);
  block.time(now);
  block.option_time(Option::kStartTime, start);
  block.option_time(Option::kEndTime, now);
  block.option_number(Option::kReceived, statistics.received);
  block.option_number(Option::kDropped, statistics.dropped);
  block.option_number(Option::kAccepted, statistics.accepted);
  block.option_number(Option::kDelivered, statistics.delivered);
  block.finish_options();
}

}  // namespace

PcapngWriter::PcapngWriter(const std::filesystem::path& path, const Config& config)
    : path_(path),
      start_ns_(config.start_ns),
      largest_bytes_(config.largest_bytes),
      records_of_(2 * config.directions.size()) {
  describe(config);
  const std::uint64_t least = buffer_.size() + records_of_.size() * kStatisticsBytes;
  if (largest_bytes_ < least)
    refuse(path_, fmt::format("a capture of at most {} B has no room for a frame, its head takes {} B",
                              largest_bytes_, least));
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file_ < 0) refuse(path_, std::strerror(errno));
  flush();
  if (failed()) throw std::runtime_error(error_);
}

PcapngWriter::~PcapngWriter() {
  flush();
  if (file_ >= 0) ::close(file_);
}

void PcapngWriter::describe(const Config& config) {
  append_section(buffer_, config.application);
  for (const Direction& direction : config.directions) {
    constexpr std::size_t kLongestText = 60'000;  // an option's length has 16 bits
    if (direction.link.size() + direction.from.size() + direction.to.size() > kLongestText ||
        direction.filter.size() > kLongestText) {
      refuse(path_, "a name or a filter in a capture is too long");
    }
    append_interface(buffer_, direction, config.snap, "ingress",
                     "frames as they enter the link, and what it drops");
    append_interface(buffer_, direction, config.snap, "release",
                     "frames as they leave the link at their due times");
  }
}

void PcapngWriter::write(std::size_t direction, const CaptureRecord& record) {
  constexpr std::size_t kFlushBytes = 256 * 1024;
  if (file_ < 0 || full_) {
    ++left_out_;
    return;
  }
  const std::size_t before = buffer_.size();
  append_packet(buffer_, direction, record, timestamp(record.at));
  if (bytes() + records_of_.size() * kStatisticsBytes > largest_bytes_) {
    buffer_.resize(before);
    full_ = true;
    ++left_out_;
    return;
  }
  ++records_of_[interface_of(direction, record.point)];
  ++buffered_records_;
  if (buffer_.size() >= kFlushBytes) flush();
}

void PcapngWriter::close(Instant now, std::span<const CaptureCounters> counters) {
  if (file_ < 0) return;
  for (std::size_t direction = 0; direction < records_of_.size() / 2; ++direction) {
    const CaptureCounters& of = counters[direction];
    const auto append = [&](CapturePoint point, std::uint64_t received, std::uint64_t dropped,
                            std::uint64_t accepted) {
      const std::uint32_t interface = interface_of(direction, point);
      append_statistics(buffer_, interface, timestamp({}), timestamp(now),
                        {received, dropped, accepted, records_of_[interface]});
    };
    append(CapturePoint::kIngress, of.seen, of.missed + of.drops_missed, of.captured + of.missed);
    const std::uint64_t released = of.releases + of.releases_missed;
    append(CapturePoint::kRelease, released, of.releases_missed, released);
  }
  flush();
  const int file = std::exchange(file_, -1);
  if (file >= 0 && ::close(file) != 0) fail(errno);
}

void PcapngWriter::flush() {
  if (file_ < 0) return;
  std::span<const std::byte> rest(buffer_);
  while (!rest.empty()) {
    const ssize_t written = ::write(file_, rest.data(), rest.size());
    if (written >= 0) {
      rest = rest.subspan(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      fail(errno);
      return;
    }
  }
  in_file_ += buffer_.size();
  records_ += std::exchange(buffered_records_, 0);
  buffer_.clear();
}

// The file ends where its last whole block does, so that it can be read all the same.
void PcapngWriter::fail(int error) {
  error_ = fmt::format("cannot write {}: {}", path_.string(), std::strerror(error));
  left_out_ += std::exchange(buffered_records_, 0);
  buffer_.clear();
  const int file = std::exchange(file_, -1);
  if (file < 0) return;
  [[maybe_unused]] const int ignored = ::ftruncate(file, static_cast<off_t>(in_file_));
  ::close(file);
}

}  // namespace longhaul::results
