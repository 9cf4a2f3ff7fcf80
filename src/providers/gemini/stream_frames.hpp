#pragma once
#include "object_framer.hpp"

#include <spidergate/json/value.hpp>
#include <spidergate/providers/sse_framer.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace spidergate::providers::gemini {

/// Cuts streamGenerateContent's bytes into answers: server-sent events, which are what is asked for, or a list of the
/// same objects, which comes where a proxy has lost alt=sse. Owned by one stream; not thread-safe.
class stream_frames {
 public:
  enum class step : std::uint8_t {
    answer,  ///< there is one: root() is its JSON
    done,    ///< "[DONE]", which services that speak like Google's send
    more,    ///< the bytes are used up
    failed,  ///< the bytes are no such stream: failure() says why
  };
  /// Gives the next bytes. REQUIRES: next() said `more` for the ones before.
  void feed(std::string_view bytes);
  [[nodiscard]] step next();
  /// The bytes have ended: an answer that only lacked its blank line, or `more`. Half an answer is no fault.
  [[nodiscard]] step finish();
  /// Stands until next() is asked again.
  [[nodiscard]] json::value root() const noexcept;
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

 private:
  enum class form : std::uint8_t { unknown, events, objects };
  [[nodiscard]] step read(std::string_view text);
  [[nodiscard]] step fail(std::string message);

  form form_ = form::unknown;
  sse_framer events_;
  object_framer objects_;
  std::string failure_;
};

}  // namespace spidergate::providers::gemini
