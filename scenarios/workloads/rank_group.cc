// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/workloads/rank_group.h"

#include <fmt/format.h>
#include <gloo/allreduce.h>
#include <gloo/allreduce_halving_doubling.h>
#include <gloo/barrier.h>
#include <gloo/math.h>
#include <gloo/rendezvous/context.h>
#include <gloo/rendezvous/file_store.h>
#include <gloo/rendezvous/prefix_store.h>
#include <gloo/transport/tcp/device.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace longhaul::scenario {
namespace {

constexpr std::size_t kUncapped = std::size_t{1} << 40;

// gloo::allreduce() copies each part of the input to the output itself, just before it is sent or added to.
//
// Each chunk (1/n of the size) goes in at least two segments, and a segment leaves only after the receiver
// has posted its buffer and said so: with two in flight a link carries at most 2 segments per RTT + one
// segment's time. Gloo's default cap of 1 MiB per segment suits a rack; on a link whose BDP is above 1 MiB (1
// Gbit/s x 13.26 ms: 1.58 MiB) it keeps large sizes below line rate for ever. Without the cap a segment is
// half a chunk.
class Ring final : public AllReduceOperation {
 public:
  Ring(const std::shared_ptr<gloo::Context>& context, std::span<float> input, std::span<float> output)
      : options_(context) {
    options_.setAlgorithm(gloo::AllreduceOptions::Algorithm::RING);
    options_.setMaxSegmentSize(kUncapped);
    options_.setInput(input.data(), input.size());
    options_.setOutput(output.data(), output.size());
    options_.setReduceFunction(
        static_cast<void (*)(void*, const void*, const void*, std::size_t)>(&gloo::sum<float>));
  }

  void run() override { gloo::allreduce(options_); }

 private:
  gloo::AllreduceOptions options_;
};

// Gloo's halving-doubling works in place: run again on its own result it would multiply the values by the
// number of ranks each time. So each run copies the input over first, and that copy is part of what is timed.
// Gloo's ring is timed with the same copy inside, so both measure an out-of-place all-reduce. To leave the
// copy out would be worse than its cost (one pass over memory, ms against hundreds of ms of a 1 Gbit/s link
// at 16 MiB): iterations follow each other without a barrier, so what peers send during the copy would cross
// the WAN in time nobody counts, and the sum of the iterations would no longer be the time that passed.
//
// Gloo sets SO_SNDBUF of these connections to the length of a message, which the kernel cuts to
// net.core.wmem_max (208 KiB by default in most kernels): where that is below the BDP, it and not tcp_wmem
// bounds the rate. The ring is not affected.
class HalvingDoubling final : public AllReduceOperation {
 public:
  HalvingDoubling(const std::shared_ptr<gloo::Context>& context, std::span<float> input,
                  std::span<float> output)
      : input_(input),
        output_(output),
        in_place_(context, {output.data()}, static_cast<int>(output.size())) {}

  ~HalvingDoubling() noexcept override = default;  // Gloo's base declares that it may throw; it does not

  void run() override {
    std::memcpy(output_.data(), input_.data(), input_.size_bytes());
    in_place_.run();
  }

 private:
  std::span<float> input_;
  std::span<float> output_;
  gloo::AllreduceHalvingDoubling<float> in_place_;
};

std::shared_ptr<gloo::Context> connect(const RankOptions& options) {
  gloo::transport::tcp::attr attributes;
  attributes.iface = options.interface;  // by host name Gloo would pick 127.0.0.1
  attributes.ai_family = AF_INET;
  auto device = gloo::transport::tcp::CreateDevice(attributes);
  gloo::rendezvous::FileStore files(options.store);
  gloo::rendezvous::PrefixStore store(options.run_id, files);
  auto context = std::make_shared<gloo::rendezvous::Context>(static_cast<int>(options.rank),
                                                             static_cast<int>(options.ranks));
  context->setTimeout(options.timeout);  // the connections take it over as they are made
  context->connectFullMesh(store, device);
  return context;
}

bool is_source_position(std::string_view bracketed) {
  return bracketed.find(".cc:") != std::string_view::npos || bracketed.find(".h:") != std::string_view::npos;
}

}  // namespace

RankGroup::RankGroup(const RankOptions& options) {
  if (!std::filesystem::is_directory(options.store)) {
    throw std::runtime_error(fmt::format("rendezvous store {}: not a directory", options.store));
  }
  try {
    context_ = connect(options);
  } catch (const std::exception& error) {
    throw std::runtime_error(
        fmt::format("rank {} of {} cannot connect to the others over {}, run {} in {}: {}", options.rank,
                    options.ranks, options.interface, options.run_id, options.store, tidy(error.what())));
  }
}

void RankGroup::barrier() {
  try {
    gloo::BarrierOptions options(context_);
    gloo::barrier(options);
  } catch (const std::exception& error) {
    throw std::runtime_error(fmt::format("barrier: {}", tidy(error.what())));
  }
}

std::unique_ptr<AllReduceOperation> RankGroup::prepare(Algorithm algorithm, std::span<float> input,
                                                       std::span<float> output) {
  switch (algorithm) {
    case Algorithm::kRing:
      return std::make_unique<Ring>(context_, input, output);
    case Algorithm::kHalvingDoubling:
      return std::make_unique<HalvingDoubling>(context_, input, output);
    default:
      throw std::runtime_error(fmt::format("Gloo has no all-reduce by {}", name(algorithm)));
  }
}

std::string tidy(std::string_view what) {
  while (what.starts_with('[')) {
    const std::size_t close = what.find(']');
    if (close == std::string_view::npos || !is_source_position(what.substr(0, close))) break;
    what.remove_prefix(std::min(what.find_first_not_of(' ', close + 1), what.size()));
  }
  std::string line(what);
  std::replace(line.begin(), line.end(), '\n', ' ');
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

}  // namespace longhaul::scenario
