// SPDX-License-Identifier: GPL-2.0-only
//
// What tests of hooks share: where the objects are, frames, calls, variables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/hooks/hook_context.h"
#include "emulator/hooks/hook_program.h"

namespace longhaul::hooks {

inline const std::filesystem::path kShipped = LONGHAUL_SHIPPED_HOOKS;
inline const std::filesystem::path kForTests = LONGHAUL_TEST_HOOKS;

template <typename T = std::uint64_t>
T& shared(const HookProgram& program, std::string_view name, std::size_t index = 0) {
  const std::span<std::byte> bytes = program.variable(name);
  if ((index + 1) * sizeof(T) > bytes.size()) throw std::out_of_range(std::string(name));
  return reinterpret_cast<T*>(bytes.data())[index];
}

inline HookCall call_of(std::span<const std::byte> frame, std::uint32_t link = 0,
                        std::uint32_t direction = 0) {
  HookCall call{};
  call.context.link = link;
  call.context.direction = direction;
  describe_frame(call.context, frame, 0);
  return call;
}

inline std::vector<std::byte> frame_of(std::size_t size) {
  std::vector<std::byte> frame(size);
  for (std::size_t i = 0; i < size; ++i) frame[i] = static_cast<std::byte>(i + 1);
  return frame;
}

// The error with which a file is refused.
inline std::string refusal(const std::filesystem::path& file) {
  try {
    const HookProgram program(file);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace longhaul::hooks
