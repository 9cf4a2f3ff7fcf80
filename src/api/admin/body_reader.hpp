#pragma once
#include <spidergate/core/money.hpp>
#include <spidergate/core/time.hpp>
#include <spidergate/json/reader.hpp>
#include <spidergate/json/value.hpp>
#include <spidergate/model/api_error.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::api {

/// Reads a management body, one JSON object, member by member. Absent members leave their target unset, so the same
/// reading serves a create and a merge patch; there, null means "back to none". The first fault stays and names its
/// member; a member that nobody asked for is a fault too, since a misspelt limit must not be silently none.
class body_reader {
 public:
  /// An empty body counts as {}.
  explicit body_reader(std::string_view body);

  /// One line of 1 to `longest` bytes without blanks around it.
  body_reader& line(std::string_view name, std::optional<std::string>& into, std::size_t longest = 100);
  /// Any text.
  body_reader& text(std::string_view name, std::optional<std::string>& into);
  /// One of these words.
  body_reader& word(std::string_view name, std::optional<std::string>& into,
                    const std::vector<std::string_view>& allowed);
  body_reader& flag(std::string_view name, std::optional<bool>& into);
  /// A whole number from `least`; null is 0.
  body_reader& whole(std::string_view name, std::optional<std::int64_t>& into, std::int64_t least = 0);
  /// US dollars, 0 or more, as a decimal text or number, exact to a nano-dollar; null is none.
  body_reader& usd(std::string_view name, std::optional<money>& into);
  /// A list of at most `most` texts without blanks in them; null is an empty one.
  body_reader& names(std::string_view name, std::optional<std::vector<std::string>>& into, std::size_t most = 200);
  /// ISO 8601 in UTC or with an offset, or seconds since 1970 (milliseconds where the number is too large for seconds);
  /// null is 0, for never.
  body_reader& moment(std::string_view name, std::optional<epoch_ms>& into);
  /// "24h", "90d", or seconds.
  body_reader& duration(std::string_view name, std::optional<std::chrono::milliseconds>& into);
  /// The member as it is, for those that are read in another way; not there when absent. Valid while this object lives.
  [[nodiscard]] json::value take(std::string_view name);
  /// All of the object, without looking for unknown members.
  [[nodiscard]] json::value whole_body() const noexcept { return root_; }

  /// Adds a fault found by the caller; only the first one stays.
  void refuse(model::api_error fault);
  void refuse(std::string_view name, std::string_view allowed);
  /// The first fault; `what` is said of unknown members: "There is no field 'x' in a client."
  [[nodiscard]] std::optional<model::api_error> finish(std::string_view what);

 private:
  void find_duplicates();

  std::string text_;  ///< with the spare bytes that the reader wants behind it
  json::reader reader_;
  json::value root_;
  std::vector<std::string_view> asked_;
  std::optional<model::api_error> fault_;
};

/// "2026-11-21T02:39:00Z", "2026-11-21T02:39:00.123+01:00", "2026-11-21" (its first moment, UTC); nothing when
/// malformed or before 1970.
[[nodiscard]] std::optional<epoch_ms> parse_iso8601(std::string_view text) noexcept;

/// RFC 7396: `base` (an object's text, or empty) with the members of `patch` put over it; null takes a member away.
[[nodiscard]] std::string merge_patch(std::string_view base, json::value patch);

}  // namespace spidergate::api
