// SPDX-License-Identifier: GPL-2.0-only
//
// What those share who talk through ns-3's sockets. One thread.
#pragma once

#include <ns3/callback.h>
#include <ns3/packet.h>
#include <ns3/socket.h>

namespace longhaul::scenario {

// ns-3 keeps sockets until its end; nothing calls back any more. Nothing to do for a null one.
inline void forget(const ns3::Ptr<ns3::Socket>& socket) {
  if (socket == nullptr) return;
  using Nothing = ns3::Callback<void, ns3::Ptr<ns3::Socket>>;
  socket->SetConnectCallback(Nothing(), Nothing());
  socket->SetCloseCallbacks(Nothing(), Nothing());
  socket->SetAcceptCallback({}, {});
  socket->SetRecvCallback(Nothing());
  socket->SetSendCallback({});
}

// For SetAcceptCallback: everybody may connect.
inline ns3::Callback<bool, ns3::Ptr<ns3::Socket>, const ns3::Address&> anybody() {
  return ns3::MakeNullCallback<bool, ns3::Ptr<ns3::Socket>, const ns3::Address&>();
}

}  // namespace longhaul::scenario
