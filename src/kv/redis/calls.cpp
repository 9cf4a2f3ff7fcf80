#include "calls.hpp"

#include <spidergate/core/digits.hpp>
#include <spidergate/core/put_text.hpp>

#include <boost/system/errc.hpp>

#include <algorithm>
#include <array>
#include <cassert>

namespace spidergate::kv::redis {

namespace {

/// By which a kind is known to the scripts, and its keys in the store.
struct kind_mark {
  std::int64_t number;
  std::string_view room;
};

kind_mark mark_of(window_kind kind) noexcept {
  switch (kind) {
    case window_kind::sliding:
      return {1, "s:"};
    case window_kind::fixed:
      return {2, "f:"};
    case window_kind::lease:
      return {3, "l:"};
    case window_kind::budget:
      break;
  }
  return {4, "m:"};
}

constexpr std::string_view picks_room = "p:";
constexpr std::string_view holders = ":x";  // behind a budget's key

template <class All, class ChargeOf>
std::size_t keys_of(const All& all, ChargeOf charge_of) {
  std::size_t keys = 1;
  for (const auto& one : all) keys += charge_of(one).kind == window_kind::budget ? 2U : 1U;
  return keys;
}

epoch_ms end_of(const charge& c) noexcept {
  return c.window_start + c.period_ms;
}

error_code malformed() {
  return boost::system::errc::make_error_code(boost::system::errc::bad_message);
}

}  // namespace

namespace {

constexpr std::size_t longest_head = 24;  // of a word: '$', its length, CRLF

char* put_head(char* at, std::size_t bytes) noexcept {
  *at++ = '$';
  return put_text(put_digits(at, bytes), "\r\n");
}

}  // namespace

char* word_list::grow(std::size_t bytes) {
  const auto before = bytes_.size();
  bytes_.resize(before + bytes, boost::container::default_init);
  return bytes_.data() + before;
}

void word_list::word(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const auto part : parts) size += part.size();
  char* at = put_head(grow(longest_head + size + 2), size);
  for (const auto part : parts) at = put_text(at, part);
  at = put_text(at, "\r\n");
  bytes_.resize(static_cast<std::size_t>(at - bytes_.data()), boost::container::default_init);
  ++count_;
}

void word_list::head(std::size_t bytes) {
  const char* const end = put_head(grow(longest_head), bytes);
  bytes_.resize(static_cast<std::size_t>(end - bytes_.data()), boost::container::default_init);
  ++count_;
}

void word_list::append(std::string_view bytes) {
  put_text(grow(bytes.size()), bytes);
}

void word_list::append(std::string_view words, std::size_t count) {
  append(words);
  count_ += count;
}

void word_list::numbers(std::initializer_list<std::int64_t> packed) {
  char* at = grow(packed.size() * packed_number_bytes);
  for (const auto one : packed) at = pack_number(at, one);
}

void word_list::clear() noexcept {
  bytes_.clear();
  count_ = 0;
}

void word_list::drop_last(std::size_t from) noexcept {
  bytes_.resize(from);
  --count_;
}

script_call::script_call(const script& what, std::size_t keys, std::size_t bytes) : what_(&what), words_(bytes) {
  std::array<char, 24> text{};
  const auto* end = put_digits(text.data(), keys);
  argument({text.data(), static_cast<std::size_t>(end - text.data())});
}

void script_call::numbers(std::size_t count) {
  words_.head(count * packed_number_bytes);
  numbers_due_ = count;
}

void script_call::these(std::initializer_list<std::int64_t> numbers) {
  words_.numbers(numbers);
  end_numbers(numbers.size());
}

void script_call::packed(std::string_view numbers) {
  words_.append(numbers);
  end_numbers(numbers.size() / packed_number_bytes);
}

void script_call::end_numbers(std::size_t count) {
  assert(numbers_due_ >= count);
  numbers_due_ -= count;
  if (numbers_due_ == 0) words_.append("\r\n");
}

void script_call::repetition_flag() {
  argument("0");
  has_flag_ = true;
}

void script_call::mark_repeated() noexcept {
  constexpr std::size_t from_end = 3;  // the digit and CRLF
  if (has_flag_) words_.data()[words_.size() - from_end] = '1';
}

void script_call::append_to(std::string& out, bool by_name) const {
  constexpr std::size_t words_of_name = 2;
  append_head(out, words_of_name + words_.count());
  if (by_name) {
    out += what_->named;
  } else {
    append_word(out, "EVAL");
    append_word(out, what_->text);
  }
  out += words_.bytes();
}

call_maker::call_maker(std::string_view prefix) : prefix_(prefix) {
  append_word(generation_, prefix_ + "generation");
}

script_call call_maker::begin(const script& what, std::size_t keys, std::size_t arguments_bytes) const {
  constexpr std::size_t about_a_key = 96;
  script_call made(what, keys, keys * about_a_key + arguments_bytes);
  made.words().append(generation_, 1);
  return made;
}

