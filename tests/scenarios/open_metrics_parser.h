// SPDX-License-Identifier: GPL-2.0-only
//
// A reader of OpenMetrics 1.0.0 text that accepts nothing else: names, escapes, metadata before samples,
// families not repeated, suffixes by type, units in names, no sample twice, the end. For tests.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

namespace longhaul::test {

class OpenMetrics {
 public:
  using Labels = std::map<std::string, std::string>;
  struct Family {
    std::string type, unit, help;
    std::map<std::pair<std::string, Labels>, double> samples;  // by sample name and labels
  };

  // Throws std::runtime_error with the line at fault.
  explicit OpenMetrics(std::string_view text) : rest_(text) {
    while (!rest_.empty()) {
      const std::size_t end = rest_.find('\n');
      check(end != std::string_view::npos, "a line without an end");
      line_ = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      at_ = 0;
      if (line_ == "# EOF") {
        check(rest_.empty(), "text after the end");
        ended_ = true;
      } else if (line_.starts_with("# ")) {
        at_ = 2;
        metadata();
      } else {
        sample();
      }
    }
    check(ended_, "no end");
  }

  const std::map<std::string, Family>& families() const { return families_; }

  // The value of a sample; throws std::out_of_range when there is none.
  double value(const std::string& family, const std::string& sample, const Labels& labels) const {
    return families_.at(family).samples.at({sample, labels});
  }

 private:
  void check(bool holds, const std::string& what) const {
    if (!holds) throw std::runtime_error(what + ": " + std::string(line_));
  }
  static bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  std::string name(bool of_metric) {
    const std::size_t begin = at_;
    const auto fits = [&](char c) {
      return is_alpha(c) || (of_metric && c == ':') || (at_ > begin && is_digit(c));
    };
    while (at_ < line_.size() && fits(line_[at_])) ++at_;
    check(at_ > begin, "no name where one belongs");
    return std::string(line_.substr(begin, at_ - begin));
  }
  void expect(char c) {
    check(at_ < line_.size() && line_[at_] == c, std::string("no `") + c + "` where it belongs");
    ++at_;
  }
  // Up to `end`, or to the end of the line where that is 0.
  std::string escaped(char end) {
    std::string text;
    for (; at_ < line_.size() && line_[at_] != end; ++at_) {
      if (line_[at_] != '\\') {
        text += line_[at_];
        continue;
      }
      check(++at_ < line_.size(), "half an escape");
      const char c = line_[at_];
      check(c == 'n' || c == '\\' || c == '"', "an escape that there is not");
      text += c == 'n' ? '\n' : c;
    }
    check(end == 0 || at_ < line_.size(), "an open quote");
    return text;
  }

  void metadata() {
    const std::string kind = name(false);
    expect(' ');
    const std::string family = name(true);
    expect(' ');
    if (family != current_) {
      check(kind == "TYPE", "a family that does not begin with its type");
      check(families_.emplace(family, Family()).second, "a family twice");
      current_ = family;
    }
    Family& here = families_[family];
    check(here.samples.empty(), "metadata after samples");
    std::string& slot = kind == "TYPE" ? here.type : kind == "UNIT" ? here.unit : here.help;
    check(kind == "TYPE" || kind == "UNIT" || kind == "HELP", "unknown metadata");
    check(slot.empty(), "metadata twice");
    slot = escaped(0);
    static const std::set<std::string> kTypes{"counter", "gauge", "info", "summary"};
    if (kind == "TYPE") check(kTypes.contains(slot), "a type that we do not use");
    if (kind == "UNIT") check(family.ends_with("_" + slot), "a unit that is not in the name");
  }

  void sample() {
    const std::string full = name(true);
    check(full.starts_with(current_) && !current_.empty(), "a sample outside of its family");
    Family& family = families_[current_];
    const std::string suffix = full.substr(current_.size());
    static const std::map<std::string, std::set<std::string>> kSuffixes{
        {"counter", {"_total"}}, {"gauge", {""}}, {"info", {"_info"}}, {"summary", {"", "_count", "_sum"}}};
    check(kSuffixes.at(family.type).contains(suffix), "a suffix that its type does not have");
    Labels labels;
    if (at_ < line_.size() && line_[at_] == '{') {
      do {
        ++at_;
        const std::string label = name(false);
        expect('=');
        expect('"');
        check(labels.emplace(label, escaped('"')).second, "a label twice");
        expect('"');
      } while (at_ < line_.size() && line_[at_] == ',');
      expect('}');
    }
    expect(' ');
    const std::string number(line_.substr(at_));
    char* end = nullptr;
    const double value = std::strtod(number.c_str(), &end);
    check(!number.empty() && *end == 0 && number.find(' ') == std::string::npos, "not a number");
    if (family.type == "counter") check(value >= 0, "a counter below zero");
    if (family.type == "info") check(value == 1, "an info that is not 1");
    if (family.type == "summary" && suffix.empty()) check(labels.contains("quantile"), "no quantile");
    check(family.samples.emplace(std::pair(full, labels), value).second, "a sample twice");
  }

  std::string_view rest_, line_;
  std::size_t at_ = 0;
  std::string current_;
  bool ended_ = false;
  std::map<std::string, Family> families_;
};

}  // namespace longhaul::test
