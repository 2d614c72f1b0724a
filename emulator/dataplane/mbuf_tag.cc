// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/mbuf_tag.h"

#include <rte_errno.h>

#include <stdexcept>
#include <string>

namespace longhaul::dataplane {

int mbuf_tag_offset = -1;

void register_mbuf_tag() {
  const rte_mbuf_dynfield field{
      .name = "longhaul_tag", .size = sizeof(MbufTag), .align = alignof(MbufTag), .flags = 0};
  mbuf_tag_offset = rte_mbuf_dynfield_register(&field);
  if (mbuf_tag_offset < 0) {
    throw std::runtime_error(std::string("cannot reserve room for labels in packet buffers: ") +
                             rte_strerror(rte_errno));
  }
}

}  // namespace longhaul::dataplane
