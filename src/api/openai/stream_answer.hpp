#pragma once
#include "answer_extras.hpp"

#include <spidergate/engine/engine.hpp>

namespace spidergate::api {

/// The client's end of a streamed answer: SSE over chunked HTTP (spec 10), or sound.
class stream_answer final : public engine::response_sink {
 public:
  /// Both outlive it; the context's rate limits are read when the head is written.
  stream_answer(request_scope& r, const flow::request_context& context) : r_(r), context_(context) {}

  void open(const opening& head) override;
  awaitable<result<void>> write(std::string_view frames) override { return r_.x.write(frames); }

  [[nodiscard]] bool opened() const noexcept { return opened_; }
  /// Whether frames may be added. REQUIRES: opened().
  [[nodiscard]] bool sends_events() const noexcept { return events_; }

 private:
  request_scope& r_;
  const flow::request_context& context_;
  bool opened_ = false;
  bool events_ = true;
};

}  // namespace spidergate::api
