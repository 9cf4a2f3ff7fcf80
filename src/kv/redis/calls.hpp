#pragma once
#include "codec.hpp"
#include "scripts.hpp"

#include <spidergate/kv/counter_store.hpp>

#include <boost/container/vector.hpp>

#include <array>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Our verbs as commands for Redis, and its answers as ours: pure.
namespace spidergate::kv::redis {

/// A dead process's leases and reservations end after that long.
inline constexpr std::int64_t longest_hold_ms = 30'000;

/// Words of a command, as they are sent.
class word_list {
 public:
  explicit word_list(std::size_t bytes = 0) { bytes_.reserve(bytes); }

  void word(std::initializer_list<std::string_view> parts);
  /// A word of `bytes`, which have to follow, and then CRLF.
  void head(std::size_t bytes);
  /// The rest of a word.
  void append(std::string_view bytes);
  /// Words that were made before.
  void append(std::string_view words, std::size_t count);
  void numbers(std::initializer_list<std::int64_t> packed);

  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] std::string_view bytes() const noexcept { return {bytes_.data(), bytes_.size()}; }
  [[nodiscard]] char* data() noexcept { return bytes_.data(); }
  void clear() noexcept;
  /// Takes the last word back, which begins at that byte.
  void drop_last(std::size_t from) noexcept;

 private:
  char* grow(std::size_t bytes);

  boost::container::vector<char> bytes_;
  std::size_t count_ = 0;
};

/// One run of a script, ready to be sent, also a second time.
class script_call {
 public:
  /// `bytes` is how long it will be about.
  script_call(const script& what, std::size_t keys, std::size_t bytes);

  /// All keys come before all arguments.
  void key(std::initializer_list<std::string_view> parts) { words_.word(parts); }
  void argument(std::string_view text) { words_.word({text}); }
  [[nodiscard]] word_list& words() noexcept { return words_; }
  /// An argument of `count` numbers, which have to follow.
  void numbers(std::size_t count);
  void number(std::int64_t number) { these({number}); }
  void these(std::initializer_list<std::int64_t> numbers);
  /// Some of them, packed already.
  void packed(std::string_view numbers);
  /// The last argument of a settlement; becomes 1 once the call may have arrived.
  void repetition_flag();
  void mark_repeated() noexcept;

  void append_to(std::string& out, bool by_name) const;

 private:
  void end_numbers(std::size_t count);

  const script* what_;
  word_list words_;              ///< from the number of keys on
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

/// A request that has ended, and what it really used.
struct ended_request {
  std::string_view holder;
  std::span<const settlement> of;
  epoch_ms charged_at = 0;
  epoch_ms now = 0;
  std::int64_t admitted_in = 0;  ///< the generation of that; 0: not known
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
  [[nodiscard]] script_call settle(const ended_request& one, std::int64_t generation) const;
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
  friend class settlement_batch;

  [[nodiscard]] script_call begin(const script& what, std::size_t keys, std::size_t arguments_bytes) const;
  void add_key(word_list& to, const charge& c, std::string_view after = {}) const;
  void add_keys(script_call& to, const charge& c) const;

  std::string prefix_;
  std::string generation_;  ///< the key of that, as it is sent
};

/// Settlements that go to Redis together. Whoever fills it sees to it that it does not become too large.
class settlement_batch {
 public:
  explicit settlement_batch(const call_maker& by) noexcept : by_(by) {}

  void add(const ended_request& one);
  [[nodiscard]] std::size_t size() const noexcept { return holders_.count(); }
  /// Their call; there are none then.
  [[nodiscard]] script_call take(std::int64_t generation);

 private:
  struct known_key {
    std::size_t begin = 0, size = 0, place = 0;
  };
  std::size_t place_of(const charge& c);

  const call_maker& by_;
  word_list keys_, numbers_, holders_;
  std::array<known_key, 8> known_{};  ///< so that what many requests share is mostly named once
  std::size_t known_count_ = 0;
};

/// Every answer begins with the generation. These fail with errc::bad_message when an answer has another form.
[[nodiscard]] result<std::int64_t> generation_in(const reply& answer);
[[nodiscard]] result<verdict> verdict_in(const reply& answer, std::size_t charges);
/// `mirrors` gets where each option stands.
[[nodiscard]] result<picked> pick_in(const reply& answer, std::size_t options, std::span<pick_mirror> mirrors);

/// Where each of `keys` counted keys stands.
[[nodiscard]] result<std::vector<counter_store::pick_counts>> counts_in(const reply& answer, std::size_t keys);

}  // namespace spidergate::kv::redis
