// SPDX-License-Identifier: GPL-2.0-only
//
// In the place of coupled_model.cc where ns-3 is not there.
#include <stdexcept>

#include "scenarios/coupled_model.h"

namespace longhaul::scenario {

struct CoupledModel::Parts {};

CoupledModel::CoupledModel(const Plan&, const dataplane::EngineConfig&) {
  throw std::runtime_error(
      "cannot model background traffic or inline links: this longhaul was built without ns-3; build it again "
      "where "
      "libns3-dev is installed, or run it with --set 'background=[]' --set 'coupling.inline=[]'");
}
CoupledModel::~CoupledModel() = default;
void CoupledModel::start(Clock) {}
void CoupledModel::stop() {}
void CoupledModel::fill(results::RunRecord&, const results::LatenessHistogram&) const {}

}  // namespace longhaul::scenario
