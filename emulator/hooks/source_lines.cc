// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/source_lines.h"

#include <bpf/btf.h>
#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <optional>

namespace longhaul::hooks {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kWord = sizeof(std::uint32_t), kInstruction = 8;

// Takes the next word off the front.
std::optional<std::uint32_t> take_word(Bytes& from) {
  std::uint32_t word = 0;
  if (from.size() < kWord) return std::nullopt;
  std::memcpy(&word, from.data(), kWord);
  from = from.subspan(kWord);
  return word;
}

std::string text(const btf* types, std::uint32_t offset) {
  const char* found = btf__str_by_offset(types, offset);
  return found != nullptr ? found : "";
}

// The part of .BTF.ext with line records; empty when there is none.
Bytes line_information(Bytes extension) {
  constexpr std::uint16_t kMagic = 0xEB9F;
  constexpr std::size_t kHeaderLength = 4, kLineOffset = 16, kHeader = 24;
  std::uint16_t magic = 0;
  if (extension.size() < kHeader) return {};
  std::memcpy(&magic, extension.data(), sizeof magic);
  Bytes length = extension.subspan(kHeaderLength), line = extension.subspan(kLineOffset);
  const std::size_t header = *take_word(length), offset = *take_word(line), size = *take_word(line);
  if (magic != kMagic || header > extension.size() || offset > extension.size() - header) return {};
  const Bytes rest = extension.subspan(header + offset);
  return size <= rest.size() ? rest.first(size) : Bytes{};
}

}  // namespace

SourceLines::SourceLines(Bytes extension, const btf* types) {
  if (types != nullptr) read(line_information(extension), types);
}

void SourceLines::read(Bytes information, const btf* types) {
  const std::optional<std::uint32_t> record = take_word(information);
  if (!record || *record < 4 * kWord) return;
  for (;;) {
    const auto section = take_word(information), records = take_word(information);
    if (!section || !records) return;
    const std::string name = text(types, *section);
    for (std::uint32_t i = 0; i < *records; ++i) {
      if (information.size() < *record) return;
      Bytes fields = information.first(*record);
      information = information.subspan(*record);
      const std::uint32_t at = *take_word(fields), file = *take_word(fields);
      take_word(fields);  // the line's text
      constexpr unsigned kColumnBits = 10;
      const std::uint32_t number = *take_word(fields) >> kColumnBits;
      lines_.push_back(
          {name, std::filesystem::path(text(types, file)).filename().string(), at / kInstruction, number});
    }
  }
}

std::string SourceLines::at(std::string_view section, std::size_t instruction) const {
  const Line* found = nullptr;
  for (const Line& line : lines_) {
    if (line.section == section && line.instruction <= instruction && line.number != 0) found = &line;
  }
  return found != nullptr ? fmt::format("{}:{}", found->file, found->number)
                          : fmt::format("instruction {}", instruction);
}

}  // namespace longhaul::hooks
