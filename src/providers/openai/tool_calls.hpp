#pragma once
#include <spidergate/json/splice.hpp>
#include <spidergate/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::providers::openai {

/// The tool calls of one choice of a stream, brought into the form that clients' accumulators count on (spec section
/// 10): the first delta of a call has a string id, a type and a function with a name; later ones do not repeat them;
/// each call has an index of its own; arguments are strings. Bytes that are in that form already are left alone. Keeps
/// numbers and hashes, not texts.
class tool_call_deltas {
 public:
  /// `seed` makes invented ids differ between answers and choices.
  explicit tool_call_deltas(std::uint64_t seed) : seed_(seed) {}

  /// Looks through a delta's `tool_calls` and notes what has to change. Gives the inside of the arguments' string where
  /// all that they say is that a call known before goes on with it, and nothing has to change.
  std::string_view normalise(json::value calls, json::splice& edits);

 private:
  struct call {
    std::int64_t provider_index;  ///< as the provider counts, or -1
    std::int64_t index;           ///< as the client sees it
    std::uint64_t id;             ///< a hash; 0 while unknown
    std::uint64_t name;           ///< a hash; 0 while unknown
  };
  struct delta;

  [[nodiscard]] call* find(const delta& d);
  call& begin(const delta& d);

  std::uint64_t seed_;
  std::vector<call> calls_;
};

/// The same for a whole answer's `message.tool_calls`, where nothing has an index.
void normalise_tool_calls(json::value calls, std::uint64_t seed, json::splice& edits);

/// For the legacy `function_call`, and for any `arguments` elsewhere: an object becomes the string that it should have
/// been.
void stringify(json::value v, json::splice& edits);

/// FNV-1a: the same on every machine, so that the same answer gets the same ids.
[[nodiscard]] std::uint64_t hash_of(std::string_view text, std::uint64_t seed = 14695981039346656037ull) noexcept;

}  // namespace spidergate::providers::openai
