// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/effective_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <iterator>
#include <variant>

#include "topologies/quantity.h"
#include "topologies/trace_file.h"

namespace longhaul::topology {
namespace {

namespace loss = core::loss;

std::string text_of(const loss::Bernoulli& model) {
  return to_text(model.probability);
}

std::string text_of(const loss::GilbertElliott& model) {
  return fmt::format("{{ gilbert_elliott: {{ p: {}, r: {}, loss_bad: {}, loss_good: {} }} }}",
                     to_text(model.to_bad), to_text(model.to_good), to_text(model.loss_bad),
                     to_text(model.loss_good));
}

std::string text_of(const loss::FourState& model) {
  return fmt::format("{{ four_state: {{ p13: {}, p31: {}, p32: {}, p23: {}, p14: {} }} }}",
                     to_text(model.p13), to_text(model.p31), to_text(model.p32), to_text(model.p23),
                     to_text(model.p14));
}

std::string text_of(const loss::EveryNth& model) {
  return fmt::format("{{ every: {}, first: {} }}", model.n, model.first);
}

std::string text_of(const loss::Positions& model) {
  return fmt::format("{{ positions: \"{}\", period: {} }}", fmt::join(model.frames, " "), model.period);
}

std::string text_of(const core::Jitter& jitter) {
  const auto shape = [&]() -> std::string {
    switch (jitter.shape) {
      case core::JitterShape::kUniform:
        return "shape: uniform";
      case core::JitterShape::kNormal:
        return "shape: normal";
      case core::JitterShape::kPareto:
        return "shape: pareto";
      case core::JitterShape::kParetoNormal:
        return "shape: paretonormal";
      case core::JitterShape::kTable:
        break;
    }
    return fmt::format("table: \"{}\"", fmt::join(jitter.table, " "));
  };
  return fmt::format("{{ scale: {}, correlation: {}, {} }}", to_text(jitter.scale),
                     to_text(jitter.correlation), shape());
}

std::string text_of(const core::Corrupt& corrupt) {
  constexpr std::string_view kRegions[] = {"any", "header", "payload"};
  return fmt::format("{{ probability: {}, bits: {}, region: {}, deliver: {} }}", to_text(corrupt.probability),
                     corrupt.bits, kRegions[static_cast<std::size_t>(corrupt.region)], corrupt.deliver);
}

std::string text_of(const core::Trace& trace) {
  const std::string period =
      trace.period == Duration() ? "" : fmt::format(" repeat: true, period: {},", to_text(trace.period));
  return fmt::format("{{ from: {},{} rows: \"{}\" }}",
                     trace.origin == core::Origin::kStart ? "start" : "first-frame", period,
                     trace_csv(trace, ";"));
}

}  // namespace

std::string effective_line(const core::LinkConfig& config, std::string_view indent) {
  std::string text;
  const auto write = [&](std::string_view key, std::string_view value) {
    fmt::format_to(std::back_inserter(text), "{}{}: {}\n", indent, key, value);
  };
  const core::LineConfig &line = config.line, plain;
  write("loss", std::visit([](const auto& model) { return text_of(model); }, config.loss.model));
  if (config.overhead != Bytes()) write("overhead", to_text(config.overhead));
  if (line.jitter != plain.jitter) write("jitter", text_of(line.jitter));
  if (line.order != plain.order) write("order", "free");
  if (line.drift_ps_per_s != 0) write("drift", fmt::format("{} ps/s", line.drift_ps_per_s));
  if (line.reorder != plain.reorder) {
    write("reorder",
          fmt::format("{{ probability: {}, gap: {}, hold: {} }}", to_text(line.reorder.probability),
                      line.reorder.gap, to_text(line.reorder.hold)));
  }
  if (line.duplicate != plain.duplicate) {
    write("duplicate", fmt::format("{{ probability: {}, extra_delay: {} }}",
                                   to_text(line.duplicate.probability), to_text(line.duplicate.extra_delay)));
  }
  if (line.corrupt != plain.corrupt) write("corrupt", text_of(line.corrupt));
  if (line.bit_errors != plain.bit_errors) {
    write("bit_errors",
          fmt::format("{{ rate: {}, deliver: {} }}", to_text(line.bit_errors.rate), line.bit_errors.deliver));
  }
  if (!config.timeline.trace.rows.empty()) write("trace", text_of(config.timeline.trace));
  return text;
}

}  // namespace longhaul::topology
