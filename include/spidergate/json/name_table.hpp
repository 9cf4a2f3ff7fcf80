#pragma once
#include <spidergate/json/value.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spidergate::json {

/// Tells which of a few members' names, fixed at compile time, a text is, by one look into a table, however many there
/// are. Members are so met in one walk over an object, where asking for each by its name walks once per name. For two
/// or three short names, comparing with each is as good. Immutable.
template <std::size_t N>
class name_table {
 public:
  /// What place() says of other names.
  static constexpr std::size_t none = N;

  /// Does not compile when a name is empty or stands there twice.
  consteval explicit name_table(const std::array<std::string_view, N>& names) : names_(names) {
    for (std::size_t i = 0; i < N; ++i) ends_[i] = ends_of(names[i]);
    for (int tries = 0; !spread(); ++tries, multiplier_ += 2) {
      if (tries == most_tries) throw "the names cannot be told apart";
    }
  }

  /// The name's place among the table's names, or `none`.
  [[nodiscard]] constexpr std::size_t place(std::string_view name) const noexcept {
    const auto ends = ends_of(name);
    const std::size_t at = slots_[slot_of(ends)];
    return ends_[at] == ends && (ends.size <= both_ends || names_[at] == name) ? at : none;
  }
  /// The place of a name that is in the table, for `switch`: another one does not compile.
  [[nodiscard]] consteval std::size_t operator[](std::string_view name) const {
    const auto at = place(name);
    if (at == none) throw "the table has no such name";
    return at;
  }
  [[nodiscard]] constexpr std::string_view name(std::size_t place) const noexcept { return names_[place]; }
  [[nodiscard]] static constexpr std::size_t size() noexcept { return N; }

 private:
  static constexpr int most_tries = 1'000;
  static constexpr unsigned slot_bits = std::bit_width(4 * N);  // so many that most multipliers do
  static_assert(N > 0 && N < 255);

  /// A name's first and last letters, which may overlap: with the size they are all of it, unless it is long.
  struct ends {
    std::uint64_t head = 0, tail = 0;
    std::size_t size = 0;
    friend constexpr bool operator==(const ends&, const ends&) = default;
  };
  static constexpr std::size_t both_ends = 16;

  /// Bytes as a number; which of them counts most is the machine's business.
  template <class Word>
  [[nodiscard]] static constexpr Word load(const char* from) noexcept {
    std::array<char, sizeof(Word)> bytes{};
    std::copy_n(from, sizeof(Word), bytes.begin());
    return std::bit_cast<Word>(bytes);
  }

  [[nodiscard]] static constexpr ends ends_of(std::string_view name) noexcept {
    const char* at = name.data();
    const std::size_t size = name.size();
    if (size >= 8) return {load<std::uint64_t>(at), load<std::uint64_t>(at + size - 8), size};
    if (size >= 4) return {load<std::uint32_t>(at), load<std::uint32_t>(at + size - 4), size};
    if (size >= 2) return {load<std::uint16_t>(at), load<std::uint16_t>(at + size - 2), size};
    return {size == 1 ? load<std::uint8_t>(at) : 0u, 0, size};
  }

  [[nodiscard]] constexpr std::size_t slot_of(const ends& of) const noexcept {
    return ((of.head ^ std::rotl(of.tail, 29)) + of.size) * multiplier_ >> (64U - slot_bits);
  }

  /// Gives each name a slot of its own. False when two would share one.
  consteval bool spread() {
    slots_.fill(N);
    for (std::size_t i = 0; i < N; ++i) {
      auto& slot = slots_[slot_of(ends_[i])];
      if (slot != N) return false;
      slot = static_cast<std::uint8_t>(i);
    }
    return ends_[N].size == 0 && std::none_of(names_.begin(), names_.end(), [](auto n) { return n.empty(); });
  }

  std::array<std::string_view, N> names_;
  std::array<ends, N + 1> ends_;  ///< the last is no name's
  std::uint64_t multiplier_ = 0x9E3779B97F4A7C15;
  std::array<std::uint8_t, std::size_t{1} << slot_bits> slots_{};
};

template <std::size_t N>
name_table(const std::array<std::string_view, N>&) -> name_table<N>;

/// The members of an object that have one of the table's names, found in one walk: of each name the last, as with
/// value::find. None of what is no object. Valid as long as the object.
template <const auto& Names>
class picked {
 public:
  explicit picked(value object) noexcept {
    for (const auto& m : object.members()) {
      if (const auto at = Names.place(m.name); at != Names.none) found_[at] = m.value;
    }
  }

  /// One of the table's names; another one does not compile.
  struct name {
    consteval name(const char* text) : place(Names[text]) {}
    std::size_t place;
  };
  [[nodiscard]] value operator[](name wanted) const noexcept { return found_[wanted.place]; }
  /// By its place in the table.
  [[nodiscard]] value at(std::size_t place) const noexcept { return found_[place]; }

 private:
  std::array<value, Names.size()> found_;
};

}  // namespace spidergate::json
