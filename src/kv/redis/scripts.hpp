#pragma once
#include <array>
#include <string>
#include <string_view>

/// The Lua programs that Redis runs: each is one atomic step. All have the generation's key first in KEYS, and answer
/// numbers that begin with the generation. Times are arguments, except the age of a generation: that is read from the
/// server's clock, so that all replicas agree on it.
///
/// Numbers, in arguments, answers and keys, are doubles of eight bytes, the lowest first, one behind the other. Charges
/// are of kind 1 sliding, 2 fixed, 3 lease, 4 budget.
///
/// | key | holds |
/// |---|---|
/// | `<prefix>generation` | generation, made at (server's ms) |
/// | sliding `s:` | first and last of the newest entry, its amount, sum of all entries, last of the oldest; then the |
/// | | older entries: last, amount; the oldest first |
/// | fixed `f:` | start, used |
/// | lease `l:` | sorted set of holders by expiry |
/// | budget `m:` | generation, 1 when known, spent, settled while unknown, when that was last, reserved by holds; |
/// | | unknown because a hold ran out: what was spent, and when (server's ms); |
/// | | when a hold may run out next, where the search for those is, until when the key is kept |
/// | holds `m:`, `:x` | hash of holder to amount, expiry; and `-` |
/// | pick `p:` | day's start, count, last pick; then a sliding minute |
namespace spidergate::kv::redis {

struct script {
  std::string_view name;  ///< for logs and tests
  std::string text;
  std::string sha1;   ///< in hex: how EVALSHA knows it
  std::string named;  ///< the words that run it by name: EVALSHA and `sha1`, as they are sent
};

/// KEYS: generation, then one per charge, two per budget. ARGV: holder; numbers: now, generation to make, longest hold
/// in ms, least; then per charge: kind, period, limit, amount, window's end. Answers: generation, admitted, refused_by,
/// retry_after, granted, seed_after, number of unseeded and their indices, then used and resets_at per charge.
[[nodiscard]] const script& admit_script();
/// Settles what requests held, one after the other. KEYS: generation, then those of charges, each once or more; the
/// holders of a budget behind it. ARGV: numbers: generation to make; then per request: now, charged_at, generation that
/// the holder was admitted in, how many charges, then per charge: kind, period, amount, used, window's end, place of
/// its key in KEYS; then the holders; last: the text "1" when this may be a repetition. Answers: generation.
[[nodiscard]] const script& settle_script();
/// KEYS: generation, budget, its holders. ARGV: numbers: now, generation to make, generation that it is for (0: any),
/// spent, window's end. Answers: generation.
[[nodiscard]] const script& seed_script();
/// KEYS: generation, then one per option. ARGV: numbers: now, generation to make; then per option: rank, daily and
/// minute limit. Answers: generation, index of the chosen or -1, its minute count, then daily count and last pick per
/// option.
[[nodiscard]] const script& pick_script();
/// Counts picks that were made without asking. KEYS: generation, then one per key. ARGV: numbers: generation to make;
/// then per key: how many, the last at. Answers: generation, then daily count, minute count and last pick per key.
[[nodiscard]] const script& count_script();
/// KEYS: generation, then one per key. ARGV: numbers: now, generation to make; then per key: daily count, last pick.
/// Raises both. Answers: generation.
[[nodiscard]] const script& restore_script();
/// Holds for running requests, anew or longer. KEYS: generation, then one per lease and two per budget. ARGV: numbers:
/// now, generation to make; then per hold: kind, amount, expiry, window's end, generation in which it was told before
/// or 0; last: the holders. Answers: generation.
[[nodiscard]] const script& hold_script();
/// KEYS: generation. ARGV: numbers: generation to make. Writes, so that a server that takes no writes does not look
/// well. Answers: generation, its age in ms.
[[nodiscard]] const script& beat_script();
/// KEYS: generation. ARGV: numbers: generation to make, the one known, ms. Makes a new one, unless somebody did so less
/// than that many ms ago. Answers: generation.
[[nodiscard]] const script& renew_script();

[[nodiscard]] std::array<const script*, 9> all_scripts();

}  // namespace spidergate::kv::redis
