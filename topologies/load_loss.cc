// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "topologies/bounds.h"
#include "topologies/link_values.h"
#include "topologies/load_line.h"
#include "topologies/position_file.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

namespace loss = core::loss;

constexpr std::string_view kProbability = "a probability such as 1e-5 or 0.01 %";
constexpr std::string_view kModels = "one of bernoulli, gilbert_elliott, four_state, every, positions, file";

double probability_or(const YamlMap& map, std::string_view key, double without) {
  const auto value = map.find(key);
  return value ? read_probability(*value) : without;
}

double need_probability(const YamlMap& map, std::string_view key) {
  return read_probability(map.need(key, kProbability));
}

loss::GilbertElliott read_gilbert_elliott(const YamlValue& value) {
  const YamlMap map = value.map({"p", "r", "loss_bad", "loss_good"});
  loss::GilbertElliott model;
  model.to_bad = need_probability(map, "p");
  model.to_good = need_probability(map, "r");
  model.loss_bad = probability_or(map, "loss_bad", model.loss_bad);
  model.loss_good = probability_or(map, "loss_good", model.loss_good);
  return model;
}

loss::FourState read_four_state(const YamlValue& value) {
  const YamlMap map = value.map({"p13", "p31", "p32", "p23", "p14"});
  loss::FourState model;
  model.p13 = need_probability(map, "p13");
  model.p31 = need_probability(map, "p31");
  model.p32 = probability_or(map, "p32", model.p32);
  model.p23 = probability_or(map, "p23", model.p23);
  model.p14 = probability_or(map, "p14", model.p14);
  if (const std::string problem = four_state_problem(model); !problem.empty()) value.fail(problem);
  return model;
}

std::vector<std::uint64_t> read_position_list(const YamlValue& value) {
  if (value.is_scalar()) return parse_in_place(value, "positions such as [3, 17]", parse_positions);
  std::vector<std::uint64_t> positions;
  for (const YamlValue& item : value.items()) {
    positions.push_back(item.integer(0, limits::kMostFrames));
    if (positions.size() > 1 && positions.back() <= positions[positions.size() - 2]) {
      item.fail(fmt::format("{} does not follow {}, allowed: positions in ascending order", positions.back(),
                            positions[positions.size() - 2]));
    }
  }
  return positions;
}

std::vector<std::uint64_t> read_position_file(const YamlValue& value, const YamlMap& map) {
  DecisionFilter filter;
  const auto link = map.find("link"), from = map.find("from"), wave = map.find("wave");
  if (link) filter.link = link->name(limits::kLongestName);
  if (from) filter.from = from->name(limits::kLongestName);
  if (wave) filter.wave = wave->integer(0, limits::kMostWaves - 1);
  return parse_file(value, value.text("the name of a file"), "positions", [&](std::string_view text) {
    if (is_decisions(text)) return parse_decisions(text, filter);
    for (const auto& given : {link, from, wave}) {
      if (given) given->fail_key("only goes with a decisions.csv, the file has positions alone");
    }
    return parse_positions(text);
  });
}

loss::Positions with_period(std::vector<std::uint64_t> frames, const YamlMap& map) {
  loss::Positions positions{std::move(frames), 0};
  if (const auto period = map.find("period")) {
    positions.period = period->integer(0, limits::kMostFrames);
    if (positions.period != 0 && !positions.frames.empty() && positions.period <= positions.frames.back()) {
      period->fail(fmt::format("{} is not above the last position, allowed: 0, or more than {}",
                               positions.period, positions.frames.back()));
    }
  }
  return positions;
}

// The one key that names the model; of several, the one that was laid over the others.
YamlValue chosen_model(const YamlValue& value, const YamlMap& map) {
  std::optional<YamlValue> chosen;
  bool two = false;
  for (const std::string_view key :
       {"bernoulli", "gilbert_elliott", "four_state", "every", "positions", "file"}) {
    const auto candidate = map.find(key);
    if (!candidate || (chosen && candidate->rank() < chosen->rank())) continue;
    two = chosen && candidate->rank() == chosen->rank();
    chosen = candidate;
  }
  if (!chosen) value.fail(fmt::format("names no model, allowed: {}", kModels));
  if (two) chosen->fail_key(fmt::format("a second model, allowed: {}", kModels));
  return *chosen;
}

void check_companions(const YamlMap& map, const YamlValue& model) {
  struct Companion {
    std::string_view key;
    std::array<std::string_view, 2> of;
  };
  constexpr Companion kCompanions[] = {{"first", {"every", "every"}},
                                       {"period", {"positions", "file"}},
                                       {"link", {"file", "file"}},
                                       {"from", {"file", "file"}},
                                       {"wave", {"file", "file"}}};
  for (const Companion& companion : kCompanions) {
    const auto given = map.find(companion.key);
    if (!given || model.key() == companion.of[0] || model.key() == companion.of[1]) continue;
    if (given->rank() >= model.rank()) given->fail_key(fmt::format("only goes with {}", companion.of[0]));
  }
}

}  // namespace

std::string four_state_problem(const loss::FourState& model) {
  constexpr double kRounding = 1e-12;
  if (model.p13 + model.p14 > 1 + kRounding) {
    return fmt::format("p13 + p14 is {}, allowed: up to 1", to_text(model.p13 + model.p14));
  }
  if (model.p31 + model.p32 > 1 + kRounding) {
    return fmt::format("p31 + p32 is {}, allowed: up to 1", to_text(model.p31 + model.p32));
  }
  return {};
}

core::LossModel read_loss(const YamlValue& value) {
  if (value.is_sequence()) value.fail(fmt::format("is a list, allowed: {}, or {}", kProbability, kModels));
  if (!value.is_map()) return read_probability(value);
  const YamlMap map = value.map({"bernoulli", "gilbert_elliott", "four_state", "every", "first", "positions",
                                 "file", "link", "from", "wave", "period"});
  const YamlValue model = chosen_model(value, map);
  check_companions(map, model);
  if (model.key() == "bernoulli") return read_probability(model);
  if (model.key() == "gilbert_elliott") return read_gilbert_elliott(model);
  if (model.key() == "four_state") return read_four_state(model);
  if (model.key() == "positions") return with_period(read_position_list(model), map);
  if (model.key() == "file") return with_period(read_position_file(model, map), map);
  loss::EveryNth every;
  every.n = model.integer(1, limits::kMostFrames);
  if (const auto first = map.find("first")) every.first = first->integer(0, limits::kMostFrames);
  return every;
}

}  // namespace longhaul::topology
