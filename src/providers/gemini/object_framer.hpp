#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spidergate::providers::gemini {

/// Cuts a stream of JSON objects, in a list ("[{…},\n{…}]", as the API streams without alt=sse) or one behind the
/// other, into its objects. Memory is bounded by the largest object allowed. Owned by one stream; not thread-safe.
class object_framer {
 public:
  static constexpr std::size_t default_limit = 1024 * 1024;
  enum class step : std::uint8_t {
    object,    ///< there is one
    more,      ///< the bytes are used up
    oversize,  ///< it is larger than allowed
    nonsense,  ///< something between the objects that is no part of a list
  };
  explicit object_framer(std::size_t limit = default_limit) : limit_(limit) {}

  /// Gives the next bytes. REQUIRES: next() said `more` for the ones before.
  void feed(std::string_view bytes) noexcept { input_ = bytes; }
  /// `object` stands until the framer is asked again, and has readable bytes behind it.
  [[nodiscard]] step next(std::string_view& object);
  /// Whether the list was closed, or no object is begun.
  [[nodiscard]] bool complete() const noexcept { return depth_ == 0; }

 private:
  [[nodiscard]] bool scan(std::size_t& used);

  std::size_t limit_;
  std::string_view input_;
  std::string object_;
  std::size_t depth_ = 0;
  bool in_string_ = false, escaped_ = false, given_ = false;
};

}  // namespace spidergate::providers::gemini
