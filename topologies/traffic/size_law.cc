// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/traffic/size_law.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "topologies/data_file.h"
#include "topologies/decimal.h"
#include "topologies/quantity.h"

namespace longhaul::traffic {
namespace {

using topology::LineError;

double number(std::string_view word, std::size_t line) {
  try {
    return topology::parse_number(word);
  } catch (const topology::QuantityError& e) {
    throw LineError(line, e.what());
  }
}

SizeLaw::Point read_point(const std::vector<std::string_view>& words, std::size_t line) {
  if (words.size() != 2) {
    throw LineError(line, fmt::format("has {} words, allowed: a size in bytes and a percentage, as in "
                                      "10000 15",
                                      words.size()));
  }
  const double bytes = number(words[0], line), percent = number(words[1], line);
  if (bytes < 0 || bytes > static_cast<double>(kLargestFlow)) {
    throw LineError(line, fmt::format("{} B is out of range, allowed: 0 to {}", bytes, kLargestFlow));
  }
  if (percent < 0 || percent > 100) {
    throw LineError(line, fmt::format("{} % is out of range, allowed: 0 to 100", percent));
  }
  return {static_cast<std::uint64_t>(bytes), percent};
}

void check_order(const std::vector<SizeLaw::Point>& points, std::size_t line) {
  if (points.size() > kMostPoints) throw LineError(line, fmt::format("more than {} points", kMostPoints));
  if (points.size() < 2) return;
  const SizeLaw::Point &before = points[points.size() - 2], &last = points.back();
  if (last.bytes < before.bytes || last.percent < before.percent) {
    throw LineError(line, fmt::format("{} B at {} % does not follow {} B at {} %, allowed: both ascending",
                                      last.bytes, last.percent, before.bytes, before.percent));
  }
}

}  // namespace

SizeLaw parse_size_law(std::string_view text) {
  SizeLaw law;
  std::vector<std::string_view> words;
  std::size_t line = 0;
  const auto take = [&] {
    if (words.empty()) return;
    law.points.push_back(read_point(words, line));
    check_order(law.points, line);
    words.clear();
  };
  topology::for_each_word(text, [&](std::string_view word, std::size_t number_of_line) {
    if (number_of_line != line) take();
    line = number_of_line;
    words.push_back(word);
  });
  take();
  if (law.points.empty()) throw LineError(0, "has no line with a size and a percentage");
  if (law.points.back().percent != 100) {
    throw LineError(line, fmt::format("ends at {} %, allowed: 100", law.points.back().percent));
  }
  if (law.points.back().bytes == 0) throw LineError(line, "all flows have 0 B, allowed: some above");
  return law;
}

std::uint64_t SizeLaw::quantile(double u) const {
  const double percent = u * 100;
  const auto above = std::lower_bound(points.begin(), points.end(), percent,
                                      [](const Point& p, double x) { return p.percent < x; });
  const Point& high = above == points.end() ? points.back() : *above;
  double bytes = static_cast<double>(high.bytes);
  if (above != points.begin() && above != points.end()) {
    const Point& low = *(above - 1);
    const double part = (percent - low.percent) / (high.percent - low.percent);
    bytes = static_cast<double>(low.bytes) + part * static_cast<double>(high.bytes - low.bytes);
  }
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::llround(bytes)));
}

double SizeLaw::mean_sent(std::uint32_t packet) const {
  constexpr int kParts = 256;  // of each piece, which is even in size; only packets' ends make it uneven
  double mean = points.front().percent / 100 *
                static_cast<double>(sent_for(std::max<std::uint64_t>(points.front().bytes, 1), packet));
  for (std::size_t i = 1; i < points.size(); ++i) {
    const double low = points[i - 1].percent / 100, width = points[i].percent / 100 - low;
    for (int n = 0; width > 0 && n < kParts; ++n) {
      const std::uint64_t bytes = quantile(low + width * (n + 0.5) / kParts);
      mean += width / kParts * static_cast<double>(sent_for(bytes, packet));
    }
  }
  return mean;
}

}  // namespace longhaul::traffic
