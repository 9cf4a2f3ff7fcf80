#include "running_requests.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace spidergate::kv::redis {

namespace {

std::size_t mixed(std::size_t seed, std::size_t more) noexcept {
  return seed ^ (more + 0x9e3779b97f4a7c15ULL + (seed << 6U) + (seed >> 2U));
}

bool is_of(const running_hold& held, const charge& c) noexcept {
  return held.kind == c.kind && held.window_start == c.window_start && held.key == c.key;
}

}  // namespace

void running_requests::add(std::string_view holder, request what) {
  const auto hash = text_hash{}(holder);
  auto& home = shard_of(hash);
  const std::lock_guard lock(home.mutex);
  home.requests.insert_or_assign(hashed<std::string>{std::string(holder), hash}, std::move(what));
}

running_requests::finished running_requests::finish(std::string_view holder, std::span<const settlement> of) {
  const auto hash = text_hash{}(holder);
  auto& home = shard_of(hash);
  const std::lock_guard lock(home.mutex);
  const auto found = home.requests.find(hashed<std::string_view>{holder, hash});
  finished said;
  if (found != home.requests.end()) {
    said = {true, found->second.in_redis, found->second.in_local, found->second.generation};
  }
  for (std::size_t i = 0; i < of.size(); ++i) {
    const auto& c = of[i].of;
    const auto ended =
        said.known ? std::erase_if(found->second.holds, [&](const running_hold& h) { return is_of(h, c); }) : 0;
    if (c.kind == window_kind::budget && !remember(home, hash, c, ended != 0)) {
      said.settled_before |= std::uint64_t{1} << (i % 64);
    }
  }
  if (said.known && found->second.holds.empty()) home.requests.erase(found);
  return said;
}

/// False when it was settled before.
bool running_requests::remember(shard& in, std::size_t holder, const charge& budget, bool was_held) {
  const auto id = mixed(mixed(holder, text_hash{}(budget.key)), std::hash<epoch_ms>{}(budget.window_start));
  if (!was_held && std::find(in.settled.begin(), in.settled.end(), id) != in.settled.end()) return false;
  if (in.settled.size() < most_remembered) {
    in.settled.push_back(id);
  } else {
    in.settled[in.next_settled] = id;
    in.next_settled = (in.next_settled + 1) % most_remembered;
  }
  return true;
}

bool running_requests::registered(std::string_view holder, std::int64_t generation) {
  const auto hash = text_hash{}(holder);
  auto& home = shard_of(hash);
  const std::lock_guard lock(home.mutex);
  const auto found = home.requests.find(hashed<std::string_view>{holder, hash});
  if (found == home.requests.end()) return false;
  found->second.in_redis = true;
  found->second.generation = generation;
  return true;
}

std::size_t running_requests::size() const {
  std::size_t sum = 0;
  for (const auto& one : shards_) {
    const std::lock_guard lock(one.mutex);
    sum += one.requests.size();
  }
  return sum;
}

}  // namespace spidergate::kv::redis
