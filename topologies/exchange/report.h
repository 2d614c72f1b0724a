// SPDX-License-Identifier: GPL-2.0-only
//
// What became of a file that was converted: of every kind of thing in it how many were found, and what each
// of them became or why it was left out. The parts add up to what was found, which is checked, so that
// nothing goes missing in silence. Plain values, for people to read; no threads, no files.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace longhaul::topology {

// A converter lost count.
class Miscount : public std::logic_error {
  using std::logic_error::logic_error;
};

class Report {
 public:
  // `count` more things of the kind `found`: nodes, links.
  void find(std::string_view found, std::size_t count = 1);
  // Of the kind `found`, one more that became `what`, or was left out for a reason that `what` gives.
  void count(std::string_view found, std::string_view what, std::size_t count = 1);
  // What the file does not say and was chosen, or was changed: one line, in the order given.
  void note(std::string line) { notes_.push_back(std::move(line)); }

  // How many of `found` became `what`; 0 where there are none.
  std::size_t counted(std::string_view found, std::string_view what) const;
  std::size_t found(std::string_view found) const;
  const std::vector<std::string>& notes() const { return notes_; }

  // Throws Miscount unless the parts of each kind add up to what was found.
  void check() const;
  // The report in lines, each behind `indent`.
  std::string text(std::string_view indent = "") const;

 private:
  struct Part {
    std::string what;
    std::size_t count = 0;
  };
  struct Kind {
    std::string name;
    std::size_t found = 0;
    std::vector<Part> parts;
  };
  Kind& kind(std::string_view name);

  std::vector<Kind> kinds_;
  std::vector<std::string> notes_;
};

}  // namespace longhaul::topology
