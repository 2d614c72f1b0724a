// SPDX-License-Identifier: GPL-2.0-only
//
// The far end of the reference model: a second buffer, the pauses it sends, and the sender's watchdog.
#include <algorithm>

#include "tests/core/reference_model.h"

namespace longhaul::testing {

using core::DropCause;
using core::Frame;
using core::WatchdogAction;

bool ReferenceModel::held_back(std::size_t cls) const {
  const bool ignored = pause_[cls].acting && config_.far_end.pfc.watchdog.action == WatchdogAction::kForward;
  return pause_[cls].paused && !ignored;
}

std::int64_t ReferenceModel::pause_time(std::uint16_t quanta) const {
  const Wide bits = static_cast<Wide>(quanta) * 512 * 1'000'000'000'000;
  const auto rate = static_cast<Wide>(config_.rate.bps());
  return static_cast<std::int64_t>((bits + rate - 1) / rate);
}

std::int64_t ReferenceModel::refresh_due(std::size_t cls) const {
  if (!far_off_[cls] && ((storm_ >> cls) & 1) == 0) return kNever;
  const std::int64_t given = config_.far_end.pfc.refresh.ps();
  return far_last_xoff_[cls] + (given != 0 ? given : pause_time(config_.far_end.pfc.quanta) / 2);
}

std::int64_t ReferenceModel::restore_due(std::size_t cls) const {
  const Pause& pause = pause_[cls];
  if (!pause.acting) return kNever;
  return std::max(pause.last_xoff, pause.acted) + config_.far_end.pfc.watchdog.restoration.ps();
}

std::int64_t ReferenceModel::detect_due(std::size_t cls) const {
  const Pause& pause = pause_[cls];
  const Duration detection = config_.far_end.pfc.watchdog.detection;
  if (detection == Duration{} || !pause.paused || pause.acting) return kNever;
  return pause.since + detection.ps();
}

void ReferenceModel::take_pauses() {
  for (const PauseFrame& frame : pause_frames_) {
    if (frame.at != now_ || frame.cls >= config_.queues.classes.size()) continue;
    Pause& pause = pause_[frame.cls];
    if (frame.xoff) {
      if (!pause.paused) pause.since = now_;
      pause.until = now_ + pause_time(config_.far_end.pfc.quanta);
      pause.last_xoff = now_;
    }
    pause.paused = frame.xoff;
  }
  std::erase_if(pause_frames_, [&](const PauseFrame& frame) { return frame.at == now_; });

  for (std::size_t cls = 0; cls < core::kMostClasses; ++cls) {
    Pause& pause = pause_[cls];
    if (pause.paused && pause.until <= now_) pause.paused = false;
    if (restore_due(cls) <= now_) {
      pause.acting = false;
      pause.since = now_;
    }
    if (detect_due(cls) <= now_) {
      pause.acting = true;
      pause.acted = now_;
      ++counters_.pause.storms;
      if (config_.far_end.pfc.watchdog.action == WatchdogAction::kDrop) {
        for (Member& member : members_) {
          const auto lost = std::exchange(member.queue[cls], {});
          if (!lost.empty()) after_removal(member, cls);
          for (const Waiting& what : lost) drop_waiting(what, DropCause::kWatchdog);
        }
      }
    }
  }
}

void ReferenceModel::send_pause(std::size_t cls, bool xoff) {
  if (xoff) far_last_xoff_[cls] = now_;
  ++(xoff ? counters_.pause.xoff_sent : counters_.pause.xon_sent);
  if (config_.far_end.pfc.lost >= 1)
    ++counters_.pause.lost;
  else
    pause_frames_.push_back({now_ + config_.far_end.pfc.pause_delay.ps(), cls, xoff});
}

void ReferenceModel::storm(std::uint8_t classes) {
  const std::uint8_t before = std::exchange(storm_, classes);
  for (std::size_t cls = 0; cls < core::kMostClasses; ++cls) {
    const bool was = ((before >> cls) & 1) != 0, is = ((classes >> cls) & 1) != 0;
    if (is && !was) send_pause(cls, true);
    if (was && !is && !far_off_[cls]) send_pause(cls, false);
  }
}

void ReferenceModel::step_far_end() {
  if (far_sending_ && far_sending_->second <= now_) {
    const Frame frame = far_sending_->first;
    far_sending_.reset();
    deliver(frame);
  }
  for (std::size_t cls = 0; cls < core::kMostClasses; ++cls)
    if (refresh_due(cls) <= now_) send_pause(cls, true);
  far_serve();

  std::vector<OnLine> arriving;
  for (const OnLine& what : line_)
    if (what.due <= now_) arriving.push_back(what);
  std::erase_if(line_, [&](const OnLine& what) { return what.due <= now_; });
  std::sort(arriving.begin(), arriving.end(), [](const OnLine& a, const OnLine& b) {
    return std::tuple(a.due, a.member, a.side, a.order) < std::tuple(b.due, b.member, b.side, b.order);
  });
  for (const OnLine& what : arriving) {
    if (config_.far_end.rate == BitRate{})
      deliver(what.frame);
    else
      far_arrive(what);
  }
}

std::uint64_t ReferenceModel::far_bytes(std::size_t cls) const {
  std::uint64_t sum = 0;
  for (const Frame& frame : far_[cls]) sum += frame.size;
  return sum;
}

bool ReferenceModel::far_has_room(const OnLine& what) const {
  std::uint64_t frames = 1, room = config_.far_end.buffer.count(), others = what.frame.size;
  for (std::size_t cls = 0; cls < core::kMostClasses; ++cls) {
    const core::PfcThresholds& thresholds = config_.far_end.pfc.thresholds[cls];
    frames += far_[cls].size();
    if (lossless(cls)) room += thresholds.xoff.count() + thresholds.headroom.count();
    if (!lossless(cls)) others += far_bytes(cls);
  }
  if (frames > room / 60) return false;
  if (!lossless(what.cls)) return others <= config_.far_end.buffer.count();
  const core::PfcThresholds& own = config_.far_end.pfc.thresholds[what.cls];
  return far_bytes(what.cls) + what.frame.size <= own.xoff.count() + own.headroom.count();
}

void ReferenceModel::far_arrive(const OnLine& what) {
  const core::PfcThresholds& thresholds = config_.far_end.pfc.thresholds[what.cls];
  const bool empty = std::all_of(far_.begin(), far_.end(), [](const auto& queue) { return queue.empty(); });
  const bool starts_at_once = empty && !far_sending_ && far_paused_until_[what.cls] <= now_;
  if (!starts_at_once && !far_has_room(what)) {
    return drop(what.frame, lossless(what.cls) ? DropCause::kHeadroomFull : DropCause::kFarQueueFull);
  }
  far_[what.cls].push_back(what.frame);
  far_serve();
  if (!lossless(what.cls)) return;
  counters_.pause.far_peak_bytes = std::max(counters_.pause.far_peak_bytes, far_bytes(what.cls));
  if (!far_off_[what.cls] && far_bytes(what.cls) > thresholds.xoff.count()) {
    far_off_[what.cls] = true;
    send_pause(what.cls, true);
  }
}

void ReferenceModel::pause_far_end(std::uint8_t classes,
                                   const std::array<std::uint16_t, core::kMostClasses>& quanta,
                                   std::int64_t at) {
  run_until(std::max(at, now_));
  if (config_.far_end.rate == BitRate{}) return;
  for (std::size_t cls = 0; cls < core::kMostClasses; ++cls)
    if (((classes >> cls) & 1) != 0) far_paused_until_[cls] = now_ + pause_time(quanta[cls]);
  far_serve();
}

void ReferenceModel::far_serve() {
  if (far_sending_) return;
  for (std::size_t cls = core::kMostClasses; cls-- > 0;) {
    if (!far_may_start(cls)) continue;
    const Frame frame = far_[cls].front();
    far_[cls].pop_front();
    const Duration time = serialisation_time(counted_size(Bytes(frame.size), config_), config_.far_end.rate);
    far_sending_.emplace(frame, now_ + time.ps());
    if (far_off_[cls] && far_bytes(cls) <= config_.far_end.pfc.thresholds[cls].xon.count()) {
      far_off_[cls] = false;
      if (((storm_ >> cls) & 1) == 0) send_pause(cls, false);
    }
    return;
  }
}

}  // namespace longhaul::testing
