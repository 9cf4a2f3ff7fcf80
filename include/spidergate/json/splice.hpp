#pragma once
#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::json {

/// Changes to a text, said by spans of it; every byte outside the spans stays as it is, uncopied where that is
/// possible. Spans are disjoint views into the text, in any order. Not thread-safe.
class splice {
 public:
  explicit splice(std::string_view text = {}) : text_(text) {}

  /// Begins anew with another text, keeping memory.
  void reset(std::string_view text);
  void replace(std::string_view span, std::string with);
  void erase(std::string_view span) { replace(span, {}); }
  /// Several insertions at one place stand in the order of the calls, and before a span that begins there.
  void insert(const char* place, std::string what) { replace({place, 0}, std::move(what)); }
  [[nodiscard]] bool empty() const noexcept { return changes_.empty(); }
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  /// How far from the changed text's beginning a byte stands that no change touches.
  [[nodiscard]] std::size_t place_of(const char* byte) const noexcept;

  /// Appends the changed text.
  void append_to(std::string& out) const;
  /// Appends the changed text as pieces: views of the text, and of new text that `owned` keeps. Leaves no changes.
  void move_to(std::vector<std::string_view>& pieces, std::vector<std::unique_ptr<std::string>>& owned);

 private:
  struct change {
    std::string_view span;
    std::string with;
  };
  std::string_view text_;
  boost::container::small_vector<change, 2> changes_;  ///< from left to right
};

/// What to erase so that members [first, last] (by their whole spans) leave an object together with the right commas.
/// `whole_of(i)` gives member i's span, `count` how many there are.
template <class WholeOf>
[[nodiscard]] std::string_view span_with_comma(std::size_t first, std::size_t last, std::size_t count,
                                               WholeOf whole_of) {
  const std::string_view tail = whole_of(last);
  const char* begin = whole_of(first).data();
  const char* end = tail.data() + tail.size();
  if (last + 1 < count) {
    end = whole_of(last + 1).data();
  } else if (first > 0) {
    const std::string_view before = whole_of(first - 1);
    begin = before.data() + before.size();
  }
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace spidergate::json
