// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/shared_maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "emulator/hooks/advice.h"
#include "emulator/hooks/hook_program.h"

namespace longhaul::hooks {
namespace {

// What libbpf says while this lives, instead of on standard error. One thread loads at a time.
class Chatter {
 public:
  Chatter() : previous_(libbpf_set_print(note)) { last_warning().clear(); }
  ~Chatter() { libbpf_set_print(previous_); }
  Chatter(const Chatter&) = delete;
  Chatter& operator=(const Chatter&) = delete;

  // The first warning, which names the cause; later ones say what could not be done because of it.
  static std::string explain(int error) {
    std::string text = last_warning().empty() ? std::strerror(error < 0 ? -error : error) : last_warning();
    while (text.ends_with('\n') || text.ends_with('.')) text.pop_back();
    std::replace(text.begin(), text.end(), '\n', ' ');
    const std::string_view way_out = file_advice(text);
    return way_out.empty() ? text : fmt::format("{}: {}", text, way_out);
  }

 private:
  static std::string& last_warning() {
    thread_local std::string text;
    return text;
  }
  static int note(libbpf_print_level level, const char* format, va_list arguments) {
    if (level != LIBBPF_WARN || !last_warning().empty()) return 0;
    char line[300];
    std::vsnprintf(line, sizeof line, format, arguments);
    last_warning() = line;
    return 0;
  }
  libbpf_print_fn_t previous_;
};

struct CloseObject {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};

std::string type_name(bpf_map_type type) {
  const char* name = libbpf_bpf_map_type_str(type);
  return name != nullptr ? name : std::to_string(static_cast<int>(type));
}

bool is_constant(const bpf_map* map) {
  return bpf_map__is_internal(map) && std::string_view(bpf_map__name(map)).ends_with(".rodata");
}

void check_and_prepare(bpf_map* map) {
  const std::string name = bpf_map__name(map);
  if (bpf_map__type(map) != BPF_MAP_TYPE_ARRAY) {
    throw std::runtime_error(
        fmt::format("map {} is of kind {}, only arrays can be shared with the data plane: use LH_ARRAY and a "
                    "masked index",
                    name, type_name(bpf_map__type(map))));
  }
  if (bpf_map__max_entries(map) > 1 && bpf_map__value_size(map) % 8 != 0) {
    throw std::runtime_error(fmt::format("map {} has values of {} bytes: pad them to a multiple of 8", name,
                                         bpf_map__value_size(map)));
  }
  // libbpf alone would do this only for some sections of variables.
  if (!is_constant(map)) bpf_map__set_map_flags(map, bpf_map__map_flags(map) | BPF_F_MMAPABLE);
}

}  // namespace

struct SharedMaps::Parts {
  struct Map {
    std::string name;  // a section for variables
    std::size_t size = 0;
    std::byte* mapped = nullptr;  // the kernel's memory
    std::vector<std::byte> own;   // instead of it
  };
  ~Parts() {
    for (const Map& map : maps) {
      if (map.mapped != nullptr) munmap(map.mapped, map.size);
    }
  }
  void add(bpf_map* from, MapMemory memory);

  std::unique_ptr<bpf_object, CloseObject> object;
  std::vector<BpfProgram> programs;
  std::vector<Map> maps;
};

void SharedMaps::Parts::add(bpf_map* from, MapMemory memory) {
  const std::string full_name = bpf_map__name(from);
  Map map;
  map.name = bpf_map__is_internal(from) ? full_name.substr(full_name.rfind('.')) : full_name;
  map.size = std::size_t{bpf_map__value_size(from)} * bpf_map__max_entries(from);
  if (memory == MapMemory::kPrivate || is_constant(from)) {
    std::size_t size = 0;
    const void* initial = bpf_map__initial_value(from, &size);  // null for a map that is zero at the start
    map.own.resize(map.size);
    if (initial != nullptr) std::memcpy(map.own.data(), initial, std::min(size, map.size));
  } else {
    void* mapped =
        mmap(nullptr, map.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, bpf_map__fd(from), 0);
    if (mapped == MAP_FAILED) {
      throw std::runtime_error(fmt::format("cannot map {}: {}", full_name, std::strerror(errno)));
    }
    map.mapped = static_cast<std::byte*>(mapped);
  }
  maps.push_back(std::move(map));
}

SharedMaps::SharedMaps(std::span<const char> image, const std::string& name, MapMemory memory)
    : parts_(std::make_unique<Parts>()) {
  const Chatter chatter;
  LIBBPF_OPTS(bpf_object_open_opts, options);
  options.object_name = name.c_str();
  parts_->object.reset(bpf_object__open_mem(image.data(), image.size(), &options));
  if (!parts_->object) throw std::runtime_error(Chatter::explain(errno));
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, parts_->object.get()) {
    bpf_program__set_autoload(program, false);
    BpfProgram& read = parts_->programs.emplace_back();
    read.name = bpf_program__name(program);
    read.section = bpf_program__section_name(program);
    read.instructions.resize(bpf_program__insn_cnt(program));
    static_assert(sizeof(bpf_insn) == sizeof read.instructions[0]);
    std::memcpy(read.instructions.data(), bpf_program__insns(program),
                read.instructions.size() * sizeof(bpf_insn));
  }
  bpf_map* map = nullptr;
  bool any = false;
  bpf_object__for_each_map(map, parts_->object.get()) {
    check_and_prepare(map);
    any = true;
  }
  if (any && memory == MapMemory::kShared) {  // needs privilege
    if (const int error = bpf_object__load(parts_->object.get()); error != 0) {
      throw std::runtime_error("cannot make its maps: " + Chatter::explain(error));
    }
  }
  bpf_object__for_each_map(map, parts_->object.get()) parts_->add(map, memory);
}

SharedMaps::~SharedMaps() = default;

const std::vector<BpfProgram>& SharedMaps::programs() const {
  return parts_->programs;
}

std::span<std::byte> SharedMaps::memory(std::string_view name) const {
  for (Parts::Map& map : parts_->maps) {
    if (map.name != name) continue;
    return map.mapped != nullptr ? std::span(map.mapped, map.size) : std::span(map.own);
  }
  return {};
}

const btf* SharedMaps::types() const {
  return bpf_object__btf(parts_->object.get());
}

}  // namespace longhaul::hooks
