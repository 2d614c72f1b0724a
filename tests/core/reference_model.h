// SPDX-License-Identifier: GPL-2.0-only
//
// A slow and obvious model of one link direction, to hold core::Link against: every stage that a LinkConfig
// can ask for, written from the comments of the configuration headers and sharing nothing with the core but
// those plain data types. It steps from instant to instant, looks at everything at each of them, and
// recomputes what it is asked from lists of frames. Times are picoseconds in int64_t.
//
// What chance decides it does not predict: such outcomes are given from outside, taken from a real run.
// Jitter, RED by chance at dequeue, reordering by chance and lost pauses are not modelled.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "emulator/core/decision_log.h"
#include "emulator/core/frame.h"
#include "emulator/core/link_config.h"

namespace longhaul::testing {

__extension__ using Wide = __int128;

// What chance decides. kRed and kPie are asked by the frame's position among those offered, the others by its
// position among those its wave sent.
enum class Chance : std::uint8_t { kLoss, kBitError, kCorrupt, kDuplicate, kReorder, kRed, kPie };
using Given = std::function<std::optional<core::Fate>(Chance, unsigned wave, std::uint64_t position)>;

// The bit that a test's sink sets in the cookie of a copy; the model does the same.
inline constexpr std::uint64_t kCopyBit = std::uint64_t{1} << 63;

class ReferenceModel {
 public:
  // How a frame ended: delivered at `at`, or dropped then.
  struct End {
    std::uint64_t cookie;
    std::int64_t at;
    std::optional<core::DropCause> cause;
    bool marked;
  };

  ReferenceModel(core::LinkConfig config, Bytes largest_frame, Given given);

  void arrive(core::Frame frame);
  void run_until(std::int64_t time);
  // The neighbour behind the far end sends PAUSE.
  void pause_far_end(std::uint8_t classes, const std::array<std::uint16_t, core::kMostClasses>& quanta,
                     std::int64_t at);

  const std::vector<End>& ends() const { return ends_; }
  core::LinkCounters counters() const;
  std::int64_t now() const { return now_; }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  struct Waiting {
    core::Frame frame;
    std::size_t cls = 0;
    std::int64_t since = 0;
    std::uint64_t offered = 0;  // position among the frames offered
    bool outer = false;
    std::int64_t written = 0;  // outer only
  };

  struct Sending {
    Waiting what;
    std::int64_t start;
    Wide work;  // bit x ps/s that remain at `since`
    std::int64_t since;
    std::int64_t not_before;  // a frame from the outer tier
  };

  // RFC 8289's variables, and whether its loop has dropped a frame and not seen the next one.
  struct Codel {
    std::optional<std::int64_t> first_above;
    std::int64_t drop_next = 0;
    std::uint64_t count = 0, last_count = 0;
    bool dropping = false, dropped_in_loop = false;
  };

  struct Member {
    bool up = true;
    std::array<std::deque<Waiting>, core::kMostClasses> queue;
    std::optional<Sending> sending;
    std::array<std::uint64_t, core::kMostClasses> deficit{};
    std::size_t turn = 0;
    bool credited = false;
    std::array<Codel, core::kMostClasses> codel;
    std::uint64_t sent = 0;   // frames that it finished sending
    std::uint64_t burst = 0;  // of the next ones that are to be lost
    bool bad = false;         // Gilbert-Elliott
    int state = 1;            // Salsano
    std::uint32_t in_place = 0;
    std::int64_t last_due = std::numeric_limits<std::int64_t>::min();    // in order, on this route
    std::int64_t latest_due = std::numeric_limits<std::int64_t>::min();  // of all but copies
    std::int64_t latest_in_order = std::numeric_limits<std::int64_t>::min();
  };

  struct OnLine {
    core::Frame frame;
    std::size_t cls;
    std::int64_t due;
    bool side;  // a copy, or out of order
    std::size_t member;
    std::uint64_t order;
  };

  struct Pause {
    bool paused = false, acting = false;
    std::int64_t since = 0, until = 0, last_xoff = 0, acted = 0;
    std::int64_t total = 0;
  };

  struct PauseFrame {
    std::int64_t at;
    std::size_t cls;
    bool xoff;
  };

  // reference_model.cc: time, transmission, the timeline.
  std::int64_t next_instant() const;
  void move_to(std::int64_t time);
  void step();
  std::uint64_t rate_left() const;
  std::int64_t member_rate() const;
  std::int64_t finish_of(const Sending& sending) const;
  std::int64_t event_due(std::size_t event) const;
  std::int64_t row_due() const;
  void change_what_is_due();
  void apply(const core::Change& change);
  void settle();
  void member_down(Member& member);

