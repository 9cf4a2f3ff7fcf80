#include <spidergate/engine/health_board.hpp>

#include <algorithm>

namespace spidergate::engine {

namespace {

using breaker = router::candidate_health::breaker;
constexpr epoch_ms minute_ms = 60'000;

}  // namespace

health_board::health_board(breaker_options options, const runtime::clock& time) : options_(options), time_(time) {}

health_board::shard& health_board::shard_of(std::string_view candidate) const {
  return shards_[text_hash{}(candidate) % shard_count];
}

health_board::view health_board::view_of(const cell& c, epoch_ms now) const {
  view seen;
  if (c.open) seen.state = now >= c.half_open_at ? breaker::half_open : breaker::open;
  std::uint32_t successes = 0;
  std::uint32_t failures = 0;
  for (const auto& m : c.minutes) {
    // Five whole minutes and the one that is running.
    if (m.number < 0 || now / minute_ms - m.number > 5) continue;
    successes += m.successes;
    failures += m.failures;
  }
  seen.samples = successes + failures;
  if (seen.samples > 0) seen.success_rate = static_cast<double>(successes) / seen.samples;
  return seen;
}

health_board::view health_board::look(std::string_view candidate) const {
  auto& home = shard_of(candidate);
  const std::lock_guard lock(home.mutex);
  const auto found = home.cells.find(candidate);
  return found == home.cells.end() ? view{} : view_of(found->second, time_.epoch_now());
}

bool health_board::try_probe(std::string_view candidate) {
  auto& home = shard_of(candidate);
  const std::lock_guard lock(home.mutex);
  const auto found = home.cells.find(candidate);
  if (found == home.cells.end()) return false;
  auto& c = found->second;
  if (!c.open || time_.epoch_now() < c.half_open_at || c.probes >= options_.half_open_requests) return false;
  ++c.probes;
  return true;
}

void health_board::release_probe(std::string_view candidate) {
  auto& home = shard_of(candidate);
  const std::lock_guard lock(home.mutex);
  const auto found = home.cells.find(candidate);
  if (found != home.cells.end() && found->second.probes > 0) --found->second.probes;
}

void health_board::count(cell& c, bool success, epoch_ms now) const {
  const auto number = now / minute_ms;
  auto& m = c.minutes[static_cast<std::size_t>(number % static_cast<std::int64_t>(c.minutes.size()))];
  if (m.number != number) m = {.number = number};
  ++(success ? m.successes : m.failures);
}

void health_board::record(std::string_view candidate, bool success) {
  auto& home = shard_of(candidate);
  const auto now = time_.epoch_now();
  const std::lock_guard lock(home.mutex);
  auto found = home.cells.find(candidate);
  if (found == home.cells.end()) {
    if (home.cells.size() >= max_cells_per_shard) return;
    found = home.cells.try_emplace(std::string(candidate)).first;
  }
  auto& c = found->second;
  count(c, success, now);
  if (success) {
    c.open = false;
    c.consecutive_failures = 0;
    c.cooldown = {};
    c.probes = 0;
    return;
  }
  if (c.open) {
    // A failed probe: stay away for twice as long. Failures of requests that had no better choice change nothing.
    if (now < c.half_open_at) return;
    c.cooldown = std::min(c.cooldown * 2, options_.max_cooldown);
    c.half_open_at = now + c.cooldown.count();
    c.probes = 0;
    return;
  }
  if (c.consecutive_failures == 0 || now - c.first_failure_at > options_.window.count()) {
    c.consecutive_failures = 0;
    c.first_failure_at = now;
  }
  if (++c.consecutive_failures < options_.failures) return;
  c.open = true;
  c.cooldown = options_.cooldown;
  c.half_open_at = now + c.cooldown.count();
}

std::vector<health_board::named_view> health_board::all() const {
  std::vector<named_view> seen;
  const auto now = time_.epoch_now();
  for (auto& s : shards_) {
    const std::lock_guard lock(s.mutex);
    for (const auto& [name, c] : s.cells) seen.push_back({name, view_of(c, now)});
  }
  return seen;
}

}  // namespace spidergate::engine
