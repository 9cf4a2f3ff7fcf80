#pragma once
#include "attempt.hpp"
#include "stream_relay.hpp"

#include <memory>
#include <string_view>

/// What one call's answer is read with, before it is known what becomes of it.
namespace spidergate::engine {

/// What a connection's failure means now: a stop wins over whatever it caused. `clock` names the clock behind a
/// read_timeout.
[[nodiscard]] failure transport_failure(const attempt_setting& in, error_code code, std::string_view clock);

/// What a call's answer wants to be asked next; null when the outcome says all there is to say.
using next_question = std::unique_ptr<providers::follow_up>;

/// A non-2xx answer.
awaitable<next_question> read_refusal(attempt_setting& in, const conversation& with, upstream::call& call,
                                      attempt_outcome& outcome);

/// A 2xx answer, read to its end. What has been read already stands in outcome.bytes.
awaitable<next_question> read_answer(attempt_setting& in, const conversation& with, upstream::call& call,
                                     attempt_outcome& outcome);

[[nodiscard]] bool is_json(std::string_view content_type);

/// A stream that is labelled as JSON: a stream with the wrong label, or one whole answer. That is given to the client
/// as a stream of one event, where it is a chat or completion; sound and transcripts go out whole.
awaitable<next_question> read_labelled_json(attempt_setting& in, const conversation& with,
                                            std::unique_ptr<upstream::call> call, attempt_outcome& outcome);

}  // namespace spidergate::engine
