// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/netem_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "topologies/bounds.h"
#include "topologies/load_line.h"
#include "topologies/netem_values.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

namespace loss = core::loss;

[[noreturn]] void fail(std::string_view message) {
  throw QuantityError(std::string(message));
}

class Reader {
 public:
  Reader(std::string_view words, const Distribution& distribution)
      : words_(netem::split(words)), distribution_(distribution) {}

  Netem read() {
    if (words_.empty()) fail("is empty, write for example delay 5ms loss 1%");
    while (at_ < words_.size()) read_option(words_[at_++]);
    finish();
    return std::move(netem_);
  }

 private:
  using Read = void (Reader::*)();
  struct Option {
    std::string_view word;
    Read read;
  };

  // In the order in which tc looks a shortened word up.
  static constexpr std::array<Option, 14> options() {
    return {{{"limit", &Reader::read_limit},
             {"latency", &Reader::read_delay},
             {"delay", &Reader::read_delay},
             {"loss", &Reader::read_loss},
             {"drop", &Reader::read_loss},
             {"seed", &Reader::refuse_seed},
             {"ecn", &Reader::refuse_ecn},
             {"reorder", &Reader::read_reorder},
             {"corrupt", &Reader::read_corrupt},
             {"gap", &Reader::read_gap},
             {"duplicate", &Reader::read_duplicate},
             {"distribution", &Reader::read_distribution},
             {"rate", &Reader::read_rate},
             {"slot", &Reader::refuse_slot}}};
  }

  void read_option(std::string_view word) {
    std::string known;
    for (const Option& option : options()) {
      if (option.word.starts_with(word)) {
        word_ = option.word;
        return (this->*option.read)();
      }
      known += fmt::format("{}{}", known.empty() ? "" : ", ", option.word);
    }
    fail(fmt::format("{} is not a word of netem, allowed: {}", in_quotes(word), known));
  }

  std::string_view next(std::string_view what) {
    if (at_ == words_.size()) fail(fmt::format("{} lacks {}", word_, what));
    return words_[at_++];
  }
  bool number_follows() const {
    return at_ < words_.size() && words_[at_].front() >= '0' && words_[at_].front() <= '9';
  }
  bool signed_number_follows() const {
    return number_follows() || (at_ < words_.size() && words_[at_].front() == '-');
  }
  double percent(std::string_view what) { return netem::parse_percent(next(what), word_); }
  double percent_or(double without) { return number_follows() ? percent("") : without; }

  // Notes that the words give this key of a link; each only once.
  void give(std::string_view key) {
    if (std::find(netem_.keys.begin(), netem_.keys.end(), key) != netem_.keys.end()) {
      fail(fmt::format("{} is there twice", word_));
    }
    netem_.keys.push_back(key);
  }

  void refuse_correlation(std::string_view instead) {
    if (percent_or(0) != 0) fail(fmt::format("{}: no correlation here, {}", word_, instead));
  }

  void read_limit() {
    give("queues");
    netem_.config.queues.classes[0].limit_frames =
        netem::parse_whole(next("a number of packets"), word_, 1, limits::kMostFramesAtOnce);
  }

  void read_delay() {
    give("delay");
    netem_.delay = netem::parse_time(next("a time"), word_, limits::kLongestDelay);
    if (!number_follows()) return;
    give("jitter");
    core::Jitter& jitter = netem_.config.line.jitter;
    jitter.scale = netem::parse_time(next("a time"), word_, limits::kMostJitter);
    jitter.correlation = percent_or(0);
    if (jitter.correlation >= 1) fail("delay: a correlation of 100%, allowed: less");
    if (jitter.scale == Duration()) return;
    netem_.config.line.order = core::Order::kFree;
    netem_.implied.push_back("order");
  }

  void read_distribution() {
    if (has_distribution_) fail("distribution is there twice");
    has_distribution_ = true;
    core::Jitter& jitter = netem_.config.line.jitter;
    const std::string_view name = next("a name");
    if (name == "uniform") {
      jitter.shape = core::JitterShape::kUniform;
    } else if (name == "normal") {
      jitter.shape = core::JitterShape::kNormal;
    } else if (name == "pareto") {
      jitter.shape = core::JitterShape::kPareto;
    } else if (name == "paretonormal") {
      jitter.shape = core::JitterShape::kParetoNormal;
    } else {
      jitter.shape = core::JitterShape::kTable;
      jitter.table = distribution_(name);
    }
  }

