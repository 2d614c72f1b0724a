// SPDX-License-Identifier: GPL-2.0-only
//
// Which files are refused, and in which words; damaged files. Each program under refused/ is as small as what
// it is refused for.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "tests/hooks/hook_files.h"

namespace longhaul::hooks {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// What is wrong and the way out, in that order; "@" stands for "the verifier refuses it: ". Lines are those
// of the file under refused/.
struct Refused {
  std::string file, reason, way_out;
};

std::vector<Refused> refused() {
  const std::string kBoundary = "mask a variable index (LH_AT, LH_WITHIN), a comparison is not enough",
                    kImmediate = "nothing may be divided by a constant zero",
                    kUnroll = "unroll the loop (#pragma unroll)",
                    kOneFile = "everything that a hook uses has to be in its one file",
                    kArrays = "use LH_ARRAY and a masked index",
                    kHelpers = "use the context, maps, lh_random, lh_time and lh_count",
                    kArgument = "hand the helper its context first",
                    kPointer =
                        "only the context, the stack, maps and global variables can be read and written",
                    kSet = "give the variable a value on every way that leads there";
  return {
      {"above_stack", "program above_stack: @memory boundary violation at above_stack.bpf.c:6", kBoundary},
      {"atomic_fetch", "program atomic_fetch: @invalid imm field at atomic_fetch.bpf.c:10", kImmediate},
      {"before_context", "program before_context: @memory boundary violation at before_context.bpf.c:5",
       kBoundary},
      {"bounded_loop", "program bounded_loop: @loops detected; loop at bounded_loop.bpf.c:7", kUnroll},
      {"call", "program call: call.bpf.c:10: it calls a function of its own, which was not inlined",
       "make that LH_INLINE"},
      {"compared_index", "program compared_index: @memory boundary violation at compared_index.bpf.c:8",
       kBoundary},
      {"divided_by_zero", "program divided_by_zero: @invalid imm field at divided_by_zero.bpf.c:6",
       kImmediate},
      {"exchange", "program exchange: @invalid imm field at exchange.bpf.c:7", kImmediate},
      {"extern_function", "extern 'fate'", kOneFile},
      {"extern_variable", "extern 'period'", kOneFile},
      {"hash_map", "map flows is of kind hash, only arrays", kArrays},
      {"helper", "program helper: helper.bpf.c:7: it calls kernel helper 5", kHelpers},
      {"helper_argument", "program helper_argument: @memory boundary violation at helper_argument.bpf.c:7",
       kArgument},
      {"helper_number", "program helper_number: @Invalid argument type at helper_number.bpf.c:5", kArgument},
      {"kept_pointer", "program kept_pointer: @destination is not a pointer at kept_pointer.bpf.c:8",
       kPointer},
      {"loop", "program loop: @loops detected; loop at loop.bpf.c:7", kUnroll},
      {"map_lookup", "program map_lookup: map_lookup.bpf.c:10: it calls kernel helper 1", kHelpers},
      {"new_jumps", "program new_jumps: @invalid opcode at new_jumps.bpf.c:6", "compile with -mcpu=v2"},
      {"no_section", "no program in section hook/ingress or hook/egress",
       "mark it LH_HOOK(ingress) or LH_HOOK(egress); no_section is in section xdp"},
      {"number_as_pointer",
       "program number_as_pointer: @destination is not a pointer at number_as_pointer.bpf.c:5", kPointer},
      {"odd_values", "map counts has values of 4 bytes", "pad them to a multiple of 8"},
      {"outside_context", "program outside_context: @memory boundary violation at outside_context.bpf.c:5",
       kBoundary},
      {"outside_map", "program outside_map: @memory boundary violation at outside_map.bpf.c:7", kBoundary},
      {"outside_stack", "program outside_stack: @memory boundary violation at outside_stack.bpf.c:6",
       kBoundary},
      {"outside_variable", "program outside_variable: @memory boundary violation at outside_variable.bpf.c:7",
       kBoundary},
      {"per_cpu_map", "map counts is of kind percpu_array, only arrays", kArrays},
      {"ring_buffer", "map events is of kind ringbuf, only arrays", kArrays},
      {"static_map", "map 'counts': unsupported map linkage static", "remove `static`"},
      {"two_programs", "first and second are both in section hook/ingress",
       "keep to one function for each place"},
      {"unset_answer", "program unset_answer: @undefined return value at unset_answer.bpf.c:5",
       "return a verdict on every way out"},
      {"unset_register", "program unset_register: @src reg value is undefined at unset_register.bpf.c:6",
       kSet},
      {"unset_stack", "program unset_stack: @undefined value on the stack at unset_stack.bpf.c:6", kSet},
      {"variable_head", "program variable_head: @memory boundary violation at variable_head.bpf.c:6",
       kBoundary},
      {"variable_stack",
       "program variable_stack: @stack access with variable offset at variable_stack.bpf.c:6",
       "make it a global variable and mask the index (LH_WITHIN)"},
      {"wrong_section", "program wrong_section is in section hook/egres",
       "allowed: hook/ingress and hook/egress"},
  };
}

TEST(RefusedHook, SaysWhatWhereAndTheWayOutInOneLine) {
  for (const Refused& row : refused()) {
    const std::filesystem::path file = kForTests / (row.file + ".bpf.o");
    std::string reason = row.reason;
    if (const std::size_t at = reason.find('@'); at != std::string::npos) {
      reason.replace(at, 1, "the verifier refuses it: ");
    }
    const std::string words = refusal(file);
    EXPECT_THAT(words, AllOf(StartsWith("cannot load hook " + file.string() + ": "), HasSubstr(reason),
                             HasSubstr(row.way_out), Not(HasSubstr("\n"))));
    EXPECT_LT(words.find(reason), words.find(row.way_out));
  }
}

TEST(RefusedHook, IsAnythingThatIsNoProgram) {
  EXPECT_THAT(refusal("/nonexistent/x.bpf.o"), HasSubstr("/nonexistent/x.bpf.o: cannot read it"));
  EXPECT_THAT(refusal("/"), HasSubstr("cannot load hook /: "));
  EXPECT_THAT(refusal("/proc/self/exe"), AllOf(HasSubstr("cannot load hook"), Not(HasSubstr("\n"))));
}

class DamagedHook : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ifstream file(kShipped / "drop_every_nth.bpf.o", std::ios::binary);
    whole_.assign(std::istreambuf_iterator<char>(file), {});
    ASSERT_GT(whole_.size(), 1'000u);
  }
  void TearDown() override { std::filesystem::remove(path_); }
  void write(std::span<const char> bytes) {
    std::ofstream(path_, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  std::vector<char> whole_;
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / fmt::format("longhaul-hook-{}.bpf.o", getpid());
};

TEST_F(DamagedHook, FilesThatEndEarlyAreRefused) {
  for (std::size_t cut = 0; cut < whole_.size(); cut += 97) {
    write(std::span(whole_).first(cut));
    EXPECT_THAT(refusal(path_), AllOf(HasSubstr("cannot load hook"), Not(HasSubstr("\n"))))
        << cut << " bytes";
  }
}

// Every bit of the code turned over in turn: loading must come back, with a program or with a reason.
TEST_F(DamagedHook, CodeLoadsOrIsRefusedInOneLine) {
  constexpr std::string_view kExit("\x95\0\0\0\0\0\0\0", 8);
  const std::string_view text(whole_.data(), whole_.size());
  const std::size_t begin = 64, end = text.find(kExit, begin);  // clang puts code behind the ELF header
  ASSERT_LT(end, 1'024u);
  std::size_t refused = 0, accepted = 0;
  for (std::size_t bit = 8 * begin; bit < 8 * (end + kExit.size()); ++bit) {
    std::vector<char> bytes = whole_;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    write(bytes);
    SCOPED_TRACE(fmt::format("bit {} of byte {}", bit % 8, bit / 8));
    try {
      const HookProgram program(path_);
      ++accepted;  // not run: DPDK 22.11's verifier lets through some damaged code that reads where it must
                   // not
    } catch (const std::runtime_error& error) {
      ++refused;
      EXPECT_EQ(std::string_view(error.what()).find('\n'), std::string_view::npos) << error.what();
    }
  }
  EXPECT_GT(refused, 100u);
  EXPECT_GT(accepted, 100u);
}

}  // namespace
}  // namespace longhaul::hooks