  // reference_line.cc: from the last bit sent on.
  void finish(std::size_t index);
  bool dark_during(std::int64_t start, std::int64_t end) const;
  bool chance(Chance what, double probability, std::size_t member, std::uint64_t position) const;
  bool loses(std::size_t index, std::uint64_t position);
  bool taken_out(std::size_t index, std::uint64_t position);
  void propagate(const Sending& sent, std::size_t index, bool out_of_place, bool copied);
  void deliver(const core::Frame& frame);
  void drop(const core::Frame& frame, core::DropCause cause);

  // reference_queue.cc: admission, scheduler, active queue management.
  std::size_t class_of(const core::Frame& frame) const;
  std::uint64_t waiting_bytes(std::optional<std::size_t> cls = std::nullopt) const;
  std::uint64_t waiting_frames(std::optional<std::size_t> cls = std::nullopt) const;
  std::optional<core::DropCause> refused(Waiting& what);
  bool pool_takes(const Waiting& what, core::DropCause& cause) const;
  std::uint64_t on_chip_bytes() const;
  std::uint64_t unwritten_bytes() const;
  std::optional<core::DropCause> enqueue_aqm(Waiting& what);
  std::optional<core::DropCause> dequeue_aqm(Member& member, Waiting& what);
  std::optional<core::DropCause> codel(Member& member, Waiting& what, const core::aqm::Codel& config);
  bool red_hits(const core::aqm::Red& red, const Waiting& what, std::uint64_t depth) const;
  std::optional<core::DropCause> mark_or(Waiting& what, bool ecn, core::MarkCause mark,
                                         core::DropCause cause);
  void drop_waiting(const Waiting& what, core::DropCause cause);
  void after_removal(Member& member, std::size_t cls);
  bool may_start(const Member& member, std::size_t cls) const;
  std::optional<std::size_t> choose(Member& member);
  void serve(Member& member);
  void start(Member& member, const Waiting& what);

  // reference_far_end.cc: the receiver and its pauses.
  bool held_back(std::size_t cls) const;
  std::int64_t pause_time(std::uint16_t quanta) const;
  std::int64_t refresh_due(std::size_t cls) const;
  std::int64_t restore_due(std::size_t cls) const;
  std::int64_t detect_due(std::size_t cls) const;
  void take_pauses();
  void storm(std::uint8_t classes);
  void send_pause(std::size_t cls, bool xoff);
  void step_far_end();
  std::uint64_t far_bytes(std::size_t cls) const;
  bool far_has_room(const OnLine& what) const;
  void far_arrive(const OnLine& what);
  void far_serve();
  bool far_may_start(std::size_t cls) const { return !far_[cls].empty() && far_paused_until_[cls] <= now_; }
  bool lossless(std::size_t cls) const { return ((config_.far_end.pfc.classes >> cls) & 1) != 0; }

  const core::LinkConfig config_;
  const Bytes largest_;
  const Given given_;
  std::int64_t now_ = 0;

  // What the timeline changes.
  std::uint64_t rate_, buffer_;
  std::int64_t delay_;
  core::Background background_;
  core::LossModel loss_;
  bool blackhole_ = false;
  std::optional<std::int64_t> dark_since_;
  std::vector<std::pair<std::int64_t, std::int64_t>> dark_;
  std::optional<std::int64_t> first_frame_;
  std::vector<std::uint64_t> events_done_;
  std::uint64_t rows_done_ = 0;

  std::vector<Member> members_;
  std::int64_t write_free_ = 0;
  std::vector<OnLine> line_;
  std::uint64_t line_order_ = 0;

  std::array<std::deque<core::Frame>, core::kMostClasses> far_;
  std::optional<std::pair<core::Frame, std::int64_t>> far_sending_;
  std::array<std::int64_t, core::kMostClasses> far_paused_until_{};
  std::array<bool, core::kMostClasses> far_off_{};
  std::array<std::int64_t, core::kMostClasses> far_last_xoff_{};
  std::uint8_t storm_ = 0;
  std::vector<PauseFrame> pause_frames_;
  std::array<Pause, core::kMostClasses> pause_{};

  std::vector<End> ends_;
  core::LinkCounters counters_;  // all but what is held, waits and is paused
};

}  // namespace longhaul::testing
