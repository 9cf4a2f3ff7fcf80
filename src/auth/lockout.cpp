#include "lockout.hpp"

#include <algorithm>

namespace spidergate::auth {

namespace {

constexpr epoch_ms minute_ms = 60'000;

/// What failures are counted by. What is no address (a test's, a socket's) counts as one.
ip_address network_of(std::string_view address) {
  const auto parsed = ip_address::parse(address);
  if (!parsed) return {};
  return parsed->is_v4() ? *parsed : parsed->masked(64);
}

}  // namespace

lockout::lockout(std::int64_t failures_per_minute, std::chrono::milliseconds duration, std::size_t capacity)
    : allowed_(static_cast<std::size_t>(std::max<std::int64_t>(0, failures_per_minute))),
      duration_(duration),
      capacity_of_shard_(std::max<std::size_t>(1, capacity / shard_count)) {}

std::optional<std::chrono::milliseconds> lockout::note_failure(std::string_view address, epoch_ms now) {
  if (allowed_ == 0) return std::nullopt;
  const auto network = network_of(address);
  auto& home = shard_of(network);
  const std::lock_guard lock(home.mutex);
  auto& found = find_or_make(home, network);
  if (found.locked_until > now) return std::chrono::milliseconds(found.locked_until - now);

  auto& failures = found.failures;
  while (!failures.empty() && failures.front() + minute_ms <= now) failures.pop_front();
  failures.push_back(now);
  if (failures.size() >= allowed_) {
    failures.clear();
    found.locked_until = now + duration_.count();
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> lockout::locked_for(std::string_view address, epoch_ms now) {
  const auto network = network_of(address);
  auto& home = shard_of(network);
  const std::lock_guard lock(home.mutex);
  const auto found = home.by_network.find(network);
  if (found == home.by_network.end() || found->second->locked_until <= now) return std::nullopt;
  return std::chrono::milliseconds(found->second->locked_until - now);
}

std::size_t lockout::size() const {
  std::size_t count = 0;
  for (const auto& one : shards_) {
    const std::lock_guard lock(one.mutex);
    count += one.suspects.size();
  }
  return count;
}

lockout::suspect& lockout::find_or_make(shard& in, const ip_address& network) {
  if (const auto found = in.by_network.find(network); found != in.by_network.end()) {
    in.suspects.splice(in.suspects.begin(), in.suspects, found->second);
    return in.suspects.front();
  }
  if (in.suspects.size() >= capacity_of_shard_) {
    in.by_network.erase(in.suspects.back().network);
    in.suspects.pop_back();
  }
  in.suspects.emplace_front();
  in.suspects.front().network = network;
  in.by_network.emplace(network, in.suspects.begin());
  return in.suspects.front();
}

}  // namespace spidergate::auth
