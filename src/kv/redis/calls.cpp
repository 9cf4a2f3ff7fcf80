#include "calls.hpp"

#include <boost/system/errc.hpp>

#include <algorithm>

namespace spidergate::kv::redis {

namespace {

/// Lua counts in doubles, which are exact up to here: about nine million dollars in nano-dollars.
constexpr std::int64_t most_exact = std::int64_t{1} << 53;

std::int64_t exact(std::int64_t number) noexcept {
  return std::clamp(number, -most_exact, most_exact);
}

std::string_view letter_of(window_kind kind) noexcept {
  switch (kind) {
    case window_kind::sliding:
      return "s";
    case window_kind::fixed:
      return "f";
    case window_kind::lease:
      return "l";
    case window_kind::budget:
      break;
  }
  return "b";
}

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

script_call::script_call(const script& what, std::size_t keys) : what_(&what), count_(3) {
  append_word(words_, static_cast<std::int64_t>(keys));
}

void script_call::key(std::string_view prefix, std::string_view room, std::string_view name, std::string_view suffix) {
  append_word_of(words_, {prefix, room, name, suffix});
  ++count_;
}

void script_call::argument(std::string_view text) {
  append_word(words_, text);
  ++count_;
}

void script_call::argument(std::int64_t number) {
  append_word(words_, number);
  ++count_;
}

void script_call::repetition_flag() {
  argument("0");
  has_flag_ = true;
}

void script_call::mark_repeated() noexcept {
  constexpr std::size_t from_end = 3;  // the digit and CRLF
  if (has_flag_) words_[words_.size() - from_end] = '1';
}

void script_call::append_to(std::string& out, bool by_name) const {
  append_head(out, count_);
  append_word(out, by_name ? "EVALSHA" : "EVAL");
  append_word(out, by_name ? what_->sha1 : what_->text);
  out += words_;
}

void call_maker::add_keys(script_call& to, const charge& c) const {
  if (c.kind != window_kind::budget) {
    to.key(prefix_, "c:", c.key);
    return;
  }
  const auto window = "@" + std::to_string(c.window_start);
  to.key(prefix_, "b:", c.key, window);
  to.key(prefix_, "b:", c.key, window + ":x");
}

script_call call_maker::admit(std::string_view holder, std::span<const charge> charges, epoch_ms now,
                              std::int64_t generation) const {
  script_call made(admit_script(), keys_of(charges, [](const charge& c) { return c; }));
  made.key(prefix_, "gen", {});
  std::int64_t least = 0;
  for (const auto& c : charges) {
    add_keys(made, c);
    if (c.kind == window_kind::budget) least = c.least;
  }
  made.argument(now);
  made.argument(holder);
  made.argument(generation);
  made.argument(longest_hold_ms);
  made.argument(exact(least));
  for (const auto& c : charges) {
    made.argument(letter_of(c.kind));
    made.argument(c.period_ms);
    made.argument(exact(c.limit));
    made.argument(exact(c.amount));
    made.argument(end_of(c));
  }
  return made;
}

script_call call_maker::settle(std::string_view holder, std::span<const settlement> of, epoch_ms charged_at,
                               epoch_ms now, std::int64_t generation, std::int64_t admitted_in) const {
  script_call made(settle_script(), keys_of(of, [](const settlement& s) { return s.of; }));
  made.key(prefix_, "gen", {});
  for (const auto& one : of) add_keys(made, one.of);
  made.argument(now);
  made.argument(charged_at);
  made.argument(holder);
  made.argument(generation);
  made.argument(admitted_in);
  for (const auto& one : of) {
    made.argument(letter_of(one.of.kind));
    made.argument(one.of.period_ms);
    made.argument(exact(one.of.amount));
    made.argument(exact(std::max<std::int64_t>(0, one.used)));
    made.argument(end_of(one.of));
  }
  made.repetition_flag();
  return made;
}

script_call call_maker::seed(const charge& budget, std::int64_t spent, epoch_ms now, std::int64_t generation,
                             std::int64_t seeded_for) const {
  script_call made(seed_script(), 3);
  made.key(prefix_, "gen", {});
  add_keys(made, budget);
  made.argument(now);
  made.argument(generation);
  made.argument(seeded_for);
  made.argument(exact(spent));
  made.argument(end_of(budget));
  return made;
}

script_call call_maker::pick(std::span<const pick_option> options, epoch_ms now, std::int64_t generation) const {
  script_call made(pick_script(), 1 + 2 * options.size());
  made.key(prefix_, "gen", {});
  for (const auto& one : options) {
    made.key(prefix_, "k:", one.key);
    made.key(prefix_, "k:", one.key, ":m");
  }
  made.argument(now);
  made.argument(generation);
  for (const auto& one : options) {
    made.argument(exact(one.rank));
    made.argument(exact(one.daily_limit));
    made.argument(exact(one.minute_limit));
  }
  return made;
}

script_call call_maker::restore(std::span<const std::string> keys, std::span<const pick_mirror> counts, epoch_ms now,
                                std::int64_t generation) const {
  script_call made(restore_script(), 1 + keys.size());
  made.key(prefix_, "gen", {});
  for (const auto& one : keys) made.key(prefix_, "k:", one);
  made.argument(now);
  made.argument(generation);
  for (const auto& one : counts) {
    made.argument(one.daily_count);
    made.argument(one.last_picked_at);
  }
  return made;
}

script_call call_maker::hold(std::span<const held_by> holds, epoch_ms now, std::int64_t generation) const {
  script_call made(hold_script(), keys_of(holds, [](const held_by& h) { return h.what; }));
  made.key(prefix_, "gen", {});
  for (const auto& one : holds) add_keys(made, one.what.as_charge());
  made.argument(now);
  made.argument(generation);
  for (const auto& one : holds) {
    made.argument(letter_of(one.what.kind));
    made.argument(one.holder);
    made.argument(exact(one.what.amount));
    made.argument(one.expires_at);
    made.argument(end_of(one.what.as_charge()));
    made.argument(one.generation);
  }
  return made;
}

script_call call_maker::beat(std::int64_t generation) const {
  script_call made(beat_script(), 1);
  made.key(prefix_, "gen", {});
  made.argument(generation);
  return made;
}

script_call call_maker::renew(std::int64_t generation, std::int64_t known, std::int64_t younger_than_ms) const {
  script_call made(renew_script(), 1);
  made.key(prefix_, "gen", {});
  made.argument(generation);
  made.argument(known);
  made.argument(younger_than_ms);
  return made;
}

result<std::int64_t> generation_in(const reply& answer) {
  if (answer.what != reply::kind::list || answer.numbers.empty()) return malformed();
  return answer.numbers.front();
}

result<verdict> verdict_in(const reply& answer, std::size_t charges) {
  constexpr std::size_t before_lists = 7;
  const auto& n = answer.numbers;
  if (answer.what != reply::kind::list || n.size() < before_lists) return malformed();
  const auto unseeded = static_cast<std::size_t>(n[6]);
  if (unseeded > charges || n.size() != before_lists + unseeded + 2 * charges) return malformed();
  verdict said;
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
  return said;
}

result<picked> pick_in(const reply& answer, std::size_t options, std::span<pick_mirror> mirrors) {
  constexpr std::size_t before_list = 3;
  const auto& n = answer.numbers;
  if (answer.what != reply::kind::list || n.size() != before_list + 2 * options) return malformed();
  if (n[1] >= static_cast<std::int64_t>(options)) return malformed();
  for (std::size_t i = 0; i < options && i < mirrors.size(); ++i) {
    mirrors[i] = {n[before_list + 2 * i], n[before_list + 2 * i + 1]};
  }
  if (n[1] < 0) return picked{};
  const auto index = static_cast<std::size_t>(n[1]);
  return picked{true, index, n[before_list + 2 * index], n[2]};
}

}  // namespace spidergate::kv::redis