  void read_loss() {
    give("loss");
    const std::string_view model = next("a percentage, or random, state, gemodel");
    if (model.front() >= '0' && model.front() <= '9') {
      --at_;
      read_random_loss();
    } else if (model == "random") {
      read_random_loss();
    } else if (model == "state") {
      read_four_state();
    } else if (model == "gemodel") {
      read_gilbert_elliott();
    } else {
      fail(fmt::format("loss: {} is not known, allowed: a percentage, random, state, gemodel",
                       in_quotes(model)));
    }
  }

  // With a correlation c: the two-state chain whose losses have the mean P and whose indicators of
  // neighbouring frames are correlated by 1 - p - r = c. P = 1 %, c = 25 %: p = 0.75 %, r = 74.25 %.
  void read_random_loss() {
    const double p = percent("a percentage");
    const double c = percent_or(0);
    if (c >= 1) fail("loss: a correlation of 100%, allowed: less");
    if (c == 0) {
      netem_.config.loss = p;
    } else {
      netem_.config.loss = loss::GilbertElliott{.to_bad = p * (1 - c), .to_good = (1 - p) * (1 - c)};
    }
  }

  void read_four_state() {
    loss::FourState model;
    model.p13 = percent("p13");
    model.p31 = percent_or(1 - model.p13);
    model.p32 = percent_or(model.p32);
    model.p23 = percent_or(model.p23);
    model.p14 = percent_or(model.p14);
    if (const std::string problem = four_state_problem(model); !problem.empty())
      fail("loss state: " + problem);
    netem_.config.loss = model;
  }

  void read_gilbert_elliott() {
    loss::GilbertElliott model;
    model.to_bad = percent("p");
    model.to_good = percent_or(1 - model.to_bad);
    model.loss_bad = percent_or(model.loss_bad);
    model.loss_good = percent_or(model.loss_good);
    netem_.config.loss = model;
  }

  void read_corrupt() {
    give("corrupt");
    netem_.config.line.corrupt.probability = percent("a percentage");
    netem_.config.line.corrupt.deliver = true;
    refuse_correlation("use bit_errors: or loss gemodel for errors in bursts");
  }

  void read_duplicate() {
    give("duplicate");
    netem_.config.line.duplicate.probability = percent("a percentage");
    refuse_correlation("each frame is judged by itself");
  }

  void read_reorder() {
    give("reorder");
    netem_.config.line.reorder.probability = percent("a percentage");
    refuse_correlation("use gap N for a pattern");
  }

  void read_gap() {
    if (gap_) fail("gap is there twice");
    gap_ = netem::parse_whole(next("a number of packets"), word_, 0, limits::kMostGap);
  }

  void read_rate() {
    give("rate");
    netem_.config.rate = netem::parse_rate(next("a rate"));
    netem_.config.framing = core::Framing::kL2;
    netem_.implied.push_back("framing");
    if (!signed_number_follows()) return;
    give("overhead");
    const std::string_view overhead = next("");
    if (overhead.front() == '-') fail("rate: a negative overhead, allowed: 0 or more bytes");
    netem_.config.overhead = Bytes(netem::parse_whole(overhead, word_, 0, limits::kLargestOverhead.count()));
    if (signed_number_follows()) fail("rate: no cells here, use overhead: for the bytes of each frame");
  }

  [[noreturn]] void refuse_seed() { fail("seed is not for a link, use the scenario's seed:"); }
  [[noreturn]] void refuse_ecn() {
    fail("ecn: lost on the line is lost, use queues: with an aqm that marks");
  }
  [[noreturn]] void refuse_slot() {
    fail("slot has no equal here, use trace: for a rate that comes and goes");
  }

  void finish() {
    core::LineConfig& line = netem_.config.line;
    if (has_distribution_ && line.jitter.scale == Duration()) {
      fail("distribution without jitter, write for example delay 5ms 100us distribution normal");
    }
    if (!gap_) return;
    if (line.reorder.probability == 0) fail("gap without reorder, write for example reorder 25% gap 5");
    line.reorder.gap = static_cast<std::uint32_t>(std::max<std::uint64_t>(*gap_, 1));
  }

  std::vector<std::string_view> words_;
  const Distribution& distribution_;
  std::size_t at_ = 0;
  std::string_view word_;  // the option that is being read
  bool has_distribution_ = false;
  std::optional<std::uint64_t> gap_;
  Netem netem_;
};

}  // namespace

Netem parse_netem(std::string_view words, const Distribution& distribution) {
  return Reader(words, distribution).read();
}

}  // namespace longhaul::topology
