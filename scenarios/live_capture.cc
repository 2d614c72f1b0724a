// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/live_capture.h"

namespace longhaul::scenario {

LiveCapture::LiveCapture(LiveTestbed& testbed, const CaptureRequest& request, const std::string& application)
    : testbed_(testbed), directions_(request.directions) {
  const topology::Topology& topology = testbed.topology();
  results::PcapngWriter::Config config;
  config.application = application;
  config.snap = request.snap;
  config.start_ns = testbed.epoch_ns();
  config.largest_bytes = request.largest_bytes;
  for (const std::size_t direction : directions_) {
    taps_.push_back(std::make_unique<dataplane::Capture>(
        dataplane::Capture::Config{.filter = request.filter, .snap = request.snap}));
    const topology::Link& link = topology.links[direction / 2];
    const std::size_t from = direction % 2;
    config.directions.push_back({link.name, topology.sites[link.between[from]].name,
                                 topology.sites[link.between[1 - from]].name, link.directions[from].rate,
                                 request.filter});
  }
  file_ = std::make_unique<results::PcapngWriter>(request.file, config);
  try {
    for (; started_ < directions_.size(); ++started_) {
      testbed.start_capture(directions_[started_], *taps_[started_]);
    }
  } catch (...) {
    stop();
    throw;
  }
}

LiveCapture::~LiveCapture() {
  stop();
}

void LiveCapture::drain() {
  results::CaptureRecord record;
  for (std::size_t d = 0; d < taps_.size(); ++d) {
    while (taps_[d]->next(record)) file_->write(d, record);
  }
}

void LiveCapture::stop() {
  if (stopped_) return;
  stopped_ = true;
  for (std::size_t d = 0; d < started_; ++d) testbed_.stop_capture(directions_[d]);
  drain();
  std::vector<results::CaptureCounters> counters;
  for (const auto& tap : taps_) counters.push_back(tap->counters());
  file_->close(testbed_.now(), counters);
}

LiveCapture::Counts LiveCapture::counts() const {
  Counts counts;
  for (const auto& tap : taps_) {
    const results::CaptureCounters one = tap->counters();
    counts.frames.seen += one.seen;
    counts.frames.filtered_out += one.filtered_out;
    counts.frames.captured += one.captured;
    counts.frames.missed += one.missed;
    counts.frames.releases += one.releases;
    counts.frames.releases_missed += one.releases_missed;
    counts.frames.drops += one.drops;
    counts.frames.drops_missed += one.drops_missed;
  }
  counts.records = file_->records();
  counts.bytes = file_->bytes();
  counts.left_out = file_->left_out();
  counts.error = file_->error();
  return counts;
}

}  // namespace longhaul::scenario
