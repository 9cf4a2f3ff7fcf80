#include "snapshot_keeper.hpp"

#include <spidergate/telemetry/log.hpp>

namespace spidergate::app {

namespace {

constexpr epoch_ms rewritten_after_ms = 60'000;

}  // namespace

snapshot_keeper::snapshot_keeper(local_snapshot file, store_state& state, const store_contact& contact)
    : file_(std::move(file)), state_(state), contact_(contact) {}

void snapshot_keeper::keep(std::span<const store::integration_state_record> states, bool last) {
  if (!contact_.reached() || contact_.behind()) return;
  auto rows = state_.rows();
  const auto as_of = contact_.last();
  if (!last && rows == written_ && as_of - written_at_ < rewritten_after_ms) return;
  const auto written = file_.write(*rows, states, as_of);
  if (!written) {
    ++failures_;
    if (!failing_) telemetry::log::warning(written.error());
    failing_ = true;
    return;
  }
  failing_ = false;
  written_ = std::move(rows);
  written_at_ = as_of;
}

}  // namespace spidergate::app
