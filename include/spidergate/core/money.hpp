#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spidergate {

/// An amount of US dollars as an integer count of nano-dollars (1 USD = 10^9). Sums are exact.
struct money {
  std::int64_t nano_usd = 0;

  /// Reads a plain decimal ("12", "0.25", "-1.5"); nothing when it is malformed, out of range or finer than a
  /// nano-dollar.
  [[nodiscard]] static std::optional<money> from_usd(std::string_view decimal);
  /// The shortest exact decimal, without exponent: "0", "0.00015", "-1.5".
  [[nodiscard]] std::string to_usd() const;

  friend auto operator<=>(money, money) = default;
  money& operator+=(money other) noexcept {
    nano_usd += other.nano_usd;
    return *this;
  }
  money& operator-=(money other) noexcept {
    nano_usd -= other.nano_usd;
    return *this;
  }
  friend money operator+(money a, money b) noexcept { return a += b; }
  friend money operator-(money a, money b) noexcept { return a -= b; }
};

/// A price of one unit (a token, a character, a second) in integer pico-dollars (1 USD = 10^12).
struct unit_price {
  std::int64_t pico_usd = 0;

  /// Reads dollars per unit ("0.000015"), else as from_usd_per_million().
  [[nodiscard]] static std::optional<unit_price> from_usd_per_unit(std::string_view decimal);
  /// Reads dollars per million units, as price lists give them ("0.15"); digits finer than a pico-dollar per unit are
  /// rounded half up. Nothing when malformed, negative or out of range.
  [[nodiscard]] static std::optional<unit_price> from_usd_per_million(std::string_view decimal);
  /// Dollars per unit as the shortest exact decimal ("0.00000015"), the form of OpenRouter's `pricing`.
  [[nodiscard]] std::string to_usd_per_unit() const;
  /// Dollars per million units as the shortest exact decimal ("0.15").
  [[nodiscard]] std::string to_usd_per_million() const;

  friend auto operator<=>(unit_price, unit_price) = default;
};

/// A price of one pixel in integer atto-dollars (1 USD = 10^18): a picture has a million of them, so that a rounded
/// pico-dollar would show in its price.
struct pixel_price {
  std::int64_t atto_usd = 0;

  /// Reads dollars per pixel; digits finer than an atto-dollar are rounded half up. Nothing when malformed, negative or
  /// 9 dollars and more.
  [[nodiscard]] static std::optional<pixel_price> from_usd(std::string_view decimal);
  [[nodiscard]] std::string to_usd() const;

  friend auto operator<=>(pixel_price, pixel_price) = default;
};

/// Adds up `units x price` exactly and rounds once, at the end, half up to a nano-dollar: so a cost does not depend on
/// the order or the grouping of its parts.
class cost_sum {
 public:
  void add(std::int64_t units, unit_price price) noexcept;
  void add(money amount) noexcept;
  void add_pixels(std::int64_t pixels, pixel_price price) noexcept;
  /// Milliseconds at a price of one second.
  void add_milliseconds(std::int64_t ms, unit_price of_a_second) noexcept;
  /// Saturates at the largest money.
  [[nodiscard]] money total() const noexcept;

 private:
  __extension__ typedef __int128 wide;
  /// `amount` pico-dollars divided by `parts`, at most a million and a divisor of it.
  void add_parts(wide amount, std::int64_t parts) noexcept;
  wide pico_usd_ = 0;
  std::int64_t atto_usd_ = 0;  ///< beside them: below a pico-dollar, never negative
};

}  // namespace spidergate
