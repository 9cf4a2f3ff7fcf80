#include "stripes.hpp"

namespace spidergate::kv {

namespace {

struct over_question {
  epoch_ms now;
  bool operator()(sliding_window& w) const {
    w.advance(now);
    return w.ends_at(now) <= now;
  }
  bool operator()(fixed_window& w) const {
    w.advance(now);
    return w.used() == 0;
  }
  bool operator()(lease_set& l) const {
    l.advance(now);
    return l.used() == 0;
  }
  bool operator()(const std::unique_ptr<budget_window>& b) const { return b->ends_at() + late_ms <= now; }

  /// A request may settle in the window that it began in when that is over.
  static constexpr std::int64_t late_ms = 20 * 60'000;
};

}  // namespace

bool is_over(charge_cell& cell, epoch_ms now) {
  return std::visit(over_question{now}, cell);
}

bool is_over(pick_cell& cell, epoch_ms now) {
  cell.advance(now);
  // The last use orders keys of equal count, so it is kept for a day.
  return cell.day.used() == 0 && cell.minute.used() == 0 && cell.last_picked_at + day_ms <= now;
}

std::size_t stripe_of(std::string_view key) noexcept {
  const auto colon = key.find(':');
  const auto owner = colon == std::string_view::npos ? key : key.substr(colon + 1);
  return std::hash<std::string_view>{}(owner) % stripe_count;
}

}  // namespace spidergate::kv
