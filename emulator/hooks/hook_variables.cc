// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/hook_variables.h"

#include <bpf/btf.h>
#include <fmt/format.h>

#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <stdexcept>

namespace longhaul::hooks {
namespace {

// A number of a hook: its type as C writes it, and what it can be.
struct Integer {
  std::string type;
  std::size_t bytes = 0;
  std::int64_t least = 0;
  std::uint64_t most = 0;
};

constexpr std::uint64_t most_unsigned(std::size_t bytes) {
  return std::numeric_limits<std::uint64_t>::max() >> (64 - 8 * bytes);
}

Integer unsigned_integer(std::string type, std::size_t bytes) {
  return {std::move(type), bytes, 0, most_unsigned(bytes)};
}

Integer signed_integer(std::string type, std::size_t bytes) {
  const std::uint64_t most = most_unsigned(bytes) / 2;
  return {std::move(type), bytes, -static_cast<std::int64_t>(most) - 1, most};
}

// What the size alone says.
Integer any_integer(std::size_t bytes) {
  return {fmt::format("{} bytes", bytes), bytes, signed_integer({}, bytes).least, most_unsigned(bytes)};
}

bool is_word(std::size_t bytes) {
  return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

// A BTF type without its names and qualifiers.
struct Plain {
  const btf_type* type = nullptr;
  std::string name;  // the first one met
  bool is_constant = false, is_volatile = false;
};

Plain plain_type(const btf* types, const btf_type* variable) {
  constexpr int kDeepest = 32;
  Plain plain;
  const btf_type* type = btf__type_by_id(types, variable->type);
  for (int depth = 0; type != nullptr && depth < kDeepest; ++depth) {
    const char* name = btf__name_by_offset(types, type->name_off);
    if (plain.name.empty() && name != nullptr) plain.name = name;
    if (!btf_is_mod(type) && !btf_is_typedef(type)) {
      plain.type = type;
      return plain;
    }
    plain.is_constant = plain.is_constant || btf_is_const(type);
    plain.is_volatile = plain.is_volatile || btf_is_volatile(type);
    type = btf__type_by_id(types, type->type);
  }
  return plain;
}

std::optional<Integer> integer_of(const Plain& plain) {
  // The compiler has put the value of a plain constant into the code.
  if (plain.type == nullptr || (plain.is_constant && !plain.is_volatile)) return std::nullopt;
  const std::size_t bytes = plain.type->size;
  const bool enumeration = btf_is_any_enum(plain.type);
  if ((!btf_is_int(plain.type) && !enumeration) || !is_word(bytes)) return std::nullopt;
  if (enumeration) {
    const std::string name = plain.name.empty() ? "enum" : plain.name;
    return btf_kflag(plain.type) ? signed_integer(name, bytes) : unsigned_integer(name, bytes);
  }
  const std::uint8_t encoding = btf_int_encoding(plain.type);
  if ((encoding & BTF_INT_BOOL) != 0) return Integer{plain.name, bytes, 0, 1};
  return (encoding & BTF_INT_SIGNED) != 0 ? signed_integer(plain.name, bytes)
                                          : unsigned_integer(plain.name, bytes);
}

// BTF has one variable per name; a symbol of another size is another one of that name.
std::optional<Integer> integer_of(const btf* types, const ElfSymbol& symbol) {
  const int id = types != nullptr ? btf__find_by_name_kind(types, symbol.name.c_str(), BTF_KIND_VAR) : -1;
  if (id < 0) return is_word(symbol.size) ? std::optional(any_integer(symbol.size)) : std::nullopt;
  std::optional<Integer> integer =
      integer_of(plain_type(types, btf__type_by_id(types, static_cast<std::uint32_t>(id))));
  return integer && integer->bytes == symbol.size ? integer : std::nullopt;
}

struct Number {
  bool negative = false;
  std::uint64_t magnitude = 0;
};

std::optional<Number> parse(std::string_view text) {
  Number number{text.starts_with('-')};
  if (number.negative) text.remove_prefix(1);
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number.magnitude, hexadecimal ? 16 : 10);
  return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

// In one store, since a program may be reading it.
template <typename T>
void store(std::span<std::byte> bytes, std::uint64_t value) {
  const auto word = static_cast<T>(value);
  std::memcpy(bytes.data(), &word, sizeof word);
}

}  // namespace

std::span<std::byte> memory_of(const ElfSymbol& symbol, const SharedMaps& maps) {
  if (symbol.name.empty() || symbol.section.empty() || symbol.section == ".maps") return {};
  const std::span<std::byte> section = maps.memory(symbol.section);
  if (symbol.value > section.size() || symbol.size > section.size() - symbol.value) return {};
  return section.subspan(symbol.value, symbol.size);
}

HookVariables::HookVariables(const ElfTables& tables, const SharedMaps& maps)
    : variables_(read(tables, maps)) {}

std::vector<HookVariables::Variable> HookVariables::read(const ElfTables& tables, const SharedMaps& maps) {
  std::vector<Variable> variables;
  for (const ElfSymbol& symbol : tables.symbols) {
    const std::span<std::byte> bytes = memory_of(symbol, maps);
    if (bytes.empty()) continue;
    const std::optional<Integer> integer = integer_of(maps.types(), symbol);
    if (integer) variables.push_back({symbol.name, integer->type, bytes, integer->least, integer->most});
  }
  return variables;
}

std::string HookVariables::list() const {
  std::string names;
  for (const Variable& variable : variables_) {
    names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", variable.name, variable.type);
  }
  return names.empty() ? "it has no variables that take a number" : "its variables: " + names;
}

void HookVariables::set(std::string_view name, std::string_view value) const {
  for (const Variable& variable : variables_) {
    if (variable.name != name) continue;
    const std::optional<Number> number = parse(value);
    const std::uint64_t lowest = 0 - static_cast<std::uint64_t>(variable.least);
    if (!number || number->magnitude > (number->negative ? lowest : variable.most)) {
      throw std::runtime_error(fmt::format("not a whole number from {} to {}, decimal or 0x hexadecimal; {}",
                                           variable.least, variable.most, list()));
    }
    const std::uint64_t bits = number->negative ? 0 - number->magnitude : number->magnitude;
    switch (variable.bytes.size()) {
      case 1:
        return store<std::uint8_t>(variable.bytes, bits);
      case 2:
        return store<std::uint16_t>(variable.bytes, bits);
      case 4:
        return store<std::uint32_t>(variable.bytes, bits);
      default:
        return store<std::uint64_t>(variable.bytes, bits);
    }
  }
  throw std::runtime_error("there is no such variable, or it takes no number; " + list());
}

}  // namespace longhaul::hooks
