#pragma once
#include "codec.hpp"
#include "scripts.hpp"

#include <spidergate/kv/counter_store.hpp>

#include <boost/container/vector.hpp>

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Our verbs as commands for Redis, and its answers as ours: pure.
namespace spidergate::kv::redis {

/// A dead process's leases and reservations end after that long.
inline constexpr std::int64_t longest_hold_ms = 30'000;

/// One run of a script, ready to be sent, also a second time.
class script_call {
 public:
  /// `bytes` is how long it will be about.
  script_call(const script& what, std::size_t keys, std::size_t bytes);

  /// All keys come before all arguments.
  void key(std::initializer_list<std::string_view> parts) { word(parts); }
  void argument(std::string_view text) { word({text}); }
  /// An argument of `count` numbers, which have to follow.
  void numbers(std::size_t count);
  void number(std::int64_t number);
  /// The last argument of a settlement; becomes 1 once the call may have arrived.
  void repetition_flag();
  void mark_repeated() noexcept;

  void append_to(std::string& out, bool by_name) const;

 private:
  char* grow(std::size_t bytes);
  void word(std::initializer_list<std::string_view> parts);

  const script* what_;
  boost::container::vector<char> words_;  ///< from the number of keys on
  std::size_t count_;
  std::size_t numbers_due_ = 0;  ///< until the argument of numbers ends
  bool has_flag_ = false;
};

/// What a running request holds of one counter.
struct running_hold {
  std::string key;
  window_kind kind = window_kind::lease;
  std::int64_t period_ms = 0;
  epoch_ms window_start = 0;
  std::int64_t amount = 0;

  [[nodiscard]] charge as_charge() const noexcept { return {key, kind, period_ms, 1, amount, window_start, 0}; }
};

/// A hold to be told anew.
struct held_by {
  std::string holder;
  running_hold what;
  epoch_ms expires_at = 0;
  std::int64_t generation = 0;  ///< in which Redis knew of it; 0: not at all
};

/// Picks of a key that were made without asking.
struct untold_picks {
  std::string key;
  std::int64_t count = 0;
  epoch_ms last_at = 0;
};

struct pick_mirror {
  std::int64_t daily_count = 0;
  epoch_ms last_picked_at = 0;
};

/// Makes calls for one key prefix. `generation` is the one that Redis takes when it has none.
class call_maker {
 public:
  explicit call_maker(std::string_view prefix);

  [[nodiscard]] script_call admit(std::string_view holder, std::span<const charge> charges, epoch_ms now,
                                  std::int64_t generation) const;
  [[nodiscard]] script_call settle(std::string_view holder, std::span<const settlement> of, epoch_ms charged_at,
                                   epoch_ms now, std::int64_t generation, std::int64_t admitted_in) const;
  [[nodiscard]] script_call seed(const charge& budget, std::int64_t spent, epoch_ms now, std::int64_t generation,
                                 std::int64_t seeded_for) const;
  [[nodiscard]] script_call pick(std::span<const pick_option> options, epoch_ms now, std::int64_t generation) const;
  [[nodiscard]] script_call count(std::span<const untold_picks> picks, std::int64_t generation) const;
  [[nodiscard]] script_call restore(std::span<const std::string> keys, std::span<const pick_mirror> counts,
                                    epoch_ms now, std::int64_t generation) const;
  [[nodiscard]] script_call hold(std::span<const held_by> holds, epoch_ms now, std::int64_t generation) const;
  [[nodiscard]] script_call beat(std::int64_t generation) const;
  [[nodiscard]] script_call renew(std::int64_t generation, std::int64_t known, std::int64_t younger_than_ms) const;

 private:
  [[nodiscard]] script_call begin(const script& what, std::size_t keys, std::size_t arguments_bytes) const;
  void add_keys(script_call& to, const charge& c) const;

  std::string prefix_;
  std::string generation_;
};

/// Every answer begins with the generation. These fail with errc::bad_message when an answer has another form.
[[nodiscard]] result<std::int64_t> generation_in(const reply& answer);
[[nodiscard]] result<verdict> verdict_in(const reply& answer, std::size_t charges);
/// `mirrors` gets where each option stands.
[[nodiscard]] result<picked> pick_in(const reply& answer, std::size_t options, std::span<pick_mirror> mirrors);

/// Where each of `keys` counted keys stands.
[[nodiscard]] result<std::vector<counter_store::pick_counts>> counts_in(const reply& answer, std::size_t keys);

}  // namespace spidergate::kv::redis
