#pragma once
#include "attempt.hpp"
#include "stream_relay.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

/// What one call's answer is read with, before it is known what becomes of it.
namespace spidergate::engine {

[[nodiscard]] attempt_outcome failed(failure why);

/// What a connection's failure means now: a stop wins over whatever it caused. `clock` names the clock behind a
/// read_timeout.
[[nodiscard]] failure transport_failure(const attempt_setting& in, error_code code, std::string_view clock);

/// A non-2xx answer.
awaitable<attempt_outcome> read_refusal(attempt_setting& in, const providers::dialect& speaks, upstream::call& call);

/// A 2xx answer, read to its end: the outcome of the attempt, or what is to be asked next. `begin` has been read
/// already.
using whole_reading = std::variant<attempt_outcome, providers::follow_up>;
awaitable<whole_reading> read_answer(attempt_setting& in, const conversation& with, upstream::call& call,
                                     std::string begin = {});

[[nodiscard]] bool is_json(std::string_view content_type);

/// A stream that is labelled as JSON: a stream with the wrong label, or one whole answer. That is given to the client
/// as a stream of one event, where it is a chat or completion; sound and transcripts go out whole.
awaitable<whole_reading> read_labelled_json(attempt_setting& in, const conversation& with,
                                            std::unique_ptr<upstream::call> call);

}  // namespace spidergate::engine