void call_maker::add_key(word_list& to, const charge& c, std::string_view after) const {
  const auto room = mark_of(c.kind).room;
  if (c.kind != window_kind::budget) {
    to.word({prefix_, room, c.key, after});
    return;
  }
  std::array<char, 24> text{'@'};
  const auto* end = put_number(text.data() + 1, c.window_start);
  to.word({prefix_, room, c.key, {text.data(), static_cast<std::size_t>(end - text.data())}, after});
}

void call_maker::add_keys(script_call& to, const charge& c) const {
  add_key(to.words(), c);
  if (c.kind == window_kind::budget) add_key(to.words(), c, holders);
}

namespace {

/// Numbers per charge, of admit, settle and hold alike.
constexpr std::size_t per_charge = 5;

std::size_t bytes_of(std::size_t numbers, std::string_view holder = {}) noexcept {
  return 3 * longest_head + numbers * packed_number_bytes + holder.size();
}

}  // namespace

script_call call_maker::admit(std::string_view holder, std::span<const charge> charges, epoch_ms now,
                              std::int64_t generation) const {
  const auto count = 4 + per_charge * charges.size();
  auto made = begin(admit_script(), keys_of(charges, [](const charge& c) -> const charge& { return c; }),
                    bytes_of(count, holder));
  std::int64_t least = 0;
  for (const auto& c : charges) {
    add_keys(made, c);
    if (c.kind == window_kind::budget) least = c.least;
  }
  made.argument(holder);
  made.numbers(count);
  made.these({now, generation, longest_hold_ms, least});
  for (const auto& c : charges) {
    made.these({mark_of(c.kind).number, c.period_ms, c.limit, c.amount, end_of(c)});
  }
  return made;
}

script_call call_maker::settle(const ended_request& one, std::int64_t generation) const {
  settlement_batch alone(*this);
  alone.add(one);
  return alone.take(generation);
}

void settlement_batch::add(const ended_request& one) {
  numbers_.numbers({one.now, one.charged_at, one.admitted_in, static_cast<std::int64_t>(one.of.size())});
  for (const auto& [c, really_used] : one.of) {
    const auto used = std::max<std::int64_t>(0, really_used);
    const auto place = static_cast<std::int64_t>(place_of(c));
    numbers_.numbers({mark_of(c.kind).number, c.period_ms, c.amount, used, end_of(c), place});
  }
  holders_.word({one.holder});
}

/// Where Lua finds the charge's key in KEYS.
std::size_t settlement_batch::place_of(const charge& c) {
  constexpr std::size_t first_place = 2;  // behind the generation, and Lua counts from 1
  const known_key made{keys_.size(), 0, first_place + keys_.count()};
  by_.add_key(keys_, c);
  const auto key = keys_.bytes().substr(made.begin);
  for (const auto& one : std::span(known_).first(known_count_)) {
    if (keys_.bytes().substr(one.begin, one.size) != key) continue;
    keys_.drop_last(made.begin);
    return one.place;
  }
  if (known_count_ < known_.size()) known_[known_count_++] = {made.begin, key.size(), made.place};
  if (c.kind == window_kind::budget) by_.add_key(keys_, c, holders);
  return made.place;
}

script_call settlement_batch::take(std::int64_t generation) {
  const auto bytes = keys_.size() + numbers_.size() + holders_.size() + bytes_of(1);
  auto made = by_.begin(settle_script(), 1 + keys_.count(), bytes);
  made.words().append(keys_.bytes(), keys_.count());
  made.numbers(1 + numbers_.size() / packed_number_bytes);
  made.number(generation);
  made.packed(numbers_.bytes());
  made.words().append(holders_.bytes(), holders_.count());
  made.repetition_flag();
  for (auto* list : {&keys_, &numbers_, &holders_}) list->clear();
  known_count_ = 0;
  return made;
}

script_call call_maker::seed(const charge& budget, std::int64_t spent, epoch_ms now, std::int64_t generation,
                             std::int64_t seeded_for) const {
  auto made = begin(seed_script(), 3, bytes_of(5));
  add_keys(made, budget);
  made.numbers(5);
  made.these({now, generation, seeded_for, spent, end_of(budget)});
  return made;
}

script_call call_maker::pick(std::span<const pick_option> options, epoch_ms now, std::int64_t generation) const {
  const auto count = 2 + 3 * options.size();
  auto made = begin(pick_script(), 1 + options.size(), bytes_of(count));
  for (const auto& one : options) made.key({prefix_, picks_room, one.key});
  made.numbers(count);
  made.number(now);
  made.number(generation);
  for (const auto& option : options) {
    made.these({option.rank, option.daily_limit, option.minute_limit});
  }
  return made;
}

