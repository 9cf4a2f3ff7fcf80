#pragma once
#include <array>
#include <string>
#include <string_view>

/// The Lua programs that Redis runs: each is one atomic step. All have the generation's key first in KEYS, and answer a
/// list of integers that begins with the generation. Times are arguments, except the age of a generation: that is read
/// from the server's clock, so that all replicas agree on it.
///
/// | key | holds |
/// |---|---|
/// | `<prefix>gen` | "<generation>:<made at, server's ms>" |
/// | sliding | packed {first of the newest entry, last 1, amount 1, last 2, ...}, oldest first |
/// | fixed | packed {start, used} |
/// | lease | sorted set of holders by expiry |
/// | budget | hash: g generation, s spent, p settled while unseeded, pt when last, r reserved, h:<holder> its hold |
/// | | unseeded because a hold ran out: u when that was (server's ms), f what s was |
/// | budget`:x` | sorted set of the budget's holders by expiry |
/// | pick | hash: d day's start, c count, l last pick; and a sliding window under `:m` |
namespace spidergate::kv::redis {

struct script {
  std::string_view name;  ///< for logs and tests
  std::string text;
  std::string sha1;  ///< in hex: how EVALSHA knows it
};

/// KEYS: generation, then one per charge, two per budget. ARGV: now, holder, generation to make, longest hold in ms,
/// least; then per charge: kind, period, limit, amount, window's end.
/// Answers: generation, admitted, refused_by, retry_after, granted, seed_after, number of unseeded and their indices,
/// then used and resets_at per charge.
[[nodiscard]] const script& admit_script();
/// KEYS as for admit. ARGV: now, charged_at, holder, generation to make, generation that the holder was admitted in;
/// then per charge: kind, period, amount, used, window's end; last: 1 when this may be a repetition. Answers:
/// generation.
[[nodiscard]] const script& settle_script();
/// KEYS: generation, budget, its holders. ARGV: now, generation to make, generation that it is for (0: any), spent,
/// window's end. Answers: generation.
[[nodiscard]] const script& seed_script();
/// KEYS: generation, then two per option. ARGV: now, generation to make; then per option: rank, daily and minute limit.
/// Answers: generation, index of the chosen or -1, its minute count, then daily count and last pick per option.
[[nodiscard]] const script& pick_script();
/// KEYS: generation, then one per key. ARGV: now, generation to make; then per key: daily count, last pick. Raises
/// both. Answers: generation.
[[nodiscard]] const script& restore_script();
/// Holds for running requests, anew or longer. KEYS: generation, then one per lease and two per budget. ARGV: now,
/// generation to make; then per hold: kind, holder, amount, expiry, window's end, generation in which it was told
/// before or 0. Answers: generation.
[[nodiscard]] const script& hold_script();
/// KEYS: generation. ARGV: generation to make. Writes, so that a server that takes no writes does not look well.
/// Answers: generation, its age in ms.
[[nodiscard]] const script& beat_script();
/// KEYS: generation. ARGV: generation to make, the one known, ms. Makes a new one, unless somebody did so less than
/// that many ms ago. Answers: generation.
[[nodiscard]] const script& renew_script();

[[nodiscard]] std::array<const script*, 8> all_scripts();

}  // namespace spidergate::kv::redis
