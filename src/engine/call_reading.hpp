#pragma once
#include "attempt.hpp"
#include "stream_relay.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

/// What one call's answer is read with, before it is known what becomes of it.
namespace spidergate::engine {

/// What a connection's failure means now: a stop wins over whatever it caused. `clock` names the clock behind a
/// read_timeout.
[[nodiscard]] owned_failure transport_failure(const attempt_setting& in, error_code code, std::string_view clock);

/// What a call's answer wants to be asked next; null when the outcome says all there is to say.
using next_question = std::unique_ptr<providers::follow_up>;

/// Reads the rest of a body behind what `bytes` holds already, up to `limit` (message_size beyond it); readable bytes
/// follow it then, as decoders want them.
awaitable<result<void>> read_whole(attempt_setting& in, upstream::call& call, std::string& bytes, std::size_t limit);

/// A non-2xx answer whose body stands in outcome.bytes, if it could be read.
void take_refusal(const attempt_setting& in, const conversation& with, const upstream::response_head& head,
                  const result<void>& read, attempt_outcome& outcome);

/// A 2xx answer, likewise.
[[nodiscard]] next_question take_answer(const attempt_setting& in, const conversation& with,
                                        const upstream::response_head& head, const result<void>& read,
                                        attempt_outcome& outcome);

[[nodiscard]] bool is_json(std::string_view content_type);

/// A stream that is labelled as JSON: a stream with the wrong label, or one whole answer. That is given to the client
/// as a stream of one event, where it is a chat or completion; sound and transcripts go out whole.
awaitable<next_question> read_labelled_json(attempt_setting& in, const conversation& with,
                                            std::unique_ptr<upstream::call> call, attempt_outcome& outcome);

}  // namespace spidergate::engine