script_call call_maker::count(std::span<const untold_picks> picks, std::int64_t generation) const {
  const auto numbers = 1 + 2 * picks.size();
  auto made = begin(count_script(), 1 + picks.size(), bytes_of(numbers));
  for (const auto& one : picks) made.key({prefix_, picks_room, one.key});
  made.numbers(numbers);
  made.number(generation);
  for (const auto& one : picks) {
    made.number(one.count);
    made.number(one.last_at);
  }
  return made;
}

script_call call_maker::restore(std::span<const std::string> keys, std::span<const pick_mirror> counts, epoch_ms now,
                                std::int64_t generation) const {
  const auto count = 2 + 2 * counts.size();
  auto made = begin(restore_script(), 1 + keys.size(), bytes_of(count));
  for (const auto& one : keys) made.key({prefix_, picks_room, one});
  made.numbers(count);
  made.number(now);
  made.number(generation);
  for (const auto& one : counts) {
    made.number(one.daily_count);
    made.number(one.last_picked_at);
  }
  return made;
}

script_call call_maker::hold(std::span<const held_by> holds, epoch_ms now, std::int64_t generation) const {
  const auto count = 2 + per_charge * holds.size();
  auto made = begin(hold_script(), keys_of(holds, [](const held_by& h) -> const running_hold& { return h.what; }),
                    bytes_of(count));
  for (const auto& one : holds) add_keys(made, one.what.as_charge());
  made.numbers(count);
  made.number(now);
  made.number(generation);
  for (const auto& [holder, what, expires_at, told_in] : holds) {
    const auto ends = end_of(what.as_charge());
    made.these({mark_of(what.kind).number, what.amount, expires_at, ends, told_in});
  }
  for (const auto& one : holds) made.argument(one.holder);
  return made;
}

script_call call_maker::beat(std::int64_t generation) const {
  auto made = begin(beat_script(), 1, bytes_of(1));
  made.numbers(1);
  made.number(generation);
  return made;
}

script_call call_maker::renew(std::int64_t generation, std::int64_t known, std::int64_t younger_than_ms) const {
  auto made = begin(renew_script(), 1, bytes_of(3));
  made.numbers(3);
  made.these({generation, known, younger_than_ms});
  return made;
}

result<std::int64_t> generation_in(const reply& answer) {
  const auto n = packed_numbers::in(answer);
  if (!n || n->size() == 0) return malformed();
  return (*n)[0];
}

result<verdict> verdict_in(const reply& answer, std::size_t charges) {
  constexpr std::size_t before_lists = 7;
  const auto packed = packed_numbers::in(answer);
  if (!packed || packed->size() < before_lists) return malformed();
  const auto& n = *packed;
  const auto unseeded = static_cast<std::size_t>(n[6]);
  if (unseeded > charges || n.size() != before_lists + unseeded + 2 * charges) return malformed();
  result<verdict> made;
  auto& said = *made;
  said.admitted = n[1] == 1;
  said.refused_by = static_cast<std::size_t>(n[2]);
  said.retry_after_ms = n[3];
  said.granted = n[4];
  said.seed_after_ms = n[5];
  for (std::size_t i = 0; i < unseeded; ++i) said.unseeded.push_back(static_cast<std::size_t>(n[before_lists + i]));
  for (auto i = before_lists + unseeded; i < n.size(); i += 2) said.levels.push_back({n[i], n[i + 1]});
  const auto beyond = [charges](std::size_t index) { return index >= charges; };
  const auto& named = said.unseeded;
  if (std::any_of(named.begin(), named.end(), beyond) || (!said.admitted && beyond(said.refused_by)))
    return malformed();
  return made;
}

result<picked> pick_in(const reply& answer, std::size_t options, std::span<pick_mirror> mirrors) {
  constexpr std::size_t before_list = 3;
  const auto packed = packed_numbers::in(answer);
  if (!packed || packed->size() != before_list + 2 * options) return malformed();
  const auto& n = *packed;
  if (n[1] >= static_cast<std::int64_t>(options)) return malformed();
  for (std::size_t i = 0; i < options && i < mirrors.size(); ++i) {
    mirrors[i] = {n[before_list + 2 * i], n[before_list + 2 * i + 1]};
  }
  if (n[1] < 0) return picked{};
  const auto index = static_cast<std::size_t>(n[1]);
  return picked{true, index, n[before_list + 2 * index], n[2]};
}

result<std::vector<counter_store::pick_counts>> counts_in(const reply& answer, std::size_t keys) {
  const auto packed = packed_numbers::in(answer);
  if (!packed || packed->size() != 1 + 3 * keys) return malformed();
  std::vector<counter_store::pick_counts> counts;
  for (std::size_t i = 1; i < packed->size(); i += 3) {
    counts.push_back({(*packed)[i], (*packed)[i + 1], (*packed)[i + 2]});
  }
  return counts;
}

}  // namespace spidergate::kv::redis
